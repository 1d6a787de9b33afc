"""The test that a new firmware has to pass within some minutes, or the old one comes back."""

from core import ticks

WITHIN_MS = 300_000
LOOK_MS = 1_000


async def run(slots, clock, is_good, is_busy, restart) -> None:
    """Accepts what runs as soon as `is_good()`. If it isn't by then, goes back and restarts, once not `is_busy()`.

    Does nothing when nothing is on trial. `is_good` means the whole way: connected, and the server has answered.
    """
    if not slots.is_on_trial():
        return
    until_ms = clock.up_ms() + WITHIN_MS
    while clock.up_ms() < until_ms:
        if is_good():
            slots.accept()
            return
        await ticks.sleep_ms(LOOK_MS)
    while is_busy():
        await ticks.sleep_ms(LOOK_MS)
    slots.go_back()
    restart()
