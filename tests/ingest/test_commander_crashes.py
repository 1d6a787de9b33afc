"""The program is killed −9 between a command's saving and its sending, and between its sending and its answer."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.commands import Kind
from tests.conftest import SECRET, World
from tests.ingest.command_device import CommandDevice, does_it, says_nothing
from tests.ingest.command_parts import ask, comes_true, reaches
from tests.ingest.ingest_process import IngestProcess
from tests.ingest.parts import fetch, until
from tests.private_mosquitto import PrivateMosquitto

pytestmark = pytest.mark.long


@pytest.fixture
def broker() -> Iterator[PrivateMosquitto]:
    with PrivateMosquitto() as broker:
        yield broker


@pytest.fixture
def process(world: World, database: str, tmp_path: Path, broker: PrivateMosquitto) -> Iterator[IngestProcess]:
    (tmp_path / "secret").write_text(SECRET.hex())
    (tmp_path / "secret").chmod(0o600)
    program = IngestProcess(tmp_path, database, f"mqtt://ingest:any@127.0.0.1:{broker.port}")
    program.start()
    yield program
    program.kill()


async def _is_known(boot_id: int) -> bool:
    return await fetch("SELECT 1 FROM device_presence WHERE boot_id = :boot", boot=boot_id) != []


async def test_a_command_outlives_the_program(world: World, process: IngestProcess, broker: PrivateMosquitto) -> None:
    device = CommandDevice(world.here, broker.port)
    async with device.connected(says_nothing):
        async with asyncio.timeout(60):
            await comes_true(lambda: _is_known(7))
        process.kill()
        command = await ask(world.here, Kind.RESTART)  # saved, and nobody there to send it
        process.start()
        await until(lambda: bool(device.heard), 60)
        process.kill()  # sent, and nobody there to hear the answer
        await device.answer(id=str(command.id), ok=True)
    async with device.connected(does_it):
        process.start()
        await until(lambda: len(device.heard) >= 2, 60)
        await reaches(command, "done")
    assert {said["id"] for said in device.heard} == {str(command.id)}
    assert process.runs
