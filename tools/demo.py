"""The demo: three tenants with people, pits, motors, devices, jobs and a month of past, and who runs the platform, made
once on an empty database; and the virtual devices that go on where the past ends.

Passwords are generated and kept in the data folder, so that later starts show the same ones.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy import text

from actions.silent import check_silence
from ingest.broker_address import BrokerAddress
from storage import partitions
from storage.session import EVERY_TENANT, transaction
from storage.tables import Device, DevicePresence, FilmProfile, LimitsRow, Membership, Person, Pit, Tenant
from tests.virtual.fleet import load
from tools import demo_files
from tools.demo_cameras import run_cameras
from tools.demo_cast import CAST, NOTES
from tools.demo_files import FLEET, DemoRefused, Login
from tools.demo_fleet import Fleet
from tools.demo_jobs import add_jobs
from tools.demo_make import Made
from tools.demo_passports import add_passports
from tools.demo_past import note_past_alerts, write_past
from tools.demo_photos import add_photos
from tools.demo_pumps import add_pumps, load_motors, write_boards

__all__ = ["Demo", "DemoRefused", "Login", "seed"]

SOLD_BEFORE = timedelta(days=3)
SEED_LOCK = 7_401_007  # advisory lock: any number that nothing else here uses
_TABLES = (Tenant, Person, Membership, FilmProfile, LimitsRow, Pit, Device, DevicePresence)  # referred-to ones first


@dataclass(frozen=True, slots=True)
class Demo:
    """People's logins, and the folder with the devices' cards."""

    logins: tuple[Login, ...]
    data: Path

    def broker_users(self) -> dict[str, str]:
        """The devices' passwords at the broker, by name; also of those that are switched off."""
        pits = {card.device: card.password for card in load(self.data / FLEET)}
        return pits | {card.device: card.password for card in load_motors(self.data)}

    async def run_fleet(self, device_address: Callable[[str], BrokerAddress]) -> Callable[[], Awaitable[None]]:
        """Starts the virtual devices where `device_address` says that they connect; returns what stops them."""
        address = device_address(next(iter(self.broker_users())))
        broker, cards = f"mqtt://{address.host}:{address.port}", str((self.data / FLEET).resolve())
        boards = await asyncio.to_thread(write_boards, self.data, address.host, address.port)
        pits = Fleet("tools.virtual_pits", "--broker", broker, "--fleet", cards)
        motors = Fleet("tools.virtual_firmware", "--boards", str(boards.resolve()))
        await asyncio.gather(pits.start(), motors.start())

        async def stop() -> None:
            await asyncio.gather(pits.stop(), motors.stop())

        return stop

    async def run_cameras(self) -> Callable[[], Awaitable[None]]:
        """Starts the virtual cameras; returns what stops them."""
        return await run_cameras(self.data)


async def seed(now: datetime, data: Path) -> Demo:
    """Makes the demo in an empty database; on a database that has it, changes nothing and returns the same logins.

    Raises:
        DemoRefused: the database holds other tenants, or the demo's files are gone.
    """
    async with transaction(EVERY_TENANT) as tx:
        await tx.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": SEED_LOCK})  # one process makes it
        if tenants := set((await tx.execute(text("SELECT id FROM tenant"))).scalars()):
            return await asyncio.to_thread(_made_before, data, tenants)
        made = Made(now)
        for part in CAST:
            await made.add_tenant(part)
        # Before the commit: a demo whose passwords nobody knows would be worse than files without a demo.
        cards, motors = [asdict(card) for card in made.cards], [asdict(card) for card in made.motors]
        await asyncio.to_thread(demo_files.write, data, list(made.staff), made.logins, cards, motors)
        await partitions.make_partitions(tx, now)
        for table in _TABLES:
            tx.add_all(row for row in made.rows if isinstance(row, table))
            await tx.flush()
        await tx.execute(text("UPDATE device SET credential = 'password', claimed_at = created_at"))  # on the cards
        await add_pumps(tx, made.motors, made.sold, now - SOLD_BEFORE)
        await write_past(tx, made.pits, now)
        await add_jobs(tx, made.staff, now)
        await note_past_alerts(tx, made.staff, NOTES)
    await check_silence(now, listening_since=now - timedelta(hours=1))
    await add_photos(made.staff, now)
    await add_passports(made.pits, now)
    return Demo(tuple(made.logins), data)


def _made_before(data: Path, tenants: set[UUID]) -> Demo:
    ours, logins = demo_files.read(data)
    if not ours <= tenants:
        raise DemoRefused("The database has tenants of its own: the demo needs an empty one. Start without the demo.")
    return Demo(logins, data)
