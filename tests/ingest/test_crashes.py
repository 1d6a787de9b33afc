"""Kill −9 in mid-flow, of each part in turn: what a device was told is safe is there; in the end everything is, once.

Two devices send a hundred readings a second each, one with a clock and one without, and keep what is not confirmed.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from storage import migrate, partitions, session
from storage.embedded import EmbeddedPostgres
from storage.secret import derive, load_or_make
from storage.session import EVERY_TENANT, transaction
from tests.conftest import make_workshop
from tests.ingest.ingest_process import IngestProcess
from tests.ingest.parts import running, stored
from tests.ingest.ring_device import RingDevice
from tests.private_mosquitto import PrivateMosquitto
from tests.storage.embedded_rig import NOT_DURABLE, folder_for_everybody, server_pid

pytestmark = pytest.mark.long

STARTS_WITHIN_S = 60.0
FLOW_S = 0.4  # of readings between two crashes


@dataclass
class Installation:
    """All parts of an installation, running, with its devices."""

    ingest: IngestProcess
    broker: PrivateMosquitto
    cluster: Path
    devices: list[RingDevice]

    async def flows(self) -> None:
        """Waits until every device has heard of readings that it took after this was called."""
        marks = [device.measured for device in self.devices]
        async with asyncio.timeout(STARTS_WITHIN_S):
            while not all(max(d.confirmed, default=0) > m for d, m in zip(self.devices, marks, strict=True)):
                assert self.ingest.runs, self.ingest.log
                await asyncio.sleep(0.02)
        await asyncio.sleep(FLOW_S)

    async def confirmed_is_stored(self) -> None:
        """Asks the database for all that the devices were told is safe."""
        confirmed = [set(device.confirmed) for device in self.devices]
        rows = await stored()
        for device_id, told in zip(("pp-here", "pp-there"), confirmed, strict=True):
            assert told <= {seq for id_, _, seq in rows if id_ == device_id}

    async def everything_is_stored_once(self) -> None:
        """Waits until the devices have nothing left to send, then counts."""
        async with asyncio.timeout(STARTS_WITHIN_S):
            while any(device.waiting for device in self.devices):
                await asyncio.sleep(0.02)
        names = zip(("pp-here", "pp-there"), self.devices, strict=True)
        assert await stored() == [(id_, 1, seq) for id_, device in names for seq in range(1, device.measured + 1)]
        assert all(not device.refused for device in self.devices)


@pytest.fixture
async def installation() -> AsyncIterator[Installation]:
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(folder_for_everybody())
        broker = stack.enter_context(PrivateMosquitto())
        secret = load_or_make(folder / "data")
        server = EmbeddedPostgres(folder / "data" / "postgres", derive(secret, "superuser"), settings=NOT_DURABLE)
        address = await stack.enter_async_context(server)
        superuser_url = address.url("postgres", address.superuser, address.password)
        owner_url = await migrate.make_owned_database(superuser_url, "pitpilot", secret)
        session.open(await migrate.prepare(owner_url, secret), pool_size=2)
        stack.push_async_callback(session.close)
        async with transaction(EVERY_TENANT) as tx:
            await partitions.make_partitions(tx, datetime.now(UTC))
        devices = [
            RingDevice(await make_workshop("here"), broker.port),
            RingDevice(await make_workshop("there"), broker.port, has_clock=False),
        ]
        ingest = IngestProcess(folder / "data", owner_url, f"mqtt://ingest:any@127.0.0.1:{broker.port}")
        stack.callback(ingest.kill)
        ingest.start()
        yield Installation(ingest, broker, folder / "data" / "postgres" / "cluster", devices)


@asynccontextmanager
async def measuring(devices: list[RingDevice]) -> AsyncIterator[None]:
    """Has the devices measure until the end of the block."""

    async def measure_for_ever(device: RingDevice) -> None:
        while True:
            device.measure(5)
            await asyncio.sleep(0.05)

    async with running(*(measure_for_ever(device) for device in devices)):
        yield


async def test_the_program_is_killed_and_then_everything_at_once(installation: Installation) -> None:
    ingest, broker, devices = installation.ingest, installation.broker, installation.devices
    async with running(*(device.run() for device in devices)):
        async with measuring(devices):
            await installation.flows()
            ingest.kill()
            await installation.confirmed_is_stored()
            ingest.start()
            await installation.flows()
            ingest.kill()
            broker.kill()
            os.kill(server_pid(installation.cluster), signal.SIGKILL)
            await asyncio.sleep(FLOW_S)
            broker.start()
            ingest.start()
            await installation.flows()
        await installation.everything_is_stored_once()


async def test_broker_and_database_are_killed_in_turn_while_the_program_lives_on(installation: Installation) -> None:
    broker, devices = installation.broker, installation.devices
    async with running(*(device.run() for device in devices)):
        async with measuring(devices):
            for _ in range(2):
                await installation.flows()
                broker.kill()
                await installation.confirmed_is_stored()
                broker.start()
                await installation.flows()
                os.kill(server_pid(installation.cluster), signal.SIGKILL)  # it is started again by itself
            await installation.flows()
        await installation.everything_is_stored_once()
    assert installation.ingest.runs
