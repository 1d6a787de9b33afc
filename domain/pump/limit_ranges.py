"""Between what a tenant may set each limit of its pumps, and how limits must stand to each other."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from domain.pump.limits import HOUR_MS, MINUTE_MS, PumpLimits

DAY_MS = 24 * HOUR_MS

RANGES: Mapping[str, tuple[int, int]] = {
    "minimum_run_s": (1, 12 * 3600),
    "longest_run_s": (60, 24 * 3600),
    "line_max": (1, 2_000),
    "wait_limit_ms": (10 * MINUTE_MS, 7 * DAY_MS),
    "start_timeout_ms": (5_000, 5 * MINUTE_MS),
    "off_time_max_ms": (0, HOUR_MS),
    "silent_after_ms": (15_000, 5 * MINUTE_MS),  # three reports of a controller; and a lease
    "stable_for_ms": (0, 10 * MINUTE_MS),
    "restart_spread_ms": (0, 10 * MINUTE_MS),
    "slot_kept_ms": (0, HOUR_MS),
    "own_hold_limit_ms": (MINUTE_MS, DAY_MS),
    "grid_hold_limit_ms": (MINUTE_MS, 7 * DAY_MS),
    "settle_within_ms": (10_000, HOUR_MS),
    "stop_repeat_ms": (250, 10_000),
}
"""By the names of `PumpLimits`, whole numbers in its units. The lease is not the tenant's to set."""


class LimitFault(StrEnum):
    TOO_SMALL = "too_small"
    TOO_LARGE = "too_large"
    ABOVE_LONGEST = "above_longest"
    """The shortest turn is longer than the longest."""
    SLOT_BEYOND_HOLD = "slot_beyond_hold"
    """The slot would be kept for longer than a turn may stand still."""


def faults(said: Mapping[str, int]) -> dict[str, LimitFault]:
    """What is wrong with limits that a tenant wants, by name; what is not said is as it is by default."""
    found: dict[str, LimitFault] = {}
    for name, value in said.items():
        least, most = RANGES[name]
        if not least <= value <= most:
            found[name] = LimitFault.TOO_SMALL if value < least else LimitFault.TOO_LARGE
    given: dict[str, Any] = dict(said)
    limits = PumpLimits(**given)
    if limits.minimum_run_s > limits.longest_run_s:
        found.setdefault("minimum_run_s", LimitFault.ABOVE_LONGEST)
    if limits.slot_kept_ms > limits.own_hold_limit_ms:
        found.setdefault("slot_kept_ms", LimitFault.SLOT_BEYOND_HOLD)
    return found
