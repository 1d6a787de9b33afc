"""The pump node: a motor under a lease, its inputs, a card reader; over MQTT."""

import asyncio
import random

from core import ticks
from core.commands import Commands
from core.config import on_wire
from core.events import Events
from core.guard import Guard
from core.link import Link
from core.mqtt import MqttError
from hal.watchdog import Watchdog
from hal.wifi import set_clock
from nodes.clock import keep_clock
from nodes.wiring import Lamp, card_reader, current_sensor, motor_wiring

STATE_SPACING_MS = 250
LOOK_MS = 20
CARD_EVERY_MS = 200
CARD_AGAIN_MS = 5_000  # after the reader didn't answer
CURRENT_EVERY_MS = 200


class PumpNode:
    """Over whatever `LINK` is: core.link.Link, or the like of it."""

    LINK = Link

    def __init__(self, parts) -> None:
        """`parts` as nodes.parts gathers them. Counts this boot."""
        config, clock = parts.config, parts.clock
        pins = config.settings["pins"]
        boot_id = parts.keys.count_up("boot_id")
        self.guard = Guard(
            clock, motor_wiring(pins), Watchdog(), boot_id, config.settings,
            self._link_is_up, random.randint, parts.cause == "power",
        )  # fmt: skip
        may_connect = self.guard.is_released
        self.link = self.LINK(config, parts.wifi, clock, self._heard, self._link_up, self._link_down, may_connect)
        self.commands = Commands(config, parts.keys, self.link, self)
        self.events = Events(boot_id, clock)
        self._parts, self._config, self._clock = parts, config, clock
        self._cards, self._current = card_reader(pins), current_sensor(config.settings)
        self._lamp = Lamp(parts.led)
        self._seq = 0
        self._settings_due = True
        self._restart_due = False

    async def run(self) -> None:
        """Everything at once; ends only by an exception, and then the motor is OFF."""
        try:
            await asyncio.gather(
                self.guard.run(), self.link.keep(), self._report(), self.commands.run(), self._send_events(),
                self._watch_cards(), self._watch_current(), self._lamp.run(),
                keep_clock(self._clock, self.is_busy, self._set_clock),
            )  # fmt: skip
        finally:
            self.guard.give_up()

    # What Commands asks of a node.

    def is_busy(self) -> bool:
        return not self.guard.is_off()

    def is_good(self) -> bool:
        """Whether a new firmware has shown that it works: the server has heard it and said so, here by confirming an
        event. The guard is running, or nobody would be asked.
        """
        if not self.events.confirmed and not self.events.waiting:
            self.events.add("trial", {})
        return self.events.confirmed > 0

    def settings_changed(self, settings: dict, pins_changed: bool) -> None:
        self.guard.use(settings)
        self._settings_due = True
        self._restart_due = self._restart_due or pins_changed
        self.guard.changed.set()

    def identify(self) -> None:
        self._lamp.blink()

    def restart(self) -> None:
        """Restarts the controller; only ever asked for while the motor is OFF."""
        self._parts.restart()

    async def update(self, message: dict) -> None:
        self._parts.take_on_update(message)
        self.restart()

    # The connection.

    def _link_is_up(self) -> bool:
        return self.link.is_up()

    def _link_up(self) -> None:
        self.events.send_again()
        self.guard.changed.set()

    def _link_down(self, reason: str) -> None:
        self.guard.step(self._clock.now())

    def _heard(self, leaf: str, message: dict, retained: bool) -> None:
        if leaf == "got":
            self.events.committed(message)
        elif message.get("kind") == "run":
            self._answer(message, self.guard.grant(message, retained))
        elif message.get("kind") == "stop":
            self._answer(message, self.guard.stop(message, retained))
        else:
            self.commands.take(message, retained)

    def _answer(self, message, reason) -> None:
        if isinstance(message.get("id"), str):
            self.commands.ack(message["id"], reason)

    def _set_clock(self) -> None:
        set_clock(self._config.host)

    # What runs beside the guard.

    async def _report(self) -> None:
        """A state every interval, and soon after something that it says has changed."""
        sent_at = None  # over this connection
        while True:
            if not self.link.is_up():
                sent_at = None
            if not self.link.is_up() or not self._is_state_due(sent_at):
                await ticks.sleep_ms(LOOK_MS)
                continue
            sent_at = self._clock.now()
            self.guard.changed.clear()
            try:
                await self.link.send("state", self._state())
                self._settings_due = False
            except MqttError as error:
                print("state not sent:", error)
            self._parts.tidy()
            if self._restart_due and self.guard.is_off():
                self.restart()

    def _is_state_due(self, sent_at) -> bool:
        if sent_at is None:
            return True
        spacing_ms = STATE_SPACING_MS if self.guard.changed.is_set() else self._config.settings["interval_s"] * 1_000
        return ticks.diff(self._clock.now(), sent_at) >= spacing_ms

    def _state(self) -> dict:
        self._seq += 1
        state = self.guard.state(self._seq)
        state.update(self._parts.about())
        state["late_max_ms"] = self.guard.late_max_ms
        if self._settings_due:
            state["settings"], state["settings_version"] = on_wire(self._config.settings), self._config.version
        return state

    async def _send_events(self) -> None:
        """Cards and faults, until they are committed."""
        fault = None
        while True:
            if self.guard.fault != fault:
                fault = self.guard.fault
                if fault:
                    self.events.add("fault", {"fault": fault, "run_id": self.guard.lease.run_id})
            event = self.events.due() if self.link.is_up() else None
            if event is None:
                await ticks.sleep_ms(LOOK_MS)
                continue
            try:
                await self.link.send("event", event, 1)
            except MqttError as error:
                print("event not sent:", error)

    async def _watch_cards(self) -> None:
        """A card that comes or goes is an event: a request and no more, the server decides."""
        present = None
        while self._cards:
            try:
                card = await self._cards.read()
            except OSError:
                await ticks.sleep_ms(CARD_AGAIN_MS)
                continue
            if card != present:
                if present is not None:
                    self.events.add("card", {"uid": present, "present": False})
                if card is not None:
                    self.events.add("card", {"uid": card, "present": True})
                present = card
            await ticks.sleep_ms(CARD_EVERY_MS)

    async def _watch_current(self) -> None:
        while self._current:
            try:
                ma = await self._current.read_ma()
            except OSError:
                ma = None
            self.guard.protection.current_measured(ma, self._clock.now())
            await ticks.sleep_ms(CURRENT_EVERY_MS)
