"""One life of a device, from power on to power off: it measures, keeps, sends, and hears what was committed."""

import asyncio
import contextlib
import logging
import random
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NoReturn

import aiomqtt

from tests.virtual import payloads
from tests.virtual.clock import Clock
from tests.virtual.fleet import Card
from tests.virtual.ring import Ring
from tests.virtual.switch import Switch

log = logging.getLogger(__name__)

FAREWELL_WITHIN_S = 1.0


@dataclass(frozen=True, slots=True)
class Broker:
    """Where devices connect; each with its own name and password."""

    host: str
    port: int
    tls: bool = False


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
        self._client: aiomqtt.Client | None = None
        self._is_over = False

    async def run(self) -> None:
        """Measures and talks until cancelled; then it says that it is going, unless the line was cut."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._measure_for_ever())
            tasks.create_task(self._talk_until_over())

    def cut_line(self) -> None:
        """Ends the connection without a word, as a lost network does: the last will has to speak."""
        client, self._client = self._client, None
        line = client._client.socket() if client else None  # aiomqtt itself only knows how to leave politely
        if isinstance(line, socket.socket):
            with contextlib.suppress(OSError):  # the broker was quicker
                line.shutdown(socket.SHUT_RDWR)

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

    async def _talk_until_over(self) -> None:
        failures = 0
        while not self._is_over:
            await self._wifi.is_on()
            before = self.connections
            try:
                await self._connection()
            except* aiomqtt.MqttError as lost:
                log.debug("%s has no connection: %s", self._card.device, lost.exceptions[0])
            failures = 0 if self.connections > before else failures + 1
            await asyncio.sleep(self._timing.retry_wait_s(failures))

    async def _connection(self) -> None:
        """One connection, until it breaks.

        Raises:
            aiomqtt.MqttError: it could not be made or is lost, alone or in a group.
        """
        async with self._new_client() as client:
            self._client = client
            if not self._wifi:
                self.cut_line()
            try:
                await client.publish(self._topic("avail"), payloads.ONLINE, qos=1, retain=True)
                await client.subscribe(self._topic("got"), qos=1)
                self.connections += 1
                self.ring.forget_sent()
                self._measured.set()
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._hear(client))
                    tasks.create_task(self._send(client))
                    tasks.create_task(self._report(client))
            except asyncio.CancelledError:
                self._is_over = True  # aiomqtt may raise its own error in the cancellation's place
                with contextlib.suppress(aiomqtt.MqttError):
                    await self._leave(client)
                raise
            finally:
                self._client = None

    async def _leave(self, client: aiomqtt.Client) -> None:
        """Says goodbye, or, if the line is cut, waits until the client notices.

        Raises:
            aiomqtt.MqttError: the line is cut.
        """
        if self._client is client:
            farewell = self._topic("avail"), payloads.OFFLINE
            await client.publish(*farewell, qos=1, retain=True, timeout=FAREWELL_WITHIN_S)
        else:
            async for _ in client.messages:
                pass

    def _new_client(self) -> aiomqtt.Client:
        return aiomqtt.Client(
            self._broker.host,
            self._broker.port,
            identifier=self._card.device,
            username=self._card.device,
            password=self._card.password,
            protocol=aiomqtt.ProtocolVersion.V311,
            will=aiomqtt.Will(self._topic("avail"), payloads.OFFLINE, qos=1, retain=True),
            keepalive=self._timing.keep_alive_s,
            clean_session=True,
            tls_params=aiomqtt.TLSParameters() if self._broker.tls else None,
        )

    async def _send(self, client: aiomqtt.Client) -> NoReturn:
        """Sends what is due, one message at a time, each time that something was measured."""
        loop = asyncio.get_running_loop()
        while True:
            await self._measured.wait()
            self._measured.clear()
            while due := self.ring.take_due(loop.time()):
                payload = payloads.telemetry(self.boot_id, self.up_ms, due)
                await client.publish(self._topic("telemetry"), payload, qos=1)

    async def _hear(self, client: aiomqtt.Client) -> None:
        async for message in client.messages:
            heard = payloads.got(message.payload) if isinstance(message.payload, bytes) else None
            if heard is None:
                log.warning("%s heard what is no confirmation: %r", self._card.device, message.payload)
            elif heard.boot_id == self.boot_id:  # an older boot's readings went with its memory
                self.ring.drop(heard.stored, heard.refused)

    async def _report(self, client: aiomqtt.Client) -> NoReturn:
        """Says how it is, at QoS 0: what can't be sent now is worth nothing later."""
        ip = f"192.168.1.{20 + self._card.seed % 200}"
        while True:
            self._state_seq += 1
            rssi_dbm = -58 - self._card.seed % 12 + random.randint(-2, 2)
            up_s = self.up_ms // 1_000
            payload = payloads.state(self.boot_id, self._state_seq, ip, rssi_dbm, up_s, self._ts_ms)
            await client.publish(self._topic("state"), payload, qos=0)
            await asyncio.sleep(self._timing.state_every_s)

    def _topic(self, leaf: str) -> str:
        return payloads.topic(self._card.tenant, self._card.device, leaf)
