"""One MQTT 5 connection from its opening to its end: bytes to packets, packets to bytes, limits, keep-alive.

The codec is `mqtt5`. Nothing here retries or outlives the connection; that is the link's part (`ingest.mqtt`).
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar, cast

import mqtt5
import msgspec

UNSENT_BYTES_MAX = 1024 * 1024  # waiting for a slow broker; more is refused
SILENT_TICKS_MAX = 3  # each a third of the keep-alive; counted, so that a stall of our own doesn't look like silence

PING = mqtt5.PingReqPacket().write()
FAREWELL = mqtt5.DisconnectPacket().write()

Answer = TypeVar("Answer", mqtt5.ConnAckPacket, mqtt5.SubAckPacket)


class Delivery(msgspec.Struct, frozen=True, gc=False):
    """One message from the broker. `packet_id` is 0 at QoS 0; `generation` counts the link's connections."""

    generation: int
    packet_id: int
    topic: str
    payload: bytes
    qos: int
    retain: bool
    duplicate: bool = False
    """The broker has sent it before, and was not told that it is safe."""


class LinkFault(Exception):
    """Why a connection ended or never came about, in words for an operator."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What this side allows the broker: deliveries unacknowledged at a time, and bytes in one packet."""

    receive_maximum: int
    packet_bytes: int


class Connection(asyncio.Protocol):
    """Hands over one list of deliveries for every chunk read. A callback that raises ends the connection."""

    def __init__(
        self, generation: int, limits: Limits, topics: dict[str, str], on_deliveries: Callable[[list[Delivery]], None]
    ) -> None:
        """`topics` holds one string per topic for as long as the caller wants, instead of one per message."""
        self.outstanding = 0
        self.ended: asyncio.Future[LinkFault] = asyncio.get_running_loop().create_future()
        self._generation, self._limits, self._topics = generation, limits, topics
        self._on_deliveries = on_deliveries
        self._answer: asyncio.Future[mqtt5.Packet] | None = None
        self._answered = False
        self._paused = False
        self._silent_ticks = 0
        self._rest = b""
        self._unsent: list[bytes] = []
        self._unsent_bytes = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Decode what is whole, keep the rest. The flood spends most of its time on this side here."""
        self._silent_ticks = 0
        buffer = self._rest + data if self._rest else data
        view, end, used, longest = memoryview(buffer), len(buffer), 0, 0
        generation, one_of = self._generation, self._topics.setdefault
        deliveries: list[Delivery] = []
        try:
            while used < end:
                packet, size = mqtt5.read(view[used:])
                used += size
                longest = max(longest, size)
                if type(packet) is mqtt5.PublishPacket:
                    topic, packet_id = packet.topic, packet.packet_id or 0
                    qos = 1 if packet_id else 0
                    deliveries.append(
                        Delivery(
                            generation,
                            packet_id,
                            one_of(topic, topic),
                            packet.payload,
                            qos,
                            packet.retain,
                            packet.duplicate,
                        )
                    )
                    self.outstanding += qos
                else:
                    self._handle(packet)
        except IndexError:
            longest = max(longest, end - used)  # the last packet has not come whole yet
        except ValueError as error:
            self.fail(f"the broker sent what is not MQTT 5: {error}")
        self._rest = buffer[used:]
        if longest > self._limits.packet_bytes:
            self.fail(f"the broker sent a packet of more than {self._limits.packet_bytes} bytes")
        elif deliveries:
            self._hold_back()
            self._on_deliveries(deliveries)

    def connection_lost(self, error: Exception | None) -> None:
        if error is not None:
            self.fail(f"the connection broke: {error}")
        elif self._answered:
            self.fail("the broker closed the connection")
        else:  # what some brokers do instead of saying "not authorized"
            self.fail("the broker closed the connection without an answer: wrong user name or password?")

    async def ask(self, packet: bytes, answer: type[Answer]) -> Answer:
        """Send a CONNECT or SUBSCRIBE and wait for its answer. Raises LinkFault when there comes something else."""
        self._answer = asyncio.get_running_loop().create_future()
        self.send(packet)
        await asyncio.wait((self._answer, self.ended), return_when=asyncio.FIRST_COMPLETED)
        if not self._answer.done():
            raise self.ended.result()
        got = self._answer.result()
        if not isinstance(got, answer):
            raise LinkFault(f"the broker answered with {type(got).__name__} out of turn")
        return got

    async def watch(self, keep_alive_s: float) -> None:
        """Ping until the connection ends, or end it when the broker has fallen silent. Raises LinkFault: why it did."""
        while not self.ended.done():
            self.send(PING)
            await asyncio.wait((self.ended,), timeout=keep_alive_s / SILENT_TICKS_MAX)
            # rumqttd answers nothing, not even a ping, while its window is full of what we have not acknowledged.
            self._silent_ticks = 0 if self._paused or self.outstanding else self._silent_ticks + 1
            if self._silent_ticks > SILENT_TICKS_MAX:
                self.fail(f"the broker has said nothing for more than {keep_alive_s:g} s")
        raise self.ended.result()

    def has_room_for(self, size: int) -> bool:
        """Whether `size` bytes more may wait to be sent."""
        return self._transport.get_write_buffer_size() + self._unsent_bytes + size <= UNSENT_BYTES_MAX

    def send(self, packets: bytes) -> None:
        """Send with whatever else is sent in this turn of the event loop: one system call for many packets."""
        if not self._unsent:
            asyncio.get_running_loop().call_soon(self._flush)
        self._unsent.append(packets)
        self._unsent_bytes += len(packets)

    def settle(self, packet_ids: list[int]) -> None:
        """Acknowledge these deliveries in one write."""
        self.send(b"".join([mqtt5.PubAckPacket(packet_id).write() for packet_id in packet_ids]))
        self.outstanding -= len(packet_ids)
        self._hold_back()

    def pause(self, paused: bool) -> None:
        """Stop or go on reading, once the broker has let us in. A pause is not held against it as silence."""
        self._paused = paused
        self._hold_back()

    def close(self) -> None:
        """End in good order; the session stays with the broker."""
        if not self.ended.done():
            self.send(FAREWELL)
            self._flush()
            self.ended.set_result(LinkFault("closed from this side"))
            self._transport.close()

    def fail(self, why: str) -> None:
        """End at once. The first reason counts."""
        if not self.ended.done():
            self.ended.set_result(LinkFault(why))
            self._transport.abort()

    def _hold_back(self) -> None:
        """Read only while wanted and within the receive maximum.

        A broker should stop by itself, but Mosquitto 2.0 sends that many again for every single acknowledgement once
        it has a backlog; TCP stops it.
        """
        if self._transport.is_closing():
            return
        if (self._paused and self._answered) or self.outstanding > self._limits.receive_maximum:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def _handle(self, packet: mqtt5.Packet) -> None:
        if isinstance(packet, mqtt5.ConnAckPacket | mqtt5.SubAckPacket) and self._answer and not self._answer.done():
            self._answered = True
            self._answer.set_result(packet)
        elif isinstance(packet, mqtt5.DisconnectPacket):
            self.fail(f"the broker ended the connection: {in_words(packet.reason_code)}")
        elif not isinstance(packet, mqtt5.PingRespPacket):
            self.fail(f"the broker sent {type(packet).__name__} out of turn")

    def _flush(self) -> None:
        if self._unsent and not self._transport.is_closing():
            self._transport.write(b"".join(self._unsent))
        self._unsent.clear()
        self._unsent_bytes = 0


def in_words(
    reason: mqtt5.ConnAckReasonCode | mqtt5.SubAckReasonCode | mqtt5.DisconnectReasonCode,
) -> str:
    """A reason code by its name in the standard: "not authorized"."""
    return reason.name.lower().replace("_", " ")
