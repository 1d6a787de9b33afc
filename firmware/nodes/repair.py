"""Safe mode: nothing is switched and nothing is measured; the controller says so, and takes commands to be repaired.

After ten minutes it tries once more.
"""

import asyncio

from core import ticks
from core.commands import Commands
from core.config import on_wire
from core.mqtt import MqttError
from core.safe_mode import AGAIN_AFTER_MS
from hal.pins import Input
from hal.watchdog import Watchdog

SAFE_MODE = "safe_mode"
STATE_EVERY_MS = 4_000  # many servers close an HTTP connection that was idle for five seconds
WATCHDOG_MS = 60_000  # name resolution and TLS handshakes block


class RepairNode:
    def __init__(self, parts) -> None:
        self._parts, self._config = parts, parts.config
        self._boot_id = parts.keys.count_up("boot_id")
        self.link = _link_of(parts.config)(parts.config, parts.wifi, parts.clock, self._heard)
        self.commands = Commands(parts.config, parts.keys, self.link, self)
        self._seq = self._fence = 0

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
        if leaf != "cmd":
            return
        if message.get("kind") != "stop":
            self.commands.take(message, retained)
        elif not retained and isinstance(message.get("id"), str) and type(message.get("fence")) is int:
            self._fence = max(self._fence, message["fence"])  # it is OFF; now the next state confirms that
            self.commands.ack(message["id"], None)

    async def _report(self) -> None:
        clock, watchdog = self._parts.clock, Watchdog()
        watchdog.expect(WATCHDOG_MS)
        while clock.up_ms() < AGAIN_AFTER_MS:
            watchdog.feed()
            if self.link.is_up():
                self._seq += 1
                state = {"boot_id": self._boot_id, "seq": self._seq, "safe_mode": True}
                state.update(self._motor())
                state.update(self._parts.about())
                state["settings"], state["settings_version"] = on_wire(self._config.settings), self._config.version
                try:
                    await self.link.send("state", state)
                except MqttError as error:
                    print("state not sent:", error)
            await ticks.sleep_ms(STATE_EVERY_MS)
        self._parts.restart()

    def _motor(self) -> dict:
        """What a state says of a pump's motor, which is not switched here: both outputs are OFF since the boot, and a
        contact of the contactor, where one is wired, says whether that helped.
        """
        if self._config.kind == "pit":
            return {}
        number = self._config.settings["pins"]["feedback"]
        is_on = number is not None and Input(number).is_yes()
        return {"motor_on": is_on, "grid": False, "ready": False, "fence": self._fence, "fault": SAFE_MODE}


def _link_of(config):
    """Imports only what is needed: memory is short."""
    if config.kind == "pump_http":
        from core.http_link import HttpLink

        return HttpLink
    from core.link import Link

    return Link
