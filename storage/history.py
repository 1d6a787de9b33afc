"""A pit's past: the table whose resolution fits the window, so that a chart never has more than about 1,500 points."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from domain.readings import METRICS, Metric


@dataclass(frozen=True, slots=True)
class Resolution:
    """A source of points: single readings, or buckets of `bucket_s` seconds out of a roll-up."""

    name: str
    table: str
    bucket_s: int
    longest: timedelta
    """The longest window that it is used for by itself."""


RAW = Resolution("raw", "reading", 0, timedelta(hours=2))
RESOLUTIONS = (
    RAW,
    Resolution("1m", "reading_1m", 60, timedelta(hours=24)),
    Resolution("10m", "reading_1m", 600, timedelta(days=10)),
    Resolution("1h", "reading_1h", 3_600, timedelta(days=60)),
    Resolution("1d", "reading_1d", 86_400, timedelta(days=3_660)),
)
BY_NAME = {resolution.name: resolution for resolution in RESOLUTIONS}
POINTS_MAX = 5_000
RECENT = timedelta(minutes=3)  # younger minutes may not be rolled up yet


@dataclass(frozen=True, slots=True)
class Series:
    """One metric: moments in milliseconds since 1970 UTC with mean, least and greatest value of each bucket.

    A bucket without a value is left out: devices of one pit measure different things at different moments.
    """

    at_ms: list[int]
    mean: list[float]
    low: list[float]
    high: list[float]


def fitting(window: timedelta) -> Resolution:
    """The finest resolution whose points a chart of this window can show."""
    return next((r for r in RESOLUTIONS if window <= r.longest), RESOLUTIONS[-1])


async def history(
    tx: AsyncSession,
    pit_id: UUID,
    since: datetime,
    until: datetime,
    resolution: Resolution,
    metrics: tuple[Metric, ...],
) -> dict[Metric, Series]:
    """Returns the metrics that were measured at all in the window, oldest first."""
    if not metrics:
        return {}
    rows = (
        await tx.execute(
            text(_statement(resolution, metrics)),
            {"pit_id": pit_id, "since": since, "until": until, "limit": POINTS_MAX * (8 if resolution is RAW else 1)},
        )
    ).all()
    if not rows:
        return {}
    per_metric = 1 if resolution is RAW else 3
    out: dict[Metric, Series] = {}
    for i, metric in enumerate(metrics):
        at = 1 + i * per_metric
        points = [(int(row[0]), *row[at : at + per_metric]) for row in rows if row[at] is not None]
        if points:
            at_ms, mean, *span = (list(column) for column in zip(*points, strict=True))
            low, high = span or (mean, mean)  # a single reading is its own lowest and highest
            out[metric] = Series(at_ms, mean, low, high)
    return out


async def holds_more(tx: AsyncSession, pit_id: UUID, since: datetime, until: datetime, most: int) -> bool:
    """Whether the window has more single readings than `most`; stops counting there."""
    counted = await tx.execute(
        text(
            f"SELECT count(*) FROM (SELECT 1 FROM reading WHERE {_OF_PIT} AND at >= :since AND at < :until"
            " LIMIT :enough) counted"
        ),
        {"pit_id": pit_id, "since": since, "until": until, "enough": most + 1},
    )
    return int(counted.scalar_one()) > most


# The primary key begins with the device. All of the tenant's are looked at: one may have stood in this pit before.
_OF_PIT = """device_id IN (SELECT id FROM device WHERE tenant_id = (SELECT tenant_id FROM pit WHERE id = :pit_id))
    AND pit_id = :pit_id"""


def _statement(resolution: Resolution, metrics: tuple[Metric, ...]) -> str:
    where = "at >= :since AND at < :until"
    if resolution is RAW:
        return f"""SELECT (extract(epoch FROM at) * 1000)::bigint, {", ".join(metrics)} FROM reading
            WHERE {_OF_PIT} AND {where} ORDER BY at LIMIT :limit"""  # metrics are our own names
    bucket = f"date_bin('{resolution.bucket_s} seconds', at, timestamptz '2000-01-01 00:00:00+00')"
    columns = ", ".join(
        f"(sum({m}_mean::float8 * {m}_count) / nullif(sum({m}_count), 0))::real, min({m}_min), max({m}_max)"
        for m in metrics
    )
    return f"""SELECT (extract(epoch FROM {bucket}) * 1000)::bigint AS at_ms, {columns}
        FROM {resolution.table} WHERE pit_id = :pit_id AND {where} GROUP BY 1 ORDER BY 1 LIMIT :limit"""


async def last_hour(tx: AsyncSession, now: datetime) -> list[tuple[UUID, UUID, int, tuple[float | None, ...]]]:
    """Every pit's last hour, oldest first: (tenant, pit, moment in µs since 1970 UTC, a value for each of METRICS).

    Whole minutes come from the roll-up, which is small; what it can't have yet comes from single readings.
    """
    means, plain = ", ".join(f"{m}_mean" for m in METRICS), ", ".join(METRICS)
    rows = await tx.execute(
        text(
            f"SELECT tenant_id, pit_id, at, {means} FROM reading_1m WHERE at >= :hour AND at < :recent"
            f" UNION ALL SELECT tenant_id, pit_id, at, {plain} FROM reading"
            " WHERE at >= :recent AND at <= :now AND pit_id IS NOT NULL ORDER BY 3"
        ),
        {"hour": now - timedelta(hours=1), "recent": now - RECENT, "now": now},
    )
    return [(row[0], row[1], round(row[2].timestamp() * 1_000_000), tuple(row[3:])) for row in rows.all()]
