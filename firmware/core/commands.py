"""Commands from the server that are not about the motor's lease: restart, set, identify, update.

Each has an id and expires at a moment of the server's time. A controller whose own clock is not set can't tell, refuses
with "clock", and is asked again. A command that was acknowledged and comes again, even after others, is acknowledged
again and not done again, also after a restart.
"""

import asyncio

from core import ticks
from core.config import ConfigError, save_settings
from core.mqtt import MqttError

ACKS_MAX = 16
ID_MAX = 64
DONE_MAX = 8  # ids that are remembered; the server has at most one open command of each kind
KINDS = ("restart", "set", "identify", "update")


class Commands:
    """`node` has `is_busy() -> bool` (a motor is ON), and what the commands do:

    `settings_changed(settings: dict, pins_changed: bool)`, `identify()`, `restart()`, and
    `async update(message: dict)`, which raises ValueError with the reason when an update is refused.
    """

    def __init__(self, config, keys, link, node) -> None:
        self.lost_acks = 0
        self._config, self._keys, self._link, self._node = config, keys, link, node
        self._acks = []
        self._todo = None
        self._wake = asyncio.Event()

    def take(self, message: dict, retained: bool) -> None:
        """Judges a command at once and acknowledges; what takes long is done by `run`."""
        command_id = message.get("id")
        if not isinstance(command_id, str) or not 0 < len(command_id) <= ID_MAX:
            return
        done = self._keys.get("done_cmds", [])
        if command_id in done:
            self.ack(command_id, None)
            return
        reason = self._refusal(message, retained) or self._begin(message)
        if reason is None:
            self._keys.set("done_cmds", (done + [command_id])[-DONE_MAX:])
        self.ack(command_id, reason)

    def ack(self, command_id: str, reason: str | None) -> None:
        """Says whether something was done: `reason` is None, or why not. Of too many the oldest is lost and counted."""
        if len(self._acks) == ACKS_MAX:
            self._acks.pop(0)
            self.lost_acks += 1
        self._acks.append({"id": command_id, "ok": reason is None, "reason": reason or ""})
        self._wake.set()

    async def run(self) -> None:
        """Sends acknowledgements and does what was asked for. Never returns."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._acks:
                ack = self._acks.pop(0)
                try:
                    await self._link.send("ack", ack, 1)
                except MqttError:
                    self.lost_acks += 1
            if self._todo:
                todo, self._todo = self._todo, None
                await self._do(todo)

    def _refusal(self, message, retained) -> str | None:
        if retained:
            return "retained"
        if message.get("kind") not in KINDS:
            return "unknown"
        expires = message.get("expires")
        if type(expires) not in (int, float):
            return "malformed"
        now_ms = ticks.unix_ms()
        if now_ms is None:
            return "clock"
        if now_ms >= expires * 1_000:
            return "expired"
        if message["kind"] != "identify" and self._node.is_busy():
            return "running"
        return None

    def _begin(self, message) -> str | None:
        kind = message["kind"]
        if kind == "set":
            return self._set(message)
        if kind == "identify":
            self._node.identify()
        elif self._todo:
            return "busy"
        else:
            self._todo = message
        return None

    def _set(self, message) -> str | None:
        given, version = message.get("settings"), message.get("version")
        if not isinstance(given, dict) or type(version) is not int:
            return "malformed"
        if version < self._config.version:
            return "older"
        try:
            settings = save_settings(self._keys, self._config.kind, given, version)
        except (ConfigError, OSError, ValueError) as error:
            return str(error)
        pins_changed = settings["pins"] != self._config.settings["pins"]
        self._config.settings, self._config.version = settings, version
        self._node.settings_changed(settings, pins_changed)
        return None

    async def _do(self, message) -> None:
        if message["kind"] == "restart":
            self._node.restart()
            return
        try:
            await self._node.update(message)
        except (ValueError, OSError) as error:
            self.ack(message["id"], str(error))
