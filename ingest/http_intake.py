"""What devices send over HTTP, gathered for a moment, committed together, and answered one by one after COMMIT.

The rules are those of MQTT. The difference: nobody redelivers, so a request is never kept waiting for a database that
is away; the device is told to come again, and keeps its readings until it is told that they are stored.
"""

import asyncio
import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import psycopg
import structlog

from actions.directory import Directory, Known
from actions.live import Hub
from actions.readings import Batch, Rejection
from domain.readings import Reject
from ingest import wire
from ingest.commit import Connection, commit, connect, drop
from ingest.consumer import Counters, admission, ranges, take_message
from ingest.presence import Presence

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

LINGER_S = 0.02  # requests within this time share a transaction
WAITING_MAX = 500  # requests; about what a second's work can answer
ANSWER_WITHIN_S = 10.0


class Away(Exception):
    """Nothing is known to be stored: the database does not answer, or too many requests wait for it."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a message's readings, as closed ranges of `seq`: committed, or refused for good."""

    boot_id: int
    stored: list[tuple[int, int]]
    refused: list[tuple[int, int]]


Answer = Settled | wire.Refused | None
"""None: no device has this key."""


@dataclass(slots=True)
class _Waiting:
    key_hash: bytes
    payload: bytes
    arrival_us: int
    answer: asyncio.Future[Answer]


@dataclass(slots=True)
class _Seqs:
    """Numbers of committed and of refused readings by device and boot."""

    stored: dict[tuple[str, int], set[int]] = field(default_factory=dict)
    refused: dict[tuple[str, int], set[int]] = field(default_factory=dict)


class HttpIntake:
    """Answers messages; `run` must be running. Counters are those of the MQTT consumer."""

    def __init__(self, directory: Directory, hub: Hub, presence: Presence) -> None:
        self.counters = Counters()
        self._directory, self._hub, self._presence = directory, hub, presence
        self._waiting: list[_Waiting] = []
        self._wake = asyncio.Event()

    async def take(self, key: str, payload: bytes) -> Answer:
        """Returns what became of a message, after COMMIT.

        Raises:
            Away: the device should send it again.
        """
        if len(self._waiting) >= WAITING_MAX:
            raise Away("too many requests wait")
        key_hash = hashlib.sha256(key.encode()).digest()
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(key_hash, payload, time.time_ns() // 1_000, answer))
        self._wake.set()
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                return await answer
        except TimeoutError:
            raise Away("no answer in time") from None

    async def run(self) -> None:
        """Commits for ever. Whoever waits when it ends is sent away."""
        connection: Connection | None = None
        taken: list[_Waiting] = []
        try:
            while True:
                await self._wake.wait()
                await asyncio.sleep(LINGER_S)
                self._wake.clear()
                taken, self._waiting = self._waiting, []
                connection = await self._settle(connection, taken)
        finally:
            _send_away(taken + self._waiting)
            self._waiting = []
            await drop(connection)

    async def _settle(self, connection: Connection | None, taken: Sequence[_Waiting]) -> Connection | None:
        """Answers all that were taken; returns the connection that is good for the next time.

        A connection that broke while it was idle is no reason to send anybody away, so there is a second try.
        """
        for _ in range(2):
            try:
                connection = connection or await connect()
                await self._answer(connection, taken)
                return connection
            except (psycopg.Error, OSError) as error:
                self.counters.failures += 1
                log.warning("requests not committed", error=str(error), requests=len(taken))
                await drop(connection)
                connection = None
        _send_away(taken)
        return None

    async def _answer(self, connection: Connection, taken: Sequence[_Waiting]) -> None:
        names = await _devices_of(connection, [w.key_hash for w in taken])
        batch, seqs = Batch(), _Seqs()
        messages: list[tuple[_Waiting, Known, wire.Telemetry | wire.Refused]] = []
        for waiting in taken:
            name = names.get(waiting.key_hash)
            known = self._directory.devices.get(name) if name else None
            if known is not None:
                messages.append((waiting, known, self._parse(batch, known, waiting)))
            elif name is None:
                _give(waiting, None)
            else:
                _send_away([waiting])  # a device so new that the directory has not heard of it yet
        started = time.perf_counter()
        await self._commit(connection, batch, seqs)
        self.counters.commit_s += time.perf_counter() - started
        for waiting, known, message in messages:
            if isinstance(message, wire.Refused):
                _give(waiting, message)
            else:
                _give(waiting, _settled(known.device_id, message, seqs))

    def _parse(self, batch: Batch, known: Known, waiting: _Waiting) -> wire.Telemetry | wire.Refused:
        payload, counters = waiting.payload, self.counters
        counters.messages += 1
        message: wire.Telemetry | wire.Refused
        if reason := admission(known, wire.VERSION, known.tenant_topic, retain=False):
            message = wire.Refused(reason, "this device is switched off")
        else:
            self._presence.heard(known, waiting.arrival_us)
            message = _read(payload)
        if isinstance(message, wire.Refused):
            batch.reject(Rejection(known.device_id, known.tenant_id, message.reason, message.detail, payload))
            counters.rejected += 1
        else:
            counters.rejected += take_message(batch, known, message, payload, waiting.arrival_us)
            counters.readings += len(message.readings)
        return message

    async def _commit(self, connection: Connection, batch: Batch, seqs: _Seqs) -> None:
        if batch.is_empty:
            return
        for part, recorded in await commit(connection, batch, self._directory, self._hub):
            self.counters.batches += 1
            self.counters.stored += recorded.new
            for reading in recorded.readings:
                seqs.stored.setdefault((reading.device_id, reading.boot_id), set()).add(reading.seq)
            for key, refused in part.refused_seqs.items():
                seqs.refused.setdefault(key, set()).update(refused)


def _read(payload: bytes) -> wire.Telemetry | wire.Refused:
    if len(payload) > wire.PAYLOAD_BYTES_MAX:  # nobody read on to see how long it really is
        return wire.Refused(Reject.OVERSIZED, f"more than {wire.PAYLOAD_BYTES_MAX} bytes")
    return wire.telemetry(payload)


def _settled(device_id: str, message: wire.Telemetry, seqs: _Seqs) -> Settled:
    key = (device_id, message.boot_id)
    mine = {reading.seq for reading in message.readings}
    stored = mine & seqs.stored.get(key, set())
    refused = (mine & seqs.refused.get(key, set())) - stored
    return Settled(message.boot_id, ranges(list(stored)), ranges(list(refused)))


async def _devices_of(connection: Connection, key_hashes: list[bytes]) -> dict[bytes, str]:
    """Looks keys up; the work is the same whether they are anybody's or not."""
    async with connection.transaction(), connection.cursor() as cursor:
        await cursor.execute("SELECT key_hash, id FROM device WHERE key_hash = ANY(%s)", [key_hashes])
        return {bytes(key_hash): name for key_hash, name in await cursor.fetchall()}


def _give(waiting: _Waiting, answer: Answer) -> None:
    if not waiting.answer.done():  # whoever asked may have given up
        waiting.answer.set_result(answer)


def _send_away(waiting: Sequence[_Waiting]) -> None:
    for one in waiting:
        if not one.answer.done():
            one.answer.set_exception(Away("the database does not answer"))
