"""An update survives a power cut between any two of its writes: what runs afterwards is whole, and what is said of it
is true.
"""

import asyncio
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from tests.firmware.by_path import pure

CUTS = range(12)
"""Writes of NVS that an update has time for before the power goes; the longest story has fewer."""
COMMAND = {"id": "c-1", "version": "2.0.0", "url": "/f", "size": 1, "sha256": ""}


class PowerCut(BaseException):
    """No `except Exception` notices one either."""


@dataclass
class Chip:
    """NVS as ESP-IDF keeps it: each value is written whole at once, and a commit adds nothing to that."""

    values: dict[str, Any] = field(default_factory=dict)
    writes_left: int = 1_000

    def write(self, name: str, value: Any) -> None:
        if not self.writes_left:
            raise PowerCut
        self.writes_left -= 1
        self.values[name] = value

    # As esp32.NVS, for slots.

    def set_i32(self, name: str, value: int) -> None:
        self.write(f"slots.{name}", value)

    def get_i32(self, name: str) -> int:
        try:
            return int(self.values[f"slots.{name}"])
        except KeyError:
            raise OSError from None

    def commit(self) -> None:
        """Nothing waits."""

    # As hal.storage.Keys.

    def get(self, name: str, default: Any = None) -> Any:
        return self.values.get(name, default)

    def set(self, name: str, value: Any) -> None:
        self.write(name, value)

    def delete(self, name: str) -> None:
        if name in self.values:
            self.write(name, None)
            del self.values[name]


@dataclass
class Device:
    """A controller that runs version 1 from `a`, boots as main.py does, and tells what it has to tell."""

    chip: Chip
    slots: ModuleType
    updates: ModuleType
    new_is_good: bool
    told: list[tuple[str, str]] = field(default_factory=list)

    async def boot(self) -> None:
        """One start, until the node has said everything, crashed, or restarted."""
        slots = self.slots.Slots()
        slots.enter()
        sys.path.pop(0)
        if self.chip.get("update"):
            await self.updates.bring_in(SimpleNamespace(keys=self.chip, config=SimpleNamespace(kind="pit")), WATCHDOG)
        elif self.runs == "b" and not self.new_is_good:
            return  # it crashes
        else:
            await self.updates.prove(SimpleNamespace(keys=self.chip, clock=CLOCK, restart=_never), self._node())

    def _node(self) -> SimpleNamespace:
        return SimpleNamespace(
            link=SimpleNamespace(is_up=lambda: True),
            commands=SimpleNamespace(ack=lambda *said: self.told.append(said)),
            is_good=lambda: True,
            is_busy=lambda: False,
        )

    @property
    def runs(self) -> str:
        return str(self.slots.Slots().running())[-1]


CLOCK = SimpleNamespace(up_ms=lambda: 0)
WATCHDOG = SimpleNamespace(expect=lambda ms: None, feed=lambda: None)


def _never() -> None:
    raise AssertionError("it need not restart")


@pytest.fixture
def chip(monkeypatch: pytest.MonkeyPatch) -> Iterator[Chip]:
    made = Chip()
    esp32 = ModuleType("esp32")
    esp32.NVS = lambda namespace: made  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "esp32", esp32)
    for name in ("slots", "nodes.updates"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    yield made
    for name in ("slots", "nodes.updates"):
        sys.modules.pop(name, None)


@pytest.fixture
def device(chip: Chip, monkeypatch: pytest.MonkeyPatch) -> Device:
    """With an update taken on, whose download always succeeds."""
    slots, updates = pure("slots"), pure("nodes.updates")

    async def door(parts: object, address: str) -> None:
        """Nothing is downloaded here."""

    async def take(self: object, message: object) -> None:
        """The folder is written and checked."""

    monkeypatch.setattr(updates, "_door", door)
    monkeypatch.setattr(updates.Updater, "take", take)
    chip.values["update"] = COMMAND
    return Device(chip, slots, updates, new_is_good=True)


async def lives_through_a_cut(device: Device, writes: int) -> bool:
    """Boots until the power goes after so many writes, then ten times more with power; returns whether it went."""
    device.chip.writes_left = writes
    was_cut = False
    for _ in range(6):
        try:
            await device.boot()
        except PowerCut:
            was_cut = True
            break
    device.chip.writes_left = 1_000
    for _ in range(10):
        await device.boot()
    return was_cut


@pytest.mark.parametrize("writes", CUTS)
async def test_a_good_update_is_whole_or_is_not_there(device: Device, writes: int) -> None:
    await lives_through_a_cut(device, writes)
    assert device.slots.Slots().is_settled()
    if device.runs == "b":
        assert device.told == [], "it runs, so nobody is told that it was refused"
    else:
        assert device.told in ([], [("c-1", "download_failed")])


@pytest.mark.parametrize("writes", CUTS)
async def test_a_bad_update_never_stays(device: Device, writes: int) -> None:
    device.new_is_good = False
    await lives_through_a_cut(device, writes)
    assert device.runs == "a"
    assert device.slots.Slots().is_settled()
    assert set(device.told) <= {("c-1", "download_failed"), ("c-1", "rolled_back")}
    assert device.told, "the server hears of it"


@pytest.mark.parametrize("good", [True, False])
async def test_the_longest_story_is_over_before_the_last_cut(device: Device, good: bool) -> None:
    device.new_is_good = good
    assert not await lives_through_a_cut(device, len(CUTS))


async def test_a_refusal_that_power_left_standing_holds_up_no_trial(device: Device, chip: Chip) -> None:
    """The new firmware never gets a connection: it has to go back all the same."""
    chip.values["update_no"] = ["c-1", "download_failed"]
    slots = device.slots.Slots()
    slots.try_other()
    went: list[bool] = []
    late = iter([0, 10**9])
    node = SimpleNamespace(link=SimpleNamespace(is_up=lambda: False), is_good=lambda: False, is_busy=lambda: False)
    clock = SimpleNamespace(up_ms=lambda: next(late))
    parts = SimpleNamespace(keys=chip, clock=clock, restart=lambda: went.append(slots.went_back()))
    proving = asyncio.create_task(device.updates.prove(parts, node))
    async with asyncio.timeout(60):
        while not went:
            await asyncio.sleep(0.01)
    proving.cancel()
    assert went == [True] and device.runs == "a"
