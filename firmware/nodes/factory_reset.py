"""The button that makes a controller forget who it is: held for five seconds, while no motor is ON."""

from core import ticks
from core.files import remove_tree
from hal.pins import Input

HELD_MS = 5_000
LOOK_MS = 100
FORGOTTEN = (
    "identity", "server", "wifi", "http_key", "settings", "settings_v", "done_cmds", "clean_ohm",
    "update", "update_no", "update_cmd",
)  # fmt: skip
"""Not the number of boots, which only grows, nor the pins that boot.py must drive OFF."""


async def watch_reset_button(parts, is_busy) -> None:
    """Waits for the button (pressed: low) and forgets; readings that wait to be sent are forgotten too."""
    number = parts.config.settings["pins"]["button"]
    if number is None:
        return
    button, held_ms = Input(number, yes_level=0), 0
    while held_ms < HELD_MS or is_busy():
        await ticks.sleep_ms(LOOK_MS)
        held_ms = held_ms + LOOK_MS if button.is_yes() else 0
    remove_tree("ring")  # first: should power go now, nobody else's server shall get what was measured here
    parts.keys.delete(*FORGOTTEN)
    parts.restart()
