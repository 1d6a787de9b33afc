"""What one search looks at: who waits, what may go wrong, how much is under way."""

from typing import NamedTuple

from tools.pump_model.device import Rules
from tools.pump_model.network import Capacity

NAMES = ("A", "B")


class Faults(NamedTuple):
    """What may still go wrong."""

    reboots: tuple[int, int] = (0, 0)
    """Of each controller."""
    cuts: int = 0
    """Of controller A's grid; it returns at any time."""
    restarts: int = 0
    stops: int = 0
    """By the member of the first run."""


class Setting(NamedTuple):
    """What one search looks at."""

    line: tuple[tuple[str, int], ...] = (("A", 2), ("B", 1))
    """Who waits: (motor, seconds)."""
    faults: Faults = Faults()
    rules: Rules = Rules()
    capacity: Capacity = Capacity()
    jumps_ms: tuple[int, ...] = (0,)
    """How far ahead the clock of a new server process may be."""
    restores: bool = False
    """Whether a new server process may begin with an old backup: it remembers less, and lower fences. Then money is
    as old as the backup, and only what happens at the motors counts as bad.
    """
    silence_counts: bool = False
    """Whether a motor that isn't heard for three ticks is put on HOLD."""
    only_physical: bool = False
    """Only what happens at motors and to money counts as bad, not what the server's own invariants say of it."""
    slow: tuple[bool, ...] = (True, True, False)
    """The pattern of ticks that controller A's clock counts: the slowest that the lease allows for. B's is exact."""
