"""Safe mode: nothing is switched and nothing is measured; the controller says so, and takes commands to be repaired.

After ten minutes it tries once more.
"""

import asyncio

from core import ticks
from core.commands import Commands
from core.config import on_wire
from core.link import Link
from core.mqtt import MqttError
from core.safe_mode import AGAIN_AFTER_MS

STATE_EVERY_MS = 5_000


class RepairNode:
    def __init__(self, parts) -> None:
        self._parts, self._config = parts, parts.config
        self._boot_id = parts.keys.count_up("boot_id")
        self.link = Link(parts.config, parts.wifi, parts.clock, self._heard)
        self.commands = Commands(parts.config, parts.keys, self.link, self)
        self._seq = 0

    async def run(self) -> None:
        await asyncio.gather(self.link.keep(), self.commands.run(), self._report())

    def is_good(self) -> bool:
        """Whether a new firmware has proven itself: connected, and heard."""
        return self.link.is_up() and self._seq > 1

    def is_busy(self) -> bool:
        return False

    def settings_changed(self, settings: dict, pins_changed: bool) -> None:
        """They are stored; the next boot uses them."""

    def identify(self) -> None:
        self._parts.led.set(True)

    def restart(self) -> None:
        self._parts.restart()

    async def update(self, message: dict) -> None:
        self._parts.take_on_update(message)
        self._parts.restart()

    def _heard(self, leaf, message, retained) -> None:
        if leaf == "cmd":
            self.commands.take(message, retained)

    async def _report(self) -> None:
        clock = self._parts.clock
        while clock.up_ms() < AGAIN_AFTER_MS:
            if self.link.is_up():
                self._seq += 1
                state = {"boot_id": self._boot_id, "seq": self._seq, "safe_mode": True}
                state.update(self._parts.about())
                state["settings"], state["settings_version"] = on_wire(self._config.settings), self._config.version
                try:
                    await self.link.send("state", state)
                except MqttError as error:
                    print("state not sent:", error)
            await ticks.sleep_ms(STATE_EVERY_MS)
        self._parts.restart()
