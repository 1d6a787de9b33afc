"""The demo's past, from the same curves that its devices follow: single readings, roll-ups, and the alerts that these
readings would have raised.

Roll-ups of long ago are taken from a few moments of each bucket; the alert rules see whole minutes, and of long ago
only the hours in which somebody sprayed.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import floor
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from actions.alert_rules import step_rules
from actions.directory import PitRules
from actions.limits import resolved_limits
from actions.live import Hub
from domain.readings import METRICS, Reading, by_pit, runs
from storage import partitions, readings
from tests.virtual.climate import HOUR_S, Air, Room, climate, spraying_in
from tests.virtual.fleet import SENSORS

PERIOD_S = 5  # between two readings of a device
SINGLES_S = 2 * HOUR_S
MINUTES_S = 48 * HOUR_S
HOURS_S = 30 * 24 * HOUR_S
_MINUTE_STEP_S, _HOUR_STEP_S = 30, 900  # between the moments that stand for a minute and for an hour

_COLUMNS = ", ".join(f"{m}_{part}" for m in METRICS for part in ("min", "max", "mean", "count"))
Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class PastPit:
    """A pit, its room, its devices with the kind of their sensors, and until when they measured (Unix seconds)."""

    tenant_id: UUID
    pit_id: UUID
    room: Room
    devices: tuple[tuple[str, str], ...]
    until_s: float


async def write_past(tx: AsyncSession, pits: Sequence[PastPit], now: datetime) -> None:
    """Writes the past of new pits and the alerts in it. Part of the caller's transaction, with the worker's rights."""
    singles_since_s, minutes_since_s = _begins(now)
    hours_since_s = minutes_since_s - (HOURS_S - MINUTES_S)
    singles = [reading for pit in pits for reading in _singles(pit, singles_since_s)]
    minutes = {pit.pit_id: _samples(pit, minutes_since_s, singles_since_s, _MINUTE_STEP_S) for pit in pits}
    connection = await _driver(tx)
    async with connection.cursor() as cursor:
        await cursor.execute(readings.STAGE)
        await readings.write(cursor, singles)
        rows = [row for pit in pits for row in _buckets(pit, minutes[pit.pit_id], 60)]
        await _copy(cursor, "reading_1m", rows)
        rows = [row for pit in pits for row in _hours(pit, hours_since_s, minutes_since_s)]
        await _copy(cursor, "reading_1h", rows)
        await _roll_up(tx, datetime.fromtimestamp(hours_since_s, UTC), now)
        seen = [r for pit in pits for r in _on_whole_minutes(pit, minutes[pit.pit_id])]
        seen += [r for pit in pits for r in _sprayed_hours(pit, hours_since_s, minutes_since_s)]
        limits = await resolved_limits(tx, {pit.tenant_id for pit in pits})
        rules = {pit_id: PitRules.of(of_pit) for pit_id, of_pit in limits.items()}
        await step_rules(cursor, by_pit(runs(seen + singles)), rules, Hub())


async def write_minutes(
    tx: AsyncSession, pits: Sequence[PastPit], spans: Sequence[tuple[UUID, datetime, datetime]], now: datetime
) -> None:
    """The minutes of these spans (pit, since, until) that `write_past` kept by the hour only."""
    _singles_since_s, minutes_since_s = _begins(now)
    rows: list[Row] = []
    for pit in pits:
        whole = {
            at_s
            for pit_id, since, until in spans
            if pit_id == pit.pit_id
            for at_s in range(floor(since.timestamp() / 60) * 60, floor(until.timestamp()), 60)
        }
        samples = [(s, climate(pit.room, s)) for at_s in sorted(whole) if at_s < minutes_since_s
                   for s in (at_s, at_s + _MINUTE_STEP_S)]  # fmt: skip
        rows += _buckets(pit, samples, 60)
    async with (await _driver(tx)).cursor() as cursor:
        await _copy(cursor, "reading_1m", rows)


def _begins(now: datetime) -> tuple[int, int]:
    """From when on single readings and minutes are kept, in Unix seconds."""
    minute_s = floor(now.timestamp() / 60) * 60
    return minute_s - SINGLES_S, floor((minute_s - MINUTES_S) / HOUR_S) * HOUR_S


async def _driver(tx: AsyncSession) -> psycopg.AsyncConnection[Any]:
    """The transaction's own connection, for COPY."""
    raw = await (await tx.connection()).get_raw_connection()
    connection = raw.driver_connection
    if not isinstance(connection, psycopg.AsyncConnection):
        raise TypeError(f"a psycopg connection is needed, found {type(connection)}")
    return connection


def _singles(pit: PastPit, since_s: int) -> Iterator[Reading]:
    """Every reading of every device, numbered from 1 as its first boot."""
    for seq, at_s in enumerate(range(since_s, floor(pit.until_s), PERIOD_S), start=1):
        air = climate(pit.room, at_s)._asdict()
        for device_id, sensors in pit.devices:
            values = tuple(air[m] if m in SENSORS[sensors] else None for m in METRICS)
            yield Reading(pit.tenant_id, pit.pit_id, device_id, 1, seq, at_s * 1_000_000, values)


def _samples(pit: PastPit, since_s: int, until_s: int, step_s: int) -> list[tuple[int, Air]]:
    return [(at_s, climate(pit.room, at_s)) for at_s in range(since_s, until_s, step_s)]


def _buckets(pit: PastPit, samples: Sequence[tuple[int, Air]], bucket_s: int) -> Iterator[Row]:
    """Rolls samples up; the counts are those of the readings for which they stand."""
    per_bucket: dict[int, list[Air]] = {}
    for at_s, air in samples:
        per_bucket.setdefault(at_s - at_s % bucket_s, []).append(air)
    count = bucket_s // PERIOD_S
    for at_s, airs in per_bucket.items():
        parts = [(min(v), max(v), sum(v) / len(v), count) for v in zip(*airs, strict=True)]
        at = datetime.fromtimestamp(at_s, UTC)
        yield pit.tenant_id, pit.pit_id, at, count * len(pit.devices), *(part for four in parts for part in four)


def _hours(pit: PastPit, since_s: int, until_s: int) -> Iterator[Row]:
    for hour_s in range(since_s, until_s, HOUR_S):
        step_s = 60 if _is_sprayed(pit, hour_s) else _HOUR_STEP_S  # mist would be missed by six moments
        yield from _buckets(pit, _samples(pit, hour_s, hour_s + HOUR_S, step_s), HOUR_S)


def _sprayed_hours(pit: PastPit, since_s: int, until_s: int) -> Iterator[Reading]:
    for hour_s in range(since_s, until_s, HOUR_S):
        if _is_sprayed(pit, hour_s):
            yield from _on_whole_minutes(pit, _samples(pit, hour_s, hour_s + HOUR_S, 60))


def _on_whole_minutes(pit: PastPit, samples: Iterable[tuple[int, Air]]) -> Iterator[Reading]:
    device_id = pit.devices[0][0]
    for at_s, air in samples:
        if at_s % 60 == 0:
            yield Reading(pit.tenant_id, pit.pit_id, device_id, 0, at_s, at_s * 1_000_000, tuple(air))


def _is_sprayed(pit: PastPit, hour_s: int) -> bool:
    return pit.room.sprays and spraying_in(pit.room.seed, hour_s // HOUR_S) is not None


async def _copy(cursor: psycopg.AsyncCursor[Any], table: str, rows: Iterable[Row]) -> None:
    """COPY is refused on a table with row-level security, hence the stage."""
    await cursor.execute(f"CREATE TEMP TABLE past (LIKE {table}) ON COMMIT DROP")
    async with cursor.copy(f"COPY past (tenant_id, pit_id, at, readings, {_COLUMNS}) FROM STDIN") as copy:
        for row in rows:
            await copy.write_row(row)
    await cursor.execute(f"INSERT INTO {table} SELECT * FROM past")
    await cursor.execute("DROP TABLE past")


async def _roll_up(tx: AsyncSession, since: datetime, now: datetime) -> None:
    """Lets the product roll up what is missing, from where the past begins; it goes on from there by itself."""
    await tx.execute(
        text(
            "INSERT INTO rollup_progress (step, until) VALUES ('minute', :since)"
            " ON CONFLICT (step) DO UPDATE SET until = excluded.until"
        ),
        {"since": since + partitions.OVERLAP},
    )
    await partitions.roll_up(tx, now)


async def note_past_alerts(tx: AsyncSession, people: dict[UUID, list[UUID]], notes: dict[str, tuple[str, ...]]) -> None:
    """Has staff (by tenant) acknowledge two of three resolved alerts, two minutes after each was raised."""
    after = timedelta(minutes=2)
    rows = await tx.execute(
        text(
            "SELECT id, tenant_id, rule, raised_at FROM alert WHERE resolved_at > raised_at + :after ORDER BY raised_at"
        ),
        {"after": after},
    )
    for n, (alert_id, tenant_id, rule, raised_at) in enumerate(rows.all()):
        if n % 3 == 2:
            continue
        person_id = people[tenant_id][n % len(people[tenant_id])]
        note = notes[rule][n % len(notes[rule])]
        bound = {"id": alert_id, "tenant": tenant_id, "at": raised_at + after, "by": person_id, "note": note}
        await tx.execute(
            text("UPDATE alert SET acknowledged_at = :at, acknowledged_by = :by, note = :note WHERE id = :id"), bound
        )
        await tx.execute(
            text(
                "INSERT INTO alert_event (tenant_id, alert_id, at, kind, person_id, note)"
                " VALUES (:tenant, :id, :at, 'acknowledged', :by, :note)"
            ),
            bound,
        )
