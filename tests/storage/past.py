"""Random readings of a workshop's past, and what their roll-ups must be when somebody adds them up one by one."""

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from actions.directory import Directory
from actions.live import Hub
from actions.readings import Batch, record
from domain.readings import FACTS, METRICS, Reading
from storage import partitions
from storage.readings import STAGE
from storage.session import EVERY_TENANT, transaction, worker_connection
from tests.conftest import Workshop

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Row = tuple[int, tuple[tuple[float | None, float | None, float | None, int], ...]]
"""A bucket: how many readings, and for each metric least, greatest and mean value and how many there were."""


@dataclass
class Story:
    """Readings that arrive while the clock runs, as one device after the other would send them."""

    shop: Workshop
    chance: random.Random
    seq: int = 0

    def reading(self, at: datetime) -> Reading:
        """Any plausible reading of this moment, of either pit or of none."""
        self.seq += 1
        pit_id = self.chance.choice([self.shop.pit_id, self.shop.pit_id, self.shop.other_pit_id, None])
        values = tuple(
            None if self.chance.random() < 0.3 else round(self.chance.uniform(FACTS[m].lowest, FACTS[m].highest), 2)
            for m in METRICS
        )
        at_us = round(at.timestamp() * 1_000) * 1_000
        return Reading(self.shop.tenant_id, pit_id, self.shop.device_id, 1, self.seq, at_us, values)


async def arrive(readings: Sequence[Reading], now: datetime) -> None:
    """Records readings as ingest does, at this moment."""
    directory = Directory()
    connection = await worker_connection()
    try:
        await connection.execute(STAGE)
        await connection.commit()
        await record(connection, Batch(readings=list(readings)), directory, Hub(), now)
    finally:
        directory.close()
        await connection.close()


async def roll_up(now: datetime) -> int:
    async with transaction(EVERY_TENANT) as tx:
        return await partitions.roll_up(tx, now)


async def rolled_up(table: str) -> dict[tuple[UUID, datetime], Row]:
    """What a roll-up table holds."""
    parts = ", ".join(f"{m}_min, {m}_max, {m}_mean, {m}_count" for m in METRICS)
    async with transaction(EVERY_TENANT) as tx:
        rows = (await tx.execute(text(f"SELECT pit_id, at, readings, {parts} FROM {table}"))).all()
    return {(row[0], row[1]): (row[2], tuple(_quarters(row[3:]))) for row in rows}


def _quarters(parts: Sequence[Any]) -> Iterable[tuple[Any, Any, Any, Any]]:
    return (tuple(parts[i : i + 4]) for i in range(0, len(parts), 4))


def added_up(readings: Iterable[Reading], bucket: timedelta, until: datetime) -> dict[tuple[UUID, datetime], Row]:
    """The same from single readings, without a database."""
    buckets: dict[tuple[UUID, datetime], list[Reading]] = defaultdict(list)
    for reading in readings:
        at = EPOCH + timedelta(microseconds=reading.at_us)
        if reading.pit_id is not None and at < until:
            buckets[(reading.pit_id, at - (at - EPOCH) % bucket)].append(reading)
    return {key: (len(group), tuple(_summary(group, i) for i in range(len(METRICS)))) for key, group in buckets.items()}


def _summary(readings: Sequence[Reading], index: int) -> tuple[Any, Any, Any, int]:
    values = [value for reading in readings if (value := reading.values[index]) is not None]
    if not values:
        return None, None, None, 0
    # The database keeps single precision; a mean of means stays within some of its steps.
    least, greatest, mean = (pytest.approx(v, rel=1e-5) for v in (min(values), max(values), sum(values) / len(values)))
    return least, greatest, mean, len(values)
