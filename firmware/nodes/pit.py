"""A pit node: measures, keeps what it measured until the server has it, and says how it is.

Readings go to the ring buffer, from there to the broker in order, and leave the ring only when `/got` names them.
Nothing waits for anything else: measuring goes on while the network is away, and sending while a sensor is slow.
"""

import asyncio

from core import payloads, ticks
from core.commands import Commands
from core.config import on_wire
from core.draft import Draft
from core.link import Link
from core.mqtt import MqttError
from core.ring import Ring
from hal.watchdog import Watchdog
from hal.wifi import set_clock
from nodes.air import wired_sensing
from nodes.clock import keep_clock

STATE_EVERY_MS = 5_000
LOOK_MS = 200
LOOK_EVERY_S = 1  # for readings that are due to be sent again
NOTES_EVERY_MS = 3_600_000  # counters that may lose an hour, to spare the flash
IDENTIFY_MS = 10_000
WATCHDOG_MS = 60_000  # a TLS handshake and name resolution block all tasks for seconds
STALLED_MS = 120_000  # beyond the interval: measuring has stopped, and the watchdog shall have its way


class PitNode:
    """`parts`: nodes.parts.NodeParts. The rest has the controller's own as default; a virtual node or a test gives its
    sensors (core.sensing.Sensing), watchdog, folder of the ring, wall clock (Unix ms or None), and way to wait for
    the next reading.
    """

    def __init__(
        self, parts, sensing=None, watchdog=None, folder="ring", wall_ms=ticks.unix_ms, sleep_ms=ticks.sleep_ms,
    ) -> None:  # fmt: skip
        """Counts this boot."""
        self._parts, self._clock, self._config = parts, parts.clock, parts.config
        self._sensing = sensing or wired_sensing(parts)
        self._watchdog = watchdog or Watchdog()
        self._wall_ms, self._sleep_ms = wall_ms, sleep_ms
        self.boot_id = parts.keys.count_up("boot_id")
        self.ring = Ring(folder, self.boot_id, parts.keys.get("spilled", 0))
        self._message = Draft(payloads.MESSAGE_BYTES_MAX)
        self.link = Link(parts.config, parts.wifi, parts.clock, self._heard, self._up)
        self.commands = Commands(parts.config, parts.keys, self.link, self)
        self.refused_got = 0  # messages on `/got` that are none
        self._was_heard = False  # the server has committed a reading of this boot
        self._seq = 0
        self._said: list = []  # of what is worth saying, the latest
        self._news = asyncio.Event()  # something may be due to be sent
        self._measured_ms = 0
        self._identify_until = 0
        self._leaving = None  # the task that restarts
        self._old_boot = (0, 0)  # an earlier boot, and its clock at its end

    async def run(self) -> None:
        """Lives until something breaks, which it raises; whoever started it restarts the controller. What was measured
        is on flash then.
        """
        self._watchdog.expect(WATCHDOG_MS)
        try:
            await asyncio.gather(
                self.link.keep(), self._measure(), self._tell(), self._report(), self.commands.run(),
                self._keep_house(), keep_clock(self._clock, self.is_busy, self._set_clock),
            )  # fmt: skip
        except Exception:
            self.ring.flush()
            raise

    # What core.commands asks for.

    def is_busy(self) -> bool:
        return False

    def is_good(self) -> bool:
        """Whether a new firmware has shown that it works: the server committed what it measured."""
        return self._was_heard

    def settings_changed(self, settings: dict, pins_changed: bool) -> None:
        if pins_changed:
            self.restart()

    def identify(self) -> None:
        self._identify_until = self._clock.up_ms() + IDENTIFY_MS

    def restart(self) -> None:
        """Restarts, once the acknowledgement is out and what is measured is on flash."""
        self._leaving = asyncio.create_task(self._restart_soon())

    async def update(self, message: dict) -> None:
        """Raises ValueError with the reason when the update is refused."""
        self._parts.take_on_update(message)
        self.restart()

    async def _restart_soon(self) -> None:
        await ticks.sleep_ms(500)
        await self.link.close()
        self.ring.flush()
        self._parts.restart()

    # What it does all the time.

    async def _measure(self) -> None:
        due_ms = self._clock.up_ms()
        while True:
            taken_ms, ts_ms = self._clock.up_ms(), self._wall_ms()
            values = await self._sensing.read()
            if values:
                self.ring.add(ts_ms, taken_ms, values)
                self._news.set()
            self._measured_ms = self._clock.up_ms()
            interval_ms = self._config.settings["interval_s"] * 1_000
            due_ms = max(due_ms + interval_ms, self._measured_ms)  # what was missed is not made up for
            wake_in_ms = self._sensing.rest(due_ms - self._measured_ms)
            if wake_in_ms is not None:
                await self._until(self._measured_ms + wake_in_ms)
                self._sensing.wake()
            await self._until(due_ms)

    async def _until(self, up_ms: int) -> None:
        """Sleeps, in pieces: a shorter interval that was set meanwhile must not wait for the end of a longer one."""
        began_interval_s = self._config.settings["interval_s"]
        while (left_ms := up_ms - self._clock.up_ms()) > 0:
            await self._sleep_ms(min(left_ms, 1_000))
            if self._config.settings["interval_s"] < began_interval_s:
                return

    async def _tell(self) -> None:
        """Sends what is due, a message at a time."""
        while True:
            due = self.ring.take(self._clock.now(), payloads.MESSAGE_READINGS) if self.link.is_up() else None
            if due is None:
                self._news.clear()
                try:
                    await asyncio.wait_for(self._news.wait(), LOOK_EVERY_S)
                except asyncio.TimeoutError:
                    continue
                continue
            page, bits = due
            try:
                payload = payloads.telemetry(self._message, page, bits, self._clock_of(page.boot_id))
                await self.link.send_bytes("telemetry", payload, 1)
            except (MqttError, MemoryError) as error:  # what is not confirmed is sent again in a while
                print("telemetry:", error)

    def _clock_of(self, boot_id: int) -> int:
        """The clock of a boot, now. An earlier one's is taken to have gone on without the pause between: nothing on
        the controller knows how long that was. It matters only for readings without `ts`.
        """
        if boot_id == self.boot_id:
            return self._clock.up_ms()
        if self._old_boot[0] != boot_id:
            self._old_boot = (boot_id, self.ring.end_of(boot_id))
        return self._old_boot[1] + self._clock.up_ms()

    async def _report(self) -> None:
        """Says how it is, every five seconds and when that changes, at QoS 0: later it is worth nothing."""
        due_ms = 0
        while True:
            if not self.link.is_up() or (self._clock.up_ms() < due_ms and self._said == self._worth_saying()):
                await ticks.sleep_ms(LOOK_MS)
                continue
            self._seq += 1
            self._said = self._worth_saying()
            due_ms = self._clock.up_ms() + STATE_EVERY_MS
            try:
                await self.link.send("state", self.state())
            except (MqttError, MemoryError) as error:
                print("state:", error)
            self._parts.tidy()

    def _worth_saying(self) -> list:
        """What is said at once when it changes."""
        return [self._config.version] + [self._sensing.how[name] for name in sorted(self._sensing.how)]

    def state(self) -> dict:
        """What `/state` says."""
        ring = self.ring
        state = {"boot_id": self.boot_id, "seq": self._seq, "ts": self._wall_ms(), "sensors": self._sensing.how}
        state.update(self._parts.about())
        state["ring"] = {
            "waiting": ring.waiting, "pages": ring.pages, "written": ring.spilled,
            "dropped": ring.dropped, "torn": ring.torn,
        }  # fmt: skip
        state["settings"], state["settings_version"] = on_wire(self._config.settings), self._config.version
        return state

    async def _keep_house(self) -> None:
        """Feeds the watchdog while measuring goes on, shows itself when asked to, and keeps counters."""
        notes_ms = self._clock.up_ms()
        while True:
            now_ms = self._clock.up_ms()
            if now_ms - self._measured_ms < self._config.settings["interval_s"] * 1_000 + STALLED_MS:
                self._watchdog.feed()
            self._parts.led.set(now_ms < self._identify_until and now_ms // 250 % 2 == 0)
            if now_ms - notes_ms >= NOTES_EVERY_MS:
                notes_ms = now_ms
                self._keep_notes()
            await ticks.sleep_ms(250)

    def _set_clock(self) -> None:
        set_clock(self._config.host)

    def _keep_notes(self) -> None:
        self._parts.keys.set("spilled", self.ring.spilled)
        for name, value in self._sensing.notes().items():
            self._parts.keys.set(name, value)

    def _up(self) -> None:
        self.ring.forget_sent()
        self._news.set()

    def _heard(self, leaf: str, message: dict, retained: bool) -> None:
        if leaf == "cmd":
            self.commands.take(message, retained)
            return
        got = payloads.got(message)
        if got is None:
            self.refused_got += 1
        else:
            self.ring.got(*got)
            self._news.set()  # the next page of the ring may be due now
            self._was_heard = self._was_heard or got[0] == self.boot_id
            self._news.set()
