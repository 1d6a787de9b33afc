"""What the drivers' tests share: a clock that moves on while a driver waits, and why a reading was refused."""

import asyncio
from typing import Any

import pytest

from tests.firmware.by_path import pure

ticks, fault = pure("core.ticks"), pure("drivers.fault")


class Time:
    """A clock that a test moves, in milliseconds, and that moves on while a driver waits."""

    def __init__(self) -> None:
        self.ms = 0
        self.clock = ticks.Clock(lambda: self.ms)

    async def sleep_ms(self, ms: int) -> None:
        self.ms += ms
        await asyncio.sleep(0)


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    moved = Time()
    monkeypatch.setattr(ticks, "sleep_ms", moved.sleep_ms)
    return moved


async def refused(reading: Any) -> str:
    """Why there was no reading."""
    with pytest.raises(fault.SensorFault) as raised:
        await reading
    return str(raised.value.reason)
