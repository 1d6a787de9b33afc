"""The way of a reading: MQTT → wire → one batch → commit → acknowledgement to broker and device.

What is received and not yet committed is bounded by the broker: it sends at most `receive_maximum` messages without an
acknowledgement, and none is acknowledged before COMMIT. So while the database is away the consumer only waits, and
after kill −9 the broker sends everything again that was not committed.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

import psycopg
import structlog

from actions.directory import Directory, Known
from actions.live import Hub
from actions.readings import Batch, Rejection, Undated
from domain.readings import Reading, Reject, judge
from ingest import wire
from ingest.commit import Connection, commit, connect, drop
from ingest.filling import Filling, Pending
from ingest.mqtt import Delivery, MqttLink
from ingest.presence import Presence

log = structlog.get_logger(__name__)

RETRY_FIRST_S, RETRY_MAX_S = 0.2, 5.0
GOT_EVERY_S = 0.5
SUBSCRIPTION = "+/+/+/telemetry"  # other versions too, so that they are counted instead of vanishing


@dataclass(slots=True)
class Counters:
    """What this consumer did since its start; shown on /metrics."""

    messages: int = 0
    readings: int = 0
    stored: int = 0
    rejected: int = 0
    batches: int = 0
    failures: int = 0
    commit_s: float = 0.0


class Consumer:
    """Feeds telemetry of all devices into the database."""

    def __init__(self, directory: Directory, hub: Hub, presence: Presence) -> None:
        self.counters = Counters()
        self._directory, self._hub, self._presence = directory, hub, presence
        self._filling = Filling()
        self._senders: dict[str, Known] = {}
        self._senders_of: dict[str, Known] = {}  # the directory's devices when these were looked up
        self._got: dict[tuple[str, int], _Got] = {}
        self.link: MqttLink | None = None
        self.listening_since: datetime | None = None
        """Since when devices can be heard without a break; None while the broker is away."""

    def take(self, deliveries: Sequence[Delivery]) -> None:
        """Sorts received messages into the open batch. Never blocks, never raises for what a device sent."""
        arrival_us = time.time_ns() // 1_000
        current = self._filling.open
        for delivery in deliveries:
            self._parse(current.batch, delivery, arrival_us)
        current.deliveries.extend(deliveries)
        self.counters.messages += len(deliveries)
        self._filling.note()

    def reject(self, rejection: Rejection) -> None:
        """Counts a message that came another way with the next batch."""
        self._filling.open.batch.reject(rejection)
        self.counters.rejected += 1
        self._filling.note()

    def _parse(self, batch: Batch, delivery: Delivery, arrival_us: int) -> None:
        payload = delivery.payload
        known = None if delivery.retain else self._sender(delivery.topic)
        if known is None:
            self._turn_away(batch, delivery)
            return
        message = wire.telemetry(payload)
        self._presence.heard(known, arrival_us)
        if isinstance(message, wire.Refused):
            batch.reject(Rejection(known.device_id, known.tenant_id, message.reason, message.detail, payload))
            self.counters.rejected += 1
            return
        self.counters.rejected += take_message(batch, known, message, payload, arrival_us)
        self.counters.readings += len(message.readings)

    def _sender(self, topic: str) -> Known | None:
        """The device that may send on this topic; looked up once for as long as the directory stays as it is."""
        devices = self._directory.devices
        if self._senders_of is not devices:
            self._senders, self._senders_of = {}, devices
        known = self._senders.get(topic)
        if known is None:
            version, tenant, device_id, _ = topic.split("/", 3)
            known = devices.get(device_id)
            if known is None or admission(known, version, tenant, retain=False) is not None:
                return None
            self._senders[topic] = known
        return known

    def _turn_away(self, batch: Batch, delivery: Delivery) -> None:
        version, tenant, device_id, _ = delivery.topic.split("/", 3)
        known = self._directory.devices.get(device_id)
        reason = admission(known, version, tenant, delivery.retain) or Reject.UNKNOWN_DEVICE
        tenant_id = known.tenant_id if known else None
        batch.reject(Rejection(device_id, tenant_id, reason, f"topic {delivery.topic}", delivery.payload))
        self.counters.rejected += 1

    async def run(self) -> None:
        """Writes batches for ever. Restartable: what is open stays open."""
        connection: Connection | None = None
        retry_s = RETRY_FIRST_S
        writing = Pending()
        try:
            while True:
                if writing.is_empty:
                    writing = await self._filling.next()
                try:
                    if connection is None:
                        connection = await connect()
                    await self._write(connection, writing)
                except (psycopg.Error, OSError) as error:
                    self.counters.failures += 1
                    log.warning("batch not committed, trying again", error=str(error), retry_s=retry_s)
                    await drop(connection)
                    connection = None
                    await asyncio.sleep(retry_s)
                    retry_s = min(2 * retry_s, RETRY_MAX_S)
                    continue
                writing, retry_s = Pending(), RETRY_FIRST_S
        except Exception:
            # A bug; whoever starts this again begins with another batch. The broker sends nothing twice on one
            # connection, so what was open here would wait without an acknowledgement for as long as that lasts.
            if self.link is not None:
                self.link.restart("a batch could not be written")
            raise
        finally:
            if writing.deliveries:  # cut off in the middle: nothing is acknowledged, so the broker sends it again
                log.info("stopped with an open batch", messages=len(writing.deliveries))
            await drop(connection)

    async def _write(self, connection: Connection, writing: Pending) -> None:
        started = time.perf_counter()
        parts = await commit(connection, writing.batch, self._directory, self._hub)
        self.counters.commit_s += time.perf_counter() - started
        if self.link is not None:
            self.link.acknowledge(writing.deliveries)
        for batch, recorded in parts:
            self.counters.batches += 1
            self.counters.stored += recorded.new
            self._note_got(recorded.readings, batch)

    def _note_got(self, readings: Sequence[Reading], batch: Batch) -> None:
        got = self._got
        for reading in readings:
            key = (reading.device_id, reading.boot_id)
            note = got.get(key)
            if note is None:
                note = got[key] = _Got(reading.tenant_id)
            note.stored.append(reading.seq)
        for key, seqs in batch.refused_seqs.items():
            known = self._directory.devices.get(key[0])
            if known is not None:
                got.setdefault(key, _Got(known.tenant_id)).refused.extend(seqs)

    async def publish_got(self) -> None:
        """Tells devices twice a second what is committed, in ranges; a lost one costs a replay, not a reading."""
        while True:
            await asyncio.sleep(GOT_EVERY_S)
            connected = self.link is not None and self.link.connected
            self.listening_since = (self.listening_since or datetime.now(UTC)) if connected else None
            notes, self._got = self._got, {}
            for (device_id, boot_id), note in notes.items():
                payload = wire.got(boot_id, ranges(note.stored), ranges(note.refused))
                if self.link is not None:
                    self.link.publish(wire.topic(str(note.tenant_id), device_id, "got"), payload)


@dataclass(slots=True)
class _Got:
    tenant_id: UUID
    stored: list[int] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)


def admission(known: Known | None, version: str, tenant: str, retain: bool) -> Reject | None:
    """Says why a message may not come in, before anybody looks into it."""
    if version != wire.VERSION:
        return Reject.UNKNOWN_VERSION
    if known is None:
        return Reject.UNKNOWN_DEVICE
    if known.tenant_topic != tenant:
        return Reject.WRONG_TENANT
    if not known.enabled:
        return Reject.DISABLED_DEVICE
    return Reject.RETAINED if retain else None


def take_message(batch: Batch, known: Known, message: wire.Telemetry, payload: bytes, arrival_us: int) -> int:
    """Sorts a message's readings into the batch; returns how many were refused."""
    boot_id, refused = message.boot_id, 0
    anchored = boot_id in known.anchors_us
    if not anchored and message.up_ms is not None and 0 <= message.up_ms <= arrival_us // 1_000:
        anchored = True
        batch.boots.setdefault((known.device_id, boot_id), (known, arrival_us - message.up_ms * 1_000))
    for r in message.readings:
        values = r.values
        if r.ts is not None:
            at_us = r.ts * 1_000
            reason = judge(r.seq, at_us, values, arrival_us)
            if reason is None:
                batch.readings.append(
                    Reading(known.tenant_id, known.pit_id, known.device_id, boot_id, r.seq, at_us, values)
                )
                continue
        elif r.up_ms is None or r.up_ms < 0 or not anchored:
            reason = Reject.NO_TIME
        else:
            batch.undated.append(Undated(known, boot_id, r.seq, r.up_ms, values, payload))
            continue
        refused += 1
        batch.reject(Rejection(known.device_id, known.tenant_id, reason, f"seq {r.seq}", payload))
        batch.refused_seqs.setdefault((known.device_id, boot_id), []).append(r.seq)
    return refused


def ranges(numbers: list[int]) -> list[tuple[int, int]]:
    """Joins numbers to closed ranges: [1, 2, 3, 7] is [(1, 3), (7, 7)]."""
    out: list[tuple[int, int]] = []
    for number in sorted(set(numbers)):
        if out and number == out[-1][1] + 1:
            out[-1] = (out[-1][0], number)
        else:
            out.append((number, number))
    return out
