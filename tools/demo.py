"""The demo: three tenants with people, pits, devices and a month of past, made once on an empty database, and the
virtual devices that go on where the past ends.

Passwords are generated and kept in the data folder, so that later starts show the same ones.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy import text
from sqlmodel import SQLModel

from actions.passwords import hashed
from actions.silent import check_silence
from domain.access import Role
from domain.limits import FILM_PROFILES, Origin
from ingest.broker_address import BrokerAddress
from storage import partitions
from storage.session import EVERY_TENANT, transaction
from storage.tables import Device, DevicePresence, FilmProfile, LimitsRow, Membership, Person, Pit, Tenant
from tests.virtual.climate import Room
from tests.virtual.fleet import Card, load
from tests.virtual.script import ROLES
from tools import demo_files
from tools.demo_cast import CAST, NOTES, DevicePart, PersonPart, PitPart
from tools.demo_files import FLEET, DemoRefused, Login
from tools.demo_fleet import Fleet
from tools.demo_past import PastPit, note_past_alerts, write_past

__all__ = ["Demo", "DemoRefused", "Login", "seed"]

SEED_LOCK = 7_401_003  # advisory lock: any number that nothing else here uses
_TABLES = (Tenant, Person, Membership, FilmProfile, LimitsRow, Pit, Device, DevicePresence)  # referred-to ones first
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that looks like another


@dataclass(frozen=True, slots=True)
class Demo:
    """People's logins, and the file with the devices' cards."""

    logins: tuple[Login, ...]
    fleet: Path

    def broker_users(self) -> dict[str, str]:
        """The devices' passwords at the broker, by name; also of those that are switched off."""
        return {card.device: card.password for card in load(self.fleet)}

    async def run_fleet(self, device_address: Callable[[str], BrokerAddress]) -> Callable[[], Awaitable[None]]:
        """Starts the virtual devices where `device_address` says that they connect; returns what stops them."""
        address = device_address(next(iter(self.broker_users())))
        fleet = Fleet(self.fleet, address.host, address.port)
        await fleet.start()
        return fleet.stop


@dataclass(slots=True)
class _Made:
    """What becomes of the cast while it is written."""

    logins: list[Login] = field(default_factory=list)
    cards: list[Card] = field(default_factory=list)
    pits: list[PastPit] = field(default_factory=list)
    staff: dict[UUID, list[UUID]] = field(default_factory=dict)
    rows: list[SQLModel] = field(default_factory=list)


async def seed(now: datetime, data: Path) -> Demo:
    """Makes the demo in an empty database; on a database that has it, changes nothing and returns the same logins.

    Raises:
        DemoRefused: the database holds other tenants, or the demo's files are gone.
    """
    async with transaction(EVERY_TENANT) as tx:
        await tx.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": SEED_LOCK})  # one process makes it
        if tenants := set((await tx.execute(text("SELECT id FROM tenant"))).scalars()):
            return await asyncio.to_thread(_made_before, data, tenants)
        made = await _make(now)
        # Before the commit: a demo whose passwords nobody knows would be worse than files without a demo.
        cards = [asdict(card) for card in made.cards]
        await asyncio.to_thread(demo_files.write, data, list(made.staff), made.logins, cards)
        await partitions.make_partitions(tx, now)
        for table in _TABLES:
            tx.add_all(row for row in made.rows if isinstance(row, table))
            await tx.flush()
        await write_past(tx, made.pits, now)
        await note_past_alerts(tx, made.staff, NOTES)
    await check_silence(now, listening_since=now - timedelta(hours=1))
    return Demo(tuple(made.logins), data / FLEET)


def _made_before(data: Path, tenants: set[UUID]) -> Demo:
    ours, logins = demo_files.read(data)
    if not ours <= tenants:
        raise DemoRefused("The database has tenants of its own: the demo needs an empty one. Start without the demo.")
    return Demo(logins, data / FLEET)


async def _make(now: datetime) -> _Made:
    """Draws passwords and ids for the whole cast; nothing is written yet."""
    made = _Made()
    for part in CAST:
        tenant = Tenant(name=part.name, has_workshop=part.has_workshop, has_pump=part.has_pump, created_at=_born(now))
        made.rows.append(tenant)
        made.staff[tenant.id] = []
        for person in part.people:
            made.logins.append(await _make_person(made, tenant, person, now))
        films = _make_films(made, tenant) if part.has_workshop else {}
        for position, pit in enumerate(part.pits, start=1):
            _make_pit(made, tenant, pit, position, films, now)
    return made


async def _make_person(made: _Made, tenant: Tenant, part: PersonPart, now: datetime) -> Login:
    password = "-".join(_letters(4) for _ in range(3))
    person = Person(
        login=part.login,
        name=part.name,
        password_hash=await hashed(password),
        language=part.language,
        created_at=_born(now),
    )
    made.rows.append(person)
    made.rows.append(Membership(tenant_id=tenant.id, person_id=person.id, role=part.role, created_at=_born(now)))
    if part.role is Role.STAFF:
        made.staff[tenant.id].append(person.id)
    return Login(tenant.name, part.name, part.role, part.login, password)


def _make_films(made: _Made, tenant: Tenant) -> dict[str, UUID]:
    """Copies the makers' profiles as the tenant's own data; returns their ids by name."""
    films: dict[str, UUID] = {}
    for name, limits in FILM_PROFILES.items():
        film = FilmProfile(tenant_id=tenant.id, name=name)
        films[name] = film.id
        made.rows.append(film)
        for metric, said in limits.items():
            row = LimitsRow(tenant_id=tenant.id, origin=Origin.FILM, place_id=film.id, metric=metric, **asdict(said))
            made.rows.append(row)
    return films


def _make_pit(made: _Made, tenant: Tenant, part: PitPart, position: int, films: dict[str, UUID], now: datetime) -> None:
    film_id = films[part.film] if part.film else None
    pit = Pit(tenant_id=tenant.id, name=part.name, position=position, film_profile_id=film_id, created_at=_born(now))
    made.rows.append(pit)
    until = now - timedelta(minutes=part.silent_min)
    wet_since_s = None if part.wet_min is None else now.timestamp() - 60 * part.wet_min
    devices = [_make_device(made, tenant, pit, device, part.seed, wet_since_s, now) for device in part.devices]
    if part.silent_min:
        made.rows += [
            DevicePresence(device_id=device, tenant_id=tenant.id, heard_at=until, online=False, boot_id=1)
            for device, _ in devices
        ]
    room = Room(part.seed, any(ROLES[device.role].sprays for device in part.devices), wet_since_s)
    made.pits.append(PastPit(tenant.id, pit.id, room, tuple(devices), until.timestamp()))


def _make_device(
    made: _Made, tenant: Tenant, pit: Pit, part: DevicePart, seed: int, wet_since_s: float | None, now: datetime
) -> tuple[str, str]:
    """Returns the device's id, which nobody can guess from its serial, and the kind of its sensors."""
    id_, name = f"pp-{part.serial}-{_letters(5)}", f"PP-{part.serial}"
    made.rows.append(Device(id=id_, tenant_id=tenant.id, pit_id=pit.id, name=name, created_at=_born(now)))
    made.cards.append(
        Card(
            tenant=str(tenant.id),
            device=id_,
            password=secrets.token_urlsafe(24),
            seed=seed,
            role=part.role,
            sensors=part.sensors,
            boots=1,  # the past was its first
            delay_s=part.delay_s,
            wet_since_s=wet_since_s,
        )
    )
    return id_, part.sensors


def _letters(count: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(count))


def _born(now: datetime) -> datetime:
    return now.astimezone(UTC) - timedelta(days=31)
