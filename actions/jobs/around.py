"""What is true around a job at this moment: whether its pit is free, and how the climate is there."""

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from domain.jobs.climate import FRESH, ClimateNow, climate_now
from domain.jobs.job import Around, Job
from domain.jobs.moves import CLIMATE_STEADY
from domain.limits import DEFAULTS, Limits, Origin, resolve
from domain.readings import METRICS, Metric
from storage import history, job_rows, queries


async def around(tx: AsyncSession, tenant_id: UUID, job: Job, now: datetime) -> Around:
    """Locks the job's pit, so that two cars don't come into it at once; the job is locked before."""
    if job.pit_id is None or not await job_rows.lock_pit(tx, job.pit_id):
        return Around(now, pit_is_free=False, climate_ok_since=None, climate_known=False)
    is_free = await job_rows.is_pit_free(tx, tenant_id, job.pit_id, job.id)
    climate = await climate_of(tx, tenant_id, job.pit_id, now)
    return Around(now, is_free, climate.ok_since, climate.known)


async def climate_of(tx: AsyncSession, tenant_id: UUID, pit_id: UUID, now: datetime) -> ClimateNow:
    """By the pit's own limits and its readings of the last minutes."""
    limits = await limits_of(tx, tenant_id, pit_id)
    measured = tuple(metric for metric in METRICS if metric in limits)
    since = now - CLIMATE_STEADY - FRESH
    series = await history.history(tx, pit_id, since, now, history.RAW, measured)
    points = {
        metric: [(datetime.fromtimestamp(ms / 1_000, UTC), value) for ms, value in zip(s.at_ms, s.mean, strict=True)]
        for metric, s in series.items()
    }
    return climate_now(points, limits, now)


async def limits_of(tx: AsyncSession, tenant_id: UUID, pit_id: UUID) -> dict[Metric, Limits]:
    """The limits that hold in a pit, of those metrics that have any."""
    said = (await queries.limits_said(tx, {tenant_id})).get(pit_id, {})
    resolved = {
        metric: resolve({**places, Origin.DEFAULT: DEFAULTS.get(metric, Limits())})[0]
        for metric, places in said.items()
    }
    return {metric: limits for metric, limits in resolved.items() if limits != Limits()}
