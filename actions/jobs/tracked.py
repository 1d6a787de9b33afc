"""What the holder of a customer's link sees of a job: nothing of people, telephone numbers, ids or other jobs."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from actions.jobs.around import limits_of
from actions.people import throttle
from domain.jobs.climate import Minute, StageSpan, of_stages, share_of
from domain.jobs.eta import Forecast, forecast
from domain.jobs.tracking import hash_of, masked_plate
from domain.jobs.words import Stage, State
from domain.readings import Metric
from domain.refusals import Refusal, TryLater
from domain.throttling import ADDRESS
from storage import history, job_links, job_rows, jobs
from storage.session import EVERY_TENANT, transaction

_BY_MINUTE = history.BY_NAME["1m"]


@dataclass(frozen=True, slots=True)
class Followed:
    """The job that a link leads to; never shown."""

    tenant_id: UUID
    job_id: UUID


@dataclass(frozen=True, slots=True)
class Tracked:
    state: State
    stage: Stage | None
    """What is being worked on; None before the work, in its check and after it."""
    make: str
    model: str
    colour: str
    plate: str
    """Masked."""
    climate_share: float | None
    """0 to 1, of the minutes of work that were measured; None: none was."""
    forecast: Forecast


async def track(token: str, address: str, now: datetime) -> Refusal | TryLater | Tracked:
    """LINK_UNKNOWN: there is no such link, or it is over, or was ended: the answer is the same."""
    found = await find(token, address, now)
    if not isinstance(found, Followed):
        return found
    async with transaction(found.tenant_id) as tx:
        return await _seen(tx, found.tenant_id, found.job_id, now)


async def find(token: str, address: str, now: datetime) -> Refusal | TryLater | Followed:
    """The job of a link. Whoever guesses has to wait longer and longer, by network address."""
    guess = await throttle.attempt({throttle.key_of("track", throttle.network_of(address)): ADDRESS}, now)
    if isinstance(guess, TryLater):
        return guess
    async with transaction(EVERY_TENANT) as tx:
        found = await job_links.job_of(tx, hash_of(token), now)
        if found is None:
            return Refusal.LINK_UNKNOWN
        await throttle.forgive(tx, guess)
    return Followed(*found)


async def _seen(tx: AsyncSession, tenant_id: UUID, job_id: UUID, now: datetime) -> Refusal | Tracked:
    locked, row = await job_rows.read(tx, tenant_id, job_id), await jobs.one(tx, tenant_id, job_id)
    if locked is None or row is None:
        return Refusal.LINK_UNKNOWN
    job, calendar = locked.job, await job_rows.calendar(tx, tenant_id)
    worked = locked.worked_min + (calendar.between(locked.working_since, now) if locked.working_since else 0)
    return Tracked(
        job.state,
        job.stage if job.state is State.IN_PROGRESS else None,
        row.make,
        row.model,
        row.colour,
        masked_plate(row.plate),
        await _climate_share(tx, tenant_id, job_id, now),
        forecast(job, locked.plan, worked, row.promised_at, calendar, now),
    )


async def _climate_share(tx: AsyncSession, tenant_id: UUID, job_id: UUID, now: datetime) -> float | None:
    """By the limits that hold in each pit now."""
    stages = []
    for pit_id, stage, since, until in await job_rows.stage_spans(tx, tenant_id, job_id):
        limits = await limits_of(tx, tenant_id, pit_id)
        span = StageSpan(stage, since, until or now)
        begin = since - timedelta(seconds=since.second, microseconds=since.microsecond)
        series = await history.history(tx, pit_id, begin, span.until, _BY_MINUTE, tuple(limits))
        stages += of_stages([span], _minutes(series), limits)
    return share_of(stages)


def _minutes(series: dict[Metric, history.Series]) -> list[Minute]:
    by_ms: dict[int, dict[Metric, float]] = {}
    for metric, points in series.items():
        for at_ms, mean in zip(points.at_ms, points.mean, strict=True):
            by_ms.setdefault(at_ms, {})[metric] = mean
    return [Minute(datetime.fromtimestamp(ms / 1_000, UTC), by_ms[ms]) for ms in sorted(by_ms)]
