"""A small MQTT 3.1.1 client for asyncio: one connection, everything bounded, nothing retried.

    mqtt = Mqtt("pump-1", clock, user="pump-1", password="…", will=(topic, b"offline"), on_message=heard)
    await mqtt.connect("broker.local", 8883, tls=tls.client_context("ca.pem"))
    await mqtt.subscribe(topic_cmd)
    await mqtt.publish(topic, payload, qos=1)    # returns when the broker has acknowledged it
    await mqtt.closed()                          # returns the reason; connecting again is the caller's decision

`on_message(topic: str, payload: bytes, retained: bool)` and `on_down(reason: str)` are plain functions that are called
in the event loop and must not take long. Every failure is an `MqttError` that says why; a lost connection also fails
whatever waits for an acknowledgement. Calls from several tasks are fine.
"""

import asyncio
import struct
import sys

from core import mqtt_packets as packets
from core import ticks
from core.draft import Draft

SENT_MAX = 2_560
"""Bytes of a packet that is sent."""
RECEIVED_MAX = 4_096
"""Bytes of a packet that arrives, as memory is in pieces. A longer one is read past, acknowledged and counted."""
UNACKED_MAX = 8
"""Publications that may wait for their acknowledgement at once; further ones wait for a place."""
TOPIC_MAX = 200
WRITE_WITHIN_S = 5
LEFT = "closed here"
_COPIES = sys.implementation.name == "micropython"  # its writer keeps nothing of what it is given but copies


class MqttError(Exception):
    """Not connected, refused, or no answer in time; the text says which."""


class Mqtt:
    def __init__(
        self, client_id, clock, user=None, password=None, will=None, keepalive_s=20, clean=True,
        on_message=None, on_down=None,
    ) -> None:  # fmt: skip
        """`will` is (topic, payload), published by the broker, retained with QoS 1, when the connection is lost.

        A silent connection is given up after `keepalive_s`. `clean=False` keeps the session: what was sent to the
        subscriptions with QoS 1 meanwhile arrives after the next connect.
        """
        self.is_up = False
        self._is_leaving = False
        self.oversized = 0  # messages read past
        self._clock = clock
        self._greeting = packets.connect(client_id, user, password, will, keepalive_s, clean)
        self._keepalive_ms = keepalive_s * 1_000
        self._on_message = on_message
        self._on_down = on_down
        self._reader = self._writer = None
        self._tasks = ()
        self._shutting = None
        self._waiting = {}  # packet id -> [event, return code or None]
        self._packet_id = 0
        self._heard = self._said = clock.now()
        self._writing = asyncio.Lock()
        self._draft = Draft(SENT_MAX, packets.HEAD_BYTES)
        self._down = asyncio.Event()
        self._reason = "not connected yet"

    async def connect(self, host, port, tls=None, within_s=10) -> bool:
        """Connects and introduces itself; `tls` is a context that verifies chain and name (see core.tls).

        Returns whether the broker kept an earlier session. Resolves `host`, which may block all tasks for seconds:
        never while a motor is ON. Raises MqttError.
        """
        if self.is_up:
            raise MqttError("connected already")
        try:
            return await asyncio.wait_for(self._connect(host, port, tls), within_s)
        except asyncio.TimeoutError:
            reason = "no answer to the connection in %d s" % within_s
        except (OSError, EOFError, ValueError, packets.BrokenPacket) as error:
            reason = "no connection: %s" % (str(error) or "closed")
        except MqttError as error:
            reason = str(error)
        await self._shut()
        raise MqttError(reason)

    async def _connect(self, host, port, tls) -> bool:
        if tls is None:
            self._reader, self._writer = await asyncio.open_connection(host, port)
        else:
            self._reader, self._writer = await asyncio.open_connection(host, port, ssl=tls, server_hostname=host)
        await _write(self._writer, self._greeting)
        first, answer, _ = await packets.read(self._reader, RECEIVED_MAX)
        if first >> 4 != packets.CONNACK or len(answer) != 2:
            raise MqttError("not an MQTT broker")
        if answer[1]:
            raise MqttError(
                "refused: " + (packets.REFUSALS[answer[1]] if answer[1] < len(packets.REFUSALS) else str(answer[1]))
            )
        self._down = asyncio.Event()
        self._heard = self._said = self._clock.now()
        self._is_leaving = False
        self.is_up = True
        self._tasks = (asyncio.create_task(self._listen()), asyncio.create_task(self._keep_alive()))
        return bool(answer[0] & 1)

    async def publish(self, topic: str, payload, qos=0, retain=False, within_s=10) -> None:
        """Publishes bytes, or what a function writes to the core.draft.Draft that it is given when it is sent.

        With `qos=1` returns after the broker's acknowledgement. Raises MqttError.
        """
        if len(topic) > TOPIC_MAX:
            raise MqttError("too long a topic: " + topic)
        if not qos:
            return await self._send(packets.PUBLISH << 4 | bool(retain), packets.field(topic), payload)
        packet_id = await self._reserve(within_s)
        first = packets.PUBLISH << 4 | 1 << 1 | bool(retain)
        await self._ask(packet_id, first, packets.field(topic) + struct.pack(">H", packet_id), payload, within_s)

    async def subscribe(self, topic: str, qos=1, within_s=10) -> None:
        """Subscribes to one topic filter. Raises MqttError, also when the broker refuses."""
        packet_id = await self._reserve(within_s)
        head, wanted = struct.pack(">H", packet_id), packets.field(topic) + bytes((qos,))
        if await self._ask(packet_id, packets.SUBSCRIBE << 4 | 2, head, wanted, within_s) == 0x80:
            raise MqttError("subscription refused: " + topic)

    async def closed(self) -> str:
        """Waits until the connection is gone and returns why."""
        await self._down.wait()
        return self._reason

    async def close(self) -> None:
        """Says goodbye, so that the will is not published. Does nothing when not connected."""
        self._is_leaving = True
        if self.is_up:
            try:
                await self._send(packets.DISCONNECT << 4)
            except MqttError:
                return
            self._drop(LEFT)
        await self._shut()

    async def _reserve(self, within_s) -> int:
        """A packet id of its own, once fewer than UNACKED_MAX others wait."""
        until = ticks.add(self._clock.now(), within_s * 1_000)
        while self.is_up and len(self._waiting) >= UNACKED_MAX:
            if ticks.is_due(self._clock.now(), until):
                raise MqttError("too many publications unacknowledged")
            await ticks.sleep_ms(5)
        self._packet_id = self._packet_id % 0xFFFF + 1
        while self._packet_id in self._waiting:
            self._packet_id = self._packet_id % 0xFFFF + 1
        self._waiting[self._packet_id] = [asyncio.Event(), None]
        return self._packet_id

    async def _ask(self, packet_id, first, head, body, within_s) -> int:
        """Sends a packet and waits for its acknowledgement; returns the code in it."""
        waiting = self._waiting[packet_id]
        try:
            await self._send(first, head, body)
            await asyncio.wait_for(waiting[0].wait(), within_s)
        except asyncio.TimeoutError:
            raise MqttError("no acknowledgement in %d s" % within_s)
        finally:
            self._waiting.pop(packet_id, None)
        if waiting[1] is None:
            raise MqttError("connection lost: " + self._reason)
        return waiting[1]

    async def _send(self, first, head=b"", body=b"") -> None:
        async with self._writing:
            if not self.is_up:
                raise MqttError("not connected: " + self._reason)
            packet = self._packet(first, head, body)
            try:
                self._said = self._clock.now()
                await _write(self._writer, packet)
            except (OSError, asyncio.TimeoutError) as error:
                self._drop("sending failed: %r" % error)
                raise MqttError(self._reason)

    def _packet(self, first, head, body) -> memoryview:
        self._draft.clear()
        try:
            self._draft.write(head)
            if callable(body):
                body(self._draft)
            else:
                self._draft.write(body)
        except ValueError as error:
            raise MqttError("too long: %s" % error)
        return packets.finished(self._draft, first)

    async def _listen(self) -> None:
        try:
            while self.is_up:
                packet = await packets.read(self._reader, RECEIVED_MAX)
                self._heard = self._clock.now()
                await self._handle(*packet)
        except (OSError, EOFError) as error:
            self._drop("lost: %s" % (str(error) or "closed by the broker"))
        except (packets.BrokenPacket, MqttError, ValueError, IndexError) as error:
            self._drop("broken packet: %s" % error)
        except Exception as error:  # noqa: BLE001  # of whoever listens: a connection that nobody reads is none
            self._drop("not read any more: %r" % error)

    async def _handle(self, first, body, is_whole) -> None:
        kind = first >> 4
        if kind == packets.PUBLISH:
            at = 2 + (body[0] << 8 | body[1])
            topic = body[2:at].decode()
            packet_id = None
            if first & 0x06:
                packet_id = body[at : at + 2]
                at += 2
            if not is_whole:
                self.oversized += 1
            elif self._on_message:
                self._on_message(topic, body[at:], bool(first & 1))
            if packet_id:
                await self._send(packets.PUBACK << 4, packet_id)
        elif kind in (packets.PUBACK, packets.SUBACK):
            waiting = self._waiting.get(body[0] << 8 | body[1])
            if waiting:
                waiting[1] = body[2] if kind == packets.SUBACK else 0
                waiting[0].set()

    async def _keep_alive(self) -> None:
        while self.is_up:
            await ticks.sleep_ms(self._keepalive_ms // 8)
            now = self._clock.now()
            quiet_ms = ticks.diff(now, self._heard)
            if quiet_ms >= self._keepalive_ms:
                self._drop("silent for %d ms" % quiet_ms)
            elif max(quiet_ms, ticks.diff(now, self._said)) >= self._keepalive_ms // 2 and not self._writing.locked():
                try:
                    await self._send(packets.PINGREQ << 4)
                except MqttError:
                    return

    def _drop(self, reason) -> None:
        """The connection is over: says so at once to whom it concerns, then frees what it held."""
        if not self.is_up:
            return
        self.is_up = False
        self._reason = LEFT if self._is_leaving else reason  # the broker may hang up before we do
        for waiting in self._waiting.values():
            waiting[0].set()
        if self._on_down:
            self._on_down(reason)
        self._shutting = asyncio.create_task(self._shut())

    async def _shut(self) -> None:
        tasks, self._tasks = self._tasks, ()
        for task in tasks:
            if task is not asyncio.current_task():
                task.cancel()
        writer, self._writer = self._writer, None
        if writer:
            try:
                writer.close()
                await writer.wait_closed()
            except (OSError, EOFError):
                self._reason += ", reset"
        self._down.set()


async def _write(writer, data) -> None:
    writer.write(data if _COPIES else bytes(data))
    await asyncio.wait_for(writer.drain(), WRITE_WITHIN_S)  # nothing else would wake a task that waits for ever
