"""One life of a device, from power on to power off: it measures, keeps, sends, and hears what was committed."""

import asyncio
import logging
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NoReturn

from tests.virtual import payloads
from tests.virtual.clock import Clock
from tests.virtual.fleet import Card
from tests.virtual.line import Broker, Line, LineLost
from tests.virtual.ring import Ring
from tests.virtual.switch import Switch

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Timing:
    """The habits of a node, in seconds of the world."""

    measure_every_s: float = 5.0
    state_every_s: float = 5.0
    resend_after_s: float = 10.0
    keep_alive_s: int = 15
    retry_first_s: float = 1.0
    retry_most_s: float = 60.0

    def retry_wait_s(self, failures: int) -> float:
        """Twice as long after each failure, and by chance, so that a thousand nodes don't come back at once."""
        return min(self.retry_most_s, self.retry_first_s * 2.0 ** min(failures, 16)) * random.uniform(0.5, 1.0)


class Boot:
    """A device between power on and power off. `measure` returns a reading's values now."""

    def __init__(
        self,
        boot_id: int,
        card: Card,
        broker: Broker,
        wifi: Switch,
        clock: Clock,
        timing: Timing,
        has_clock: bool,
        measure: Callable[[], Mapping[str, float]],
    ) -> None:
        self.boot_id = boot_id
        self.ring = Ring(timing.resend_after_s)
        self.connections = 0
        self._card, self._broker, self._wifi, self._clock, self._timing = card, broker, wifi, clock, timing
        self._has_clock, self._measure = has_clock, measure
        self._began_s = clock.up_s
        self._state_seq = 0
        self._measured = asyncio.Event()
        self._line: Line | None = None

    async def run(self) -> None:
        """Measures and talks until cancelled; then it says that it is going, unless the line was cut."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._measure_for_ever())
            tasks.create_task(self._talk_for_ever())

    def cut_line(self) -> None:
        """Ends the connection, if there is one, without a word."""
        if self._line is not None:
            self._line.cut()

    @property
    def up_ms(self) -> int:
        return round((self._clock.up_s - self._began_s) * 1_000)

    @property
    def _ts_ms(self) -> int | None:
        return round(self._clock.stamp_s * 1_000) if self._has_clock else None

    async def _measure_for_ever(self) -> NoReturn:
        await asyncio.sleep(random.uniform(0.0, self._timing.measure_every_s))  # nodes don't measure in step
        loop = asyncio.get_running_loop()
        due_s = loop.time()
        while True:
            self.ring.add(self._ts_ms, self.up_ms, self._measure())
            self._measured.set()
            due_s += self._timing.measure_every_s
            await asyncio.sleep(max(0.0, due_s - loop.time()))

    async def _talk_for_ever(self) -> NoReturn:
        failures = 0
        while True:
            await self._wifi.is_on()
            before = self.connections
            try:
                await self._connection()
            except* LineLost as lost:
                log.debug("%s has no connection: %s", self._card.device, lost.exceptions[0])
            failures = 0 if self.connections > before else failures + 1
            await asyncio.sleep(self._timing.retry_wait_s(failures))

    async def _connection(self) -> None:
        """One connection, until it is lost.

        Raises:
            LineLost: always, in the end; alone or in a group.
        """
        async with Line(self._broker, self._card, self._timing.keep_alive_s) as line:
            self._line = line
            if not self._wifi:  # it went while the connection was being made
                self.cut_line()
            try:
                await line.say("avail", payloads.ONLINE, qos=1, retain=True)
                await line.listen("got")
                self.connections += 1
                self.ring.forget_sent()
                self._measured.set()
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._hear(line))
                    tasks.create_task(self._send(line))
                    tasks.create_task(self._report(line))
            finally:
                self._line = None

    async def _send(self, line: Line) -> NoReturn:
        """Sends what is due, one message at a time, each time that something was measured."""
        loop = asyncio.get_running_loop()
        while True:
            await self._measured.wait()
            self._measured.clear()
            while due := self.ring.take_due(loop.time()):
                payload = payloads.telemetry(self.boot_id, self.up_ms, due)
                await line.say("telemetry", payload, qos=1)

    async def _hear(self, line: Line) -> None:
        async for payload in line.heard():
            heard = payloads.got(payload)
            if heard is None:
                log.warning("%s heard what is no confirmation: %r", self._card.device, payload[:80])
            elif heard.boot_id == self.boot_id:  # an older boot's readings went with its memory
                self.ring.drop(heard.stored, heard.refused)

    async def _report(self, line: Line) -> NoReturn:
        """Says how it is, at QoS 0: what can't be sent now is worth nothing later."""
        ip = f"192.168.1.{20 + self._card.seed % 200}"
        while True:
            self._state_seq += 1
            rssi_dbm = -58 - self._card.seed % 12 + random.randint(-2, 2)
            up_s = self.up_ms // 1_000
            payload = payloads.state(self.boot_id, self._state_seq, ip, rssi_dbm, up_s, self._ts_ms)
            await line.say("state", payload, qos=0)
            await asyncio.sleep(self._timing.state_every_s)
