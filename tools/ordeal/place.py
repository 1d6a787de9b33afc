"""Where an ordeal takes place: PostgreSQL, Mosquitto, the program, motors with their boards, and a door for members.

Members ask from this process, as from a second web process: through the database, to whoever leads the pumps.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from actions.announce import hear
from actions.pumps import motors, relay
from ingest.supervisor import Supervisor
from storage import migrate, session
from tests.private_mosquitto import PrivateMosquitto
from tests.pump_parts import Coop, add_motor, make_coop
from tools.bench.product import Product
from tools.bench.rig import Database, Rig
from tools.virtual_board import Board, write_keys

RELAY, OPTO, GRID = 25, 5, 32
MINUTES = 100_000  # more than anybody uses
MOTORS = {"here": ("pump-here", "pump-second"), "there": ("pump-there",)}
"""Of each tenant; the motors of a tenant are one group."""
QUICK = {"min_off_ms": 0, "grid_delay_min_ms": 0, "grid_delay_max_ms": 0, "interval_s": 1, "starts_per_hour": 60}
LIMITS = {"stable_for_ms": 0, "restart_spread_ms": 0, "minimum_run_s": 3}
LEASE_S = 5
POOL = 12


@dataclass
class Place:
    """What stands; `product` is None between its death and its next life."""

    rig: Rig
    folder: Path
    broker: PrivateMosquitto
    database: Database
    role: str
    coops: list[Coop] = field(default_factory=list)
    boards: dict[str, Board] = field(default_factory=dict)
    product: Product | None = None

    async def start_product(self) -> None:
        more = {"PUMP_LEASE_S": str(LEASE_S), "LOG_LEVEL": "info"}
        self.product = await Product.spawn(
            self.folder, database=self.database, broker=self.broker, role=self.role, more=more
        )

    def motors_of(self, coop: Coop) -> tuple[str, ...]:
        return MOTORS[coop.device_id.removeprefix("pump-")]


@contextlib.asynccontextmanager
async def open_place(role: str, members: int) -> AsyncIterator[Place]:
    """Everything runs, and everybody has been heard of, until the end of the block."""
    async with Rig() as rig, contextlib.AsyncExitStack() as stack:
        broker = stack.enter_context(rig.broker())
        database = await rig.database("ordeal")
        session.open(await migrate.prepare(database.owner_url, database.secret), pool_size=POOL)
        stack.push_async_callback(session.close)
        place = Place(rig, rig.folder, broker, database, role)
        for name, devices in MOTORS.items():
            place.coops.append(await _coop(name, devices, members))
        stack.callback(relay.use())
        supervisor, heard = Supervisor(), asyncio.Event()
        supervisor.keep("announcements", lambda: hear(heard.set))
        stack.push_async_callback(supervisor.stop)
        await heard.wait()
        await place.start_product()
        stack.push_async_callback(_stop_product, place)
        for coop in place.coops:
            for device_id in place.motors_of(coop):
                board = place.boards[device_id] = Board(_flash(place, coop, device_id))
                await board.power_on()
                stack.push_async_callback(board.power_off)
        yield place


async def _coop(name: str, devices: tuple[str, ...], members: int) -> Coop:
    coop = await make_coop(name, members=members, minutes=MINUTES)
    said = await motors.change_limits(dict(LIMITS), coop.owner)
    if isinstance(said, str):
        raise RuntimeError(f"the limits were refused: {said}")
    for device_id in devices[1:]:
        await add_motor(coop, device_id)
    return coop


def _flash(place: Place, coop: Coop, device_id: str) -> Path:
    flash = place.folder / device_id
    identity = {"kind": "pump", "tenant": str(coop.tenant_id), "device": device_id, "password": "any"}
    server = {"host": "127.0.0.1", "port": place.broker.port, "tls": False}
    write_keys(flash, {"identity": identity, "server": server, "settings": QUICK, "settings_v": 1})
    return flash


async def _stop_product(place: Place) -> None:
    if place.product is not None:
        await place.product.stop()
