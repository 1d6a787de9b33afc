"""Keeps the wall clock right while a controller stays connected for months: a crystal goes wrong by a second a day."""

from core import ticks

EVERY_MS = 6 * 3_600_000
LOOK_MS = 10_000


async def keep_clock(clock, is_busy, set_clock) -> None:
    """Sets the clock anew every few hours, but never while something is ON: it blocks all tasks. Never returns."""
    due_ms = clock.up_ms() + EVERY_MS
    while True:
        await ticks.sleep_ms(LOOK_MS)
        if clock.up_ms() >= due_ms and not is_busy():
            set_clock()
            due_ms = clock.up_ms() + EVERY_MS
