"""Recording what devices measured: one transaction a batch, for readings, boots, refusals and alert rules alike."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from itertools import chain
from typing import Any
from uuid import UUID

import psycopg

from actions.alert_changes import AlertNews
from actions.alert_rules import step_rules
from actions.announce import Announcement, Topic, notify_sql
from actions.directory import Directory, Known
from actions.live import Hub
from domain.readings import Reading, Reject, by_pit, judge, runs
from storage import readings as stored
from storage.partitions import LATE_AFTER_S

SAMPLES_KEPT = 20  # of a device
SAMPLES_PER_BATCH = 50
SAMPLE_CHARS = 400
UNKNOWN_DEVICES_MAX = 500  # names that are not ours are kept at most this often in one batch; the rest share one row
OTHERS = "(others)"


@dataclass(frozen=True, slots=True)
class Rejection:
    """A refused message or reading."""

    device_id: str
    tenant_id: UUID | None
    reason: Reject
    detail: str
    payload: bytes


@dataclass(slots=True)
class Undated:
    """A reading without a clock: its moment needs the anchor of its boot."""

    known: Known
    boot_id: int
    seq: int
    up_ms: int
    values: tuple[float | None, ...]
    payload: bytes


@dataclass(slots=True)
class Batch:
    """What was received and not yet committed. Filled by the consumer, written by `record`."""

    readings: list[Reading] = field(default_factory=list)
    undated: list[Undated] = field(default_factory=list)
    boots: dict[tuple[str, int], tuple[Known, int]] = field(default_factory=dict)
    """Boots seen for the first time: their anchor in microseconds since 1970 UTC if this message is the first."""
    refused: Counter[tuple[str, UUID | None, Reject]] = field(default_factory=Counter)
    samples: list[Rejection] = field(default_factory=list)
    refused_seqs: dict[tuple[str, int], list[int]] = field(default_factory=dict)
    """Readings that will never be stored, by device and boot: the device is told to drop them."""

    def halves(self) -> "tuple[Batch, Batch] | None":
        """Splits the readings in two, everything else goes with the first; None if there is nothing left to split."""
        count = len(self.readings) + len(self.undated)
        if count < 2:
            return None
        dated = min(count // 2, len(self.readings))
        undated = count // 2 - dated
        first = replace(self, readings=self.readings[:dated], undated=self.undated[:undated])
        return first, Batch(readings=self.readings[dated:], undated=self.undated[undated:])

    @property
    def is_empty(self) -> bool:
        return not (self.readings or self.undated or self.boots or self.refused)

    def reject(self, rejection: Rejection) -> None:
        self.refused[(rejection.device_id, rejection.tenant_id, rejection.reason)] += 1
        if len(self.samples) < SAMPLES_PER_BATCH:
            self.samples.append(rejection)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a batch came to: all readings that are now stored (new or known before) and how many were new."""

    readings: list[Reading]
    new: int
    news: list[AlertNews]


async def record(
    connection: psycopg.AsyncConnection[Any], batch: Batch, directory: Directory, hub: Hub, now: datetime
) -> Recorded:
    """Commits a batch, then tells the hub. Safe to call again with the same batch after a failure.

    Locks the rows of restless rules, in the order of their keys. The connection has `storage.readings.STAGE`.

    Raises:
        psycopg.Error: nothing was committed.
    """
    readings = list(batch.readings)
    refused, samples = batch.refused.copy(), list(batch.samples)
    async with connection.transaction(), connection.cursor() as cursor:
        await _anchor(cursor, batch, readings, refused, samples, now)
        of_devices = runs(readings)
        new = await stored.write(cursor, chain.from_iterable(of_devices)) if readings else 0
        await _mark_late(cursor, readings, now)
        pits = by_pit(of_devices)
        news = await step_rules(cursor, pits, directory.rules, hub)
        if refused:
            await _count(cursor, refused, samples, now)
        if news:
            await cursor.execute(
                *notify_sql([Announcement(Topic.ALERT, n.tenant_id, n.pit_id, str(n.alert_id)) for n in news])
            )
    hub.put_sorted(pits)
    for item in news:
        hub.set_level(item.pit_id, item.tenant_id, item.rule, item.level)
    return Recorded(readings, new, news)


async def _anchor(
    cursor: psycopg.AsyncCursor[Any],
    batch: Batch,
    readings: list[Reading],
    refused: Counter[tuple[str, UUID | None, Reject]],
    samples: list[Rejection],
    now: datetime,
) -> None:
    """Writes new boots (first one wins) and dates the readings that need an anchor."""
    anchors_us = await _boots(cursor, batch)
    now_us = round(now.timestamp() * 1_000_000)
    for u in batch.undated:
        known = u.known
        anchor_us = anchors_us.get((known.device_id, u.boot_id))
        at_us = 0 if anchor_us is None else anchor_us + u.up_ms * 1_000
        reason = Reject.NO_TIME if anchor_us is None else judge(u.seq, at_us, u.values, now_us)
        if reason is None:
            readings.append(Reading(known.tenant_id, known.pit_id, known.device_id, u.boot_id, u.seq, at_us, u.values))
            continue
        refused[(known.device_id, known.tenant_id, reason)] += 1
        samples.append(Rejection(known.device_id, known.tenant_id, reason, f"seq {u.seq}", u.payload))
        batch.refused_seqs.setdefault((known.device_id, u.boot_id), []).append(u.seq)


async def _boots(cursor: psycopg.AsyncCursor[Any], batch: Batch) -> dict[tuple[str, int], int]:
    """Writes new boots and returns the anchors of all that the batch needs, microseconds since 1970 UTC."""
    if not batch.boots and not batch.undated:
        return {}
    if batch.boots:
        rows = [(d, b, k.tenant_id, datetime.fromtimestamp(us / 1e6, UTC)) for (d, b), (k, us) in batch.boots.items()]
        await cursor.execute(
            "INSERT INTO device_boot (device_id, boot_id, tenant_id, anchor_at) SELECT x.* FROM"
            " unnest(%s::text[], %s::int[], %s::uuid[], %s::timestamptz[]) AS x(id, b, t, at)"
            " JOIN device d ON d.id = x.id ON CONFLICT DO NOTHING",  # a device that was removed meanwhile has no boots
            [list(column) for column in zip(*sorted(rows), strict=True)],
        )
    known = {(u.known.device_id, u.boot_id): u.known for u in batch.undated}
    known |= {key: k for key, (k, _) in batch.boots.items()}
    await cursor.execute(
        "SELECT device_id, boot_id, anchor_at FROM device_boot WHERE (device_id, boot_id) IN"
        " (SELECT * FROM unnest(%s::text[], %s::int[]))",
        [[device_id for device_id, _ in known], [boot_id for _, boot_id in known]],
    )
    anchors_us = {(d, b): round(at.timestamp() * 1_000_000) for d, b, at in await cursor.fetchall()}
    for (device_id, boot_id), anchor_us in anchors_us.items():
        known[(device_id, boot_id)].remember(boot_id, anchor_us)
    return anchors_us


async def _mark_late(cursor: psycopg.AsyncCursor[Any], readings: Iterable[Reading], now: datetime) -> None:
    """Remembers the hours whose roll-ups are already made and must be made again."""
    before_us = round((now.timestamp() - LATE_AFTER_S) * 1_000_000)
    hour_us = 3_600_000_000
    late = {(r.pit_id, r.at_us // hour_us, r.tenant_id) for r in readings if r.at_us < before_us and r.pit_id}
    if not late:
        return
    ordered = sorted(late, key=lambda key: (str(key[0]), key[1]))
    await cursor.execute(
        "INSERT INTO rollup_late (pit_id, hour, tenant_id)"
        " SELECT * FROM unnest(%s::uuid[], %s::timestamptz[], %s::uuid[]) ON CONFLICT DO NOTHING",
        [
            [pit_id for pit_id, _, _ in ordered],
            [datetime.fromtimestamp(hour * 3_600, UTC) for _, hour, _ in ordered],
            [tenant_id for _, _, tenant_id in ordered],
        ],
    )


async def _count(
    cursor: psycopg.AsyncCursor[Any],
    refused: Counter[tuple[str, UUID | None, Reject]],
    samples: list[Rejection],
    now: datetime,
) -> None:
    """Adds to the counters and keeps the last few messages of each device."""
    counts: Counter[tuple[str, str, date]] = Counter()
    tenants: dict[tuple[str, str, date], UUID] = {}  # a device may become known in the middle of a batch
    unknown: set[str] = set()
    for (device_id, tenant_id, reason), count in refused.items():
        name = device_id[:80]
        if reason is Reject.UNKNOWN_DEVICE:
            if name not in unknown and len(unknown) >= UNKNOWN_DEVICES_MAX:
                name = OTHERS
            unknown.add(name)
        key = (name, reason.value, now.date())
        counts[key] += count
        if tenant_id is not None:
            tenants[key] = tenant_id
    rows = [(*key, tenants.get(key), count) for key, count in sorted(counts.items())]
    await cursor.execute(
        "INSERT INTO rejection_count AS c (device_id, reason, day, tenant_id, count)"
        " SELECT * FROM unnest(%s::text[], %s::text[], %s::date[], %s::uuid[], %s::bigint[])"
        " ON CONFLICT (device_id, reason, day) DO UPDATE SET count = c.count + excluded.count,"
        " tenant_id = coalesce(excluded.tenant_id, c.tenant_id)",
        [list(column) for column in zip(*rows, strict=True)],
    )
    if not samples:
        return
    texts = [
        (s.tenant_id, s.device_id[:80], now, s.reason, _readable(s.detail.encode())[:200], _readable(s.payload))
        for s in samples
    ]
    await cursor.execute(
        "INSERT INTO rejection_sample (tenant_id, device_id, at, reason, detail, payload)"
        " SELECT * FROM unnest(%s::uuid[], %s::text[], %s::timestamptz[], %s::text[], %s::text[], %s::text[])",
        [list(column) for column in zip(*texts, strict=True)],
    )
    await cursor.execute(
        "DELETE FROM rejection_sample s USING unnest(%s::text[]) AS d(id) WHERE s.device_id = d.id AND s.id <"
        " (SELECT min(id) FROM (SELECT id FROM rejection_sample WHERE device_id = d.id ORDER BY id DESC LIMIT %s) k)",
        [sorted({s.device_id[:80] for s in samples}), SAMPLES_KEPT],
    )


def _readable(payload: bytes) -> str:
    text = payload[:SAMPLE_CHARS].decode("utf-8", "backslashreplace")
    return text.replace("\x00", "\\x00") + ("…" if len(payload) > SAMPLE_CHARS else "")
