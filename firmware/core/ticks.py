"""Milliseconds that wrap, and the clock that everything else is given.

A *tick* is a count of milliseconds modulo 2^29 (6.2 days), so that ticks and their differences stay small integers on
a 32-bit controller. Two ticks can be compared when they are less than half of that, 3.1 days, apart. Whatever may last
longer is either remembered as done or counted by `Clock.up_ms`, which never wraps.

Rules take a tick (`now`) as an argument; only nodes and drivers ask a `Clock`. Tests give their own.
"""

import asyncio
import time

MASK = (1 << 29) - 1
HALF = 1 << 28
FOLD_MS = 60_000


def wrap(ms: int) -> int:
    """A count of milliseconds as a tick."""
    return ms & MASK


def add(tick: int, ms: int) -> int:
    """The tick `ms` later; a negative `ms` is earlier. |ms| < 3.1 days."""
    return (tick + ms) & MASK


def diff(later: int, earlier: int) -> int:
    """Milliseconds from `earlier` to `later`: negative when `later` is in fact the earlier one."""
    return ((later - earlier + HALF) & MASK) - HALF


def is_due(now: int, at: int) -> bool:
    """Whether the moment `at` is reached or passed."""
    return diff(now, at) >= 0


class Clock:
    """The controller's monotonic clock. `source` returns milliseconds of any origin and may wrap at 2^29 or more.

    It must be asked at least once in three days; the guard does so fifty times a second.
    """

    def __init__(self, source=None) -> None:
        self._source = source or _system_ms
        self._folded = self._source() & MASK
        self._up_ms = 0  # until then

    def now(self) -> int:
        """This moment as a tick."""
        tick = self._source() & MASK
        if (tick - self._folded) & MASK >= FOLD_MS:  # seldom: a long time up is no small integer any more
            self._fold(tick)
        return tick

    def up_ms(self) -> int:
        """Milliseconds since this clock was made, at boot. Never wraps."""
        self._fold(self._source() & MASK)
        return self._up_ms

    def _fold(self, tick) -> None:
        self._up_ms += (tick - self._folded) & MASK
        self._folded = tick


def unix_ms() -> int | None:
    """Unix milliseconds when the wall clock was set, by NTP, else None. Never used for leases or money."""
    year = time.gmtime()[0]
    if year < CLOCK_SET_SINCE_YEAR:
        return None
    return time.time_ns() // 1_000_000 + (_EPOCH_2000_MS if time.gmtime(0)[0] == 2000 else 0)


CLOCK_SET_SINCE_YEAR = 2026  # a controller without power for a battery starts in 2000 or 1970
_EPOCH_2000_MS = 946_684_800_000  # MicroPython on ESP32 counts from 2000


async def sleep_ms(ms: int) -> None:
    """Lets the other tasks run for `ms` milliseconds."""
    await asyncio.sleep(ms / 1000)


def _system_ms() -> int:
    return time.monotonic_ns() // 1_000_000


if hasattr(time, "ticks_ms"):  # MicroPython
    _system_ms = time.ticks_ms  # pyright: ignore[reportAttributeAccessIssue]
    sleep_ms = asyncio.sleep_ms  # pyright: ignore[reportAttributeAccessIssue]
