"""A world as a tuple of small numbers that stand for its parts, so that millions of them fit and compare quickly."""

from collections.abc import Hashable
from typing import Any, NamedTuple

from tools.pump_model.device import Grant, Stop
from tools.pump_model.setting import Faults


class World(NamedTuple):
    """Numbers of the parts; `phase` is that of the slow clock's pattern."""

    server: int
    first: int
    second: int
    to_first: int
    to_second: int
    faults: Faults
    phase: int


class Parts:
    """Numbers for equal parts."""

    def __init__(self) -> None:
        self._numbers: dict[Hashable, int] = {}
        self._parts: list[Any] = []

    def number(self, part: Hashable) -> int:
        found = self._numbers.get(part)
        if found is None:
            found = self._numbers[part] = len(self._parts)
            self._parts.append(part)
        return found

    def part(self, number: int) -> Any:
        return self._parts[number]


class Bill(NamedTuple):
    """What the server charges a run, in ticks (rounded up), and in which boots."""

    run: int
    device: int
    amount: int
    charged: int
    boots: tuple[tuple[int, int], ...]


class Facts(NamedTuple):
    """What is true of a device, whatever anybody knows: how long each run was ON, in all boots and in this one."""

    boot: int
    on: bool
    totals: dict[int, int]
    ran: dict[int, int]
    fault: str | None


Messages = tuple[tuple[int, Grant | Stop], ...]
Reaction = tuple[int, Messages, tuple[int, ...]]
"""The server after a step, what it sends to which motor, and by how much it raised each fence."""
