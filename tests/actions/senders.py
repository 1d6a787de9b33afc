"""A pit's device as far as the database can tell: it measures every five seconds and is recorded at once."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from sqlalchemy import text

from actions.directory import Directory
from actions.live import Hub
from actions.readings import Batch, Recorded, record
from domain.readings import METRICS, Metric, Reading
from storage.session import EVERY_TENANT, transaction
from tests.conftest import Workshop

EVERY_S = 5
WITHIN_S = 60.0


@dataclass
class Sender:
    """Sends one metric of a workshop's first pit; `at` is when it measures next."""

    shop: Workshop
    directory: Directory
    connection: psycopg.AsyncConnection[Any]
    metric: Metric = Metric.PM25
    hub: Hub = field(default_factory=Hub)
    at: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2))
    seq: int = 0

    async def send(self, value: float, seconds: int = EVERY_S) -> Recorded:
        """Measures this value for so long, in one batch."""
        batch = Batch(readings=[self.measure(value) for _ in range(seconds // EVERY_S)])
        return await record(self.connection, batch, self.directory, self.hub, self.at)

    def measure(self, value: float) -> Reading:
        self.seq += 1
        self.at += timedelta(seconds=EVERY_S)
        values = tuple(value if metric is self.metric else None for metric in METRICS)
        at_us = round(self.at.timestamp() * 1_000_000)
        return Reading(self.shop.tenant_id, self.shop.pit_id, self.shop.device_id, 1, self.seq, at_us, values)


async def fetch(statement: str, **bound: Any) -> list[tuple[Any, ...]]:
    """What the database holds, whoever's it is."""
    async with transaction(EVERY_TENANT) as tx:
        return [tuple(row) for row in (await tx.execute(text(statement), bound)).all()]


async def until(true: Callable[[], bool]) -> None:
    """Waits for what comes by itself, such as an announcement."""
    async with asyncio.timeout(WITHIN_S):
        while not true():
            await asyncio.sleep(0.01)


async def execute(statement: str, **bound: Any) -> None:
    async with transaction(EVERY_TENANT) as tx:
        await tx.execute(text(statement), bound)


async def history_of_alerts() -> list[str]:
    """What happened to all alerts, in order."""
    return [kind for (kind,) in await fetch("SELECT kind FROM alert_event ORDER BY id")]
