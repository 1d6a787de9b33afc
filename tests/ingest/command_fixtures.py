"""A broker, an ingest process with short waits, and a device, for tests of commands. Import all four."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import pytest

from actions import command_progress
from tests.conftest import World
from tests.ingest.command_device import CommandDevice
from tests.ingest.command_parts import Office, office
from tests.private_mosquitto import PrivateMosquitto

__all__ = ["broker", "device", "place", "quick"]


@pytest.fixture
def broker() -> Iterator[PrivateMosquitto]:
    with PrivateMosquitto() as broker:
        yield broker


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command_progress, "SEND_AGAIN_AFTER", timedelta(seconds=0.3))
    monkeypatch.setattr("ingest.commander.LOOK_EVERY_S", 0.1)
    monkeypatch.setattr("ingest.commander.LACKING_EVERY_S", 0.1)
    monkeypatch.setattr("ingest.presence.WRITE_EVERY_S", 0.1)


@pytest.fixture
async def place(world: World, broker: PrivateMosquitto) -> AsyncIterator[Office]:
    async with office(broker.port) as opened:
        yield opened


@pytest.fixture
def device(world: World, broker: PrivateMosquitto) -> CommandDevice:
    return CommandDevice(world.here, broker.port)
