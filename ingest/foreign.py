"""Messages of other makers' sensors: MQTT → the tenant's rules → one batch → commit → acknowledgement to the broker.

Such a sensor numbers nothing and keeps nothing, so it gets what MQTT can give: the session outlives this process, and a
message is acknowledged after COMMIT. One that the broker sends again is told by its content: the fingerprint of topic
and payload stands in the place of the boot's number, the reading's is 1. With a time of its own its key is the same
again; without one, the broker's mark of a repetition has it looked up.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
import structlog

from actions.announce import Announcement, Topic, listen
from actions.directory import Directory, Known
from actions.live import Hub
from actions.readings import Batch, Rejection
from domain.foreign import ROOT, Unread, fingerprint, read
from domain.readings import Reading, Reject, judge
from ingest.commit import Connection, commit, connect, drop
from ingest.mqtt import Delivery, MqttLink
from ingest.presence import Presence
from storage import foreign
from storage.foreign import SHOWN_CHARS_MAX, ForeignSensor
from storage.session import EVERY_TENANT, transaction

log = structlog.get_logger(__name__)

SUBSCRIPTION = f"{ROOT}/+/#"
RECEIVE_MAXIMUM = 500  # a trickle: a message a minute from each sensor
LINGER_S = 0.1
RETRY_FIRST_S, RETRY_MAX_S = 0.2, 5.0
WRITE_EVERY_S = 2.0  # what was last heard on each topic, for people who map it
TOPICS_WAITING_MAX = 5_000
RELOAD_EVERY_S = 60.0  # an announcement may be lost with its connection
SEQ = 1


@dataclass(slots=True)
class Counters:
    """What this consumer did since its start."""

    messages: int = 0
    unmapped: int = 0
    stored: int = 0
    rejected: int = 0
    repeated: int = 0
    failures: int = 0


@dataclass(slots=True)
class _Heard:
    """A message that a sensor's rules are for."""

    sensor: ForeignSensor
    known: Known
    delivery: Delivery
    at_us: int
    mark: int = field(init=False)

    def __post_init__(self) -> None:
        self.mark = fingerprint(self.delivery.topic, self.delivery.payload)


class ForeignConsumer:
    """Feeds other makers' sensors of all tenants into the database."""

    def __init__(self, directory: Directory, hub: Hub, presence: Presence) -> None:
        self.counters = Counters()
        self.link: MqttLink | None = None
        self._directory, self._hub, self._presence = directory, hub, presence
        self._sensors: dict[tuple[UUID, str], ForeignSensor] = {}
        self._waiting: list[tuple[Delivery, int]] = []
        self._last: dict[tuple[UUID, str], tuple[datetime, str]] = {}
        self._wake, self._stale = asyncio.Event(), asyncio.Event()

    def take(self, deliveries: Sequence[Delivery]) -> None:
        """Takes received messages. Never blocks, never raises for what somebody sent."""
        at_us = time.time_ns() // 1_000
        self._waiting.extend((delivery, at_us) for delivery in deliveries)
        self.counters.messages += len(deliveries)
        self._wake.set()

    async def run(self) -> None:
        """Stores what comes, for ever. Restartable: what was not committed comes again."""
        connection: Connection | None = None
        retry_s = RETRY_FIRST_S
        taken: list[tuple[Delivery, int]] = []
        await self.load()
        try:
            while True:
                if not taken:
                    taken = await self._next()
                try:
                    if connection is None:
                        connection = await connect()
                    await self._store(connection, taken)
                except (psycopg.Error, OSError) as error:
                    self.counters.failures += 1
                    log.warning("foreign messages not committed, trying again", error=str(error), retry_s=retry_s)
                    await drop(connection)
                    connection = None
                    await asyncio.sleep(retry_s)
                    retry_s = min(2 * retry_s, RETRY_MAX_S)
                    continue
                taken, retry_s = [], RETRY_FIRST_S
        finally:
            await drop(connection)

    async def keep_fresh(self) -> None:
        """Reads the rules again when somebody changes them, and now and then."""
        unlisten = listen(self._on)
        try:
            while True:
                try:
                    async with asyncio.timeout(RELOAD_EVERY_S):
                        await self._stale.wait()
                except TimeoutError:
                    pass  # time to look anyway
                self._stale.clear()
                await self.load()
        finally:
            unlisten()

    async def write_last_heard(self) -> None:
        """Writes what each topic said last, so that people can see it while they map it."""
        while True:
            await asyncio.sleep(WRITE_EVERY_S)
            heard, self._last = self._last, {}
            if heard:
                async with transaction(EVERY_TENANT) as tx:
                    await foreign.keep_messages(tx, heard)

    async def load(self) -> None:
        async with transaction(EVERY_TENANT) as tx:
            found = await foreign.sensors(tx)
        self._sensors = {(sensor.tenant_id, sensor.topic): sensor for sensor in found}

    async def _next(self) -> list[tuple[Delivery, int]]:
        await self._wake.wait()
        await asyncio.sleep(LINGER_S)
        self._wake.clear()
        taken, self._waiting = self._waiting, []
        return taken

    async def _store(self, connection: Connection, taken: list[tuple[Delivery, int]]) -> None:
        mapped = [heard for delivery, at_us in taken if (heard := self._mapped(delivery, at_us)) is not None]
        repeated = await _stored_before(connection, [heard for heard in mapped if heard.delivery.duplicate])
        batch = Batch()
        for heard in mapped:
            if (heard.sensor.device_id, heard.mark) in repeated:
                self.counters.repeated += 1
            else:
                self._read(batch, heard)
        if not batch.is_empty:
            for _, recorded in await commit(connection, batch, self._directory, self._hub):
                self.counters.stored += recorded.new
        if self.link is not None:
            self.link.acknowledge([delivery for delivery, _ in taken])

    def _mapped(self, delivery: Delivery, at_us: int) -> _Heard | None:
        """The sensor whose topic this is, if there is one and it may speak."""
        _, tenant, topic = f"{delivery.topic}/".split("/", 2)
        tenant_id, topic = _uuid(tenant), topic.removesuffix("/")
        if tenant_id is None:
            return None
        if len(self._last) < TOPICS_WAITING_MAX:
            self._last[(tenant_id, topic)] = (datetime.fromtimestamp(at_us / 1e6, UTC), _shown(delivery.payload))
        sensor = self._sensors.get((tenant_id, topic))
        known = self._directory.devices.get(sensor.device_id) if sensor else None
        if sensor is None or known is None:
            self.counters.unmapped += 1
            return None
        return _Heard(sensor, known, delivery, at_us)

    def _read(self, batch: Batch, heard: _Heard) -> None:
        sensor, known, payload = heard.sensor, heard.known, heard.delivery.payload
        if heard.delivery.retain and not sensor.time_path:
            return  # of unknown age, and nobody's fault: brokers hand such messages over with each subscription
        said = read(payload, sensor.rules, sensor.time_path, ZoneInfo(sensor.zone))
        reason = Reject.DISABLED_DEVICE if not known.enabled else said.reason if isinstance(said, Unread) else None
        detail = said.detail if isinstance(said, Unread) else heard.delivery.topic
        if reason is None and not isinstance(said, Unread):
            at_us = heard.at_us if said.at_us is None else said.at_us
            reason = judge(SEQ, at_us, said.values, heard.at_us)
            if reason is None:
                self._presence.heard(known, heard.at_us)
                batch.readings.append(
                    Reading(known.tenant_id, known.pit_id, known.device_id, heard.mark, SEQ, at_us, said.values)
                )
                return
        if reason is not None:
            self.counters.rejected += 1
            batch.reject(Rejection(known.device_id, known.tenant_id, reason, detail, payload))

    def _on(self, announcement: Announcement) -> None:
        if announcement.topic in (Topic.DEVICE, Topic.PIT, Topic.TENANT):
            self._stale.set()


async def _stored_before(connection: Connection, repeated: list[_Heard]) -> set[tuple[str, int]]:
    """Which of the messages that were sent again are stored: by device and fingerprint."""
    if not repeated:
        return set()
    ids, marks = {heard.sensor.device_id for heard in repeated}, {heard.mark for heard in repeated}
    cursor = await connection.execute(foreign.IS_STORED, [list(ids), list(marks)])
    found = {(device_id, mark) for device_id, mark in await cursor.fetchall()}
    await connection.rollback()  # the batch has a transaction of its own
    return found


def _shown(payload: bytes) -> str:
    return payload[:SHOWN_CHARS_MAX].decode("utf-8", "replace").replace("\x00", "\ufffd")


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
