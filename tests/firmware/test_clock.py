"""Where a controller has its time from, and that it keeps it for months."""

import asyncio
import sys
from types import ModuleType

import pytest

from tests.firmware.by_path import pure

HOUR_MS = 3_600_000


class Ntp(ModuleType):
    """As ntptime. `answers`: the hosts that do."""

    def __init__(self, *answers: str) -> None:
        super().__init__("ntptime")
        self.answers, self.asked, self.host = answers, list[str](), ""

    def settime(self) -> None:
        self.asked.append(self.host)
        if self.host not in self.answers:
            raise OSError("ETIMEDOUT")


@pytest.mark.parametrize(
    ("answers", "asked", "is_set"),
    [
        (["pits.local", "pool.ntp.org"], ["pits.local"], True),
        (["pool.ntp.org"], ["pits.local", "pool.ntp.org"], True),
        ([], ["pits.local", "pool.ntp.org"], False),
    ],
)
def test_a_workshop_without_internet_has_its_time_from_pitpilots_own_machine(
    monkeypatch: pytest.MonkeyPatch, answers: list[str], asked: list[str], is_set: bool
) -> None:
    ntp = Ntp(*answers)
    monkeypatch.setitem(sys.modules, "ntptime", ntp)
    monkeypatch.setitem(sys.modules, "network", ModuleType("network"))
    assert pure("hal.wifi").set_clock("pits.local") is is_set
    assert ntp.asked == asked


class Life:
    """Hours that go by in a moment. `busy_until_ms`: until then a motor is ON."""

    def __init__(self, hours: float, busy_until_ms: int = 0) -> None:
        self.now_ms, self.end_ms, self.busy_until_ms = 0, int(hours * HOUR_MS), busy_until_ms
        self.set_at: list[int] = []

    def up_ms(self) -> int:
        return self.now_ms

    def is_busy(self) -> bool:
        return self.now_ms < self.busy_until_ms

    def set_clock(self) -> None:
        assert not self.is_busy()
        self.set_at.append(self.now_ms // HOUR_MS)

    async def sleep_ms(self, ms: int) -> None:
        self.now_ms += ms
        if self.now_ms > self.end_ms:
            raise asyncio.CancelledError


@pytest.mark.parametrize(("life", "set_at"), [(Life(25), [6, 12, 18, 24]), (Life(15, 9 * HOUR_MS), [9, 15])])
async def test_the_clock_is_set_every_few_hours_but_never_while_a_motor_is_on(
    monkeypatch: pytest.MonkeyPatch, life: Life, set_at: list[int]
) -> None:
    keeper = pure("nodes.clock")
    monkeypatch.setattr(keeper.ticks, "sleep_ms", life.sleep_ms)
    with pytest.raises(asyncio.CancelledError):
        await keeper.keep_clock(life, life.is_busy, life.set_clock)
    assert life.set_at == set_at
