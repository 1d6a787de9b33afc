"""The climate of a job: what was measured in its pits while it was worked on, by the minute, and the limits there."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from actions.jobs.around import limits_of
from domain.jobs.climate import Minute, StageClimate, StageSpan, of_stages
from domain.limits import Limits
from domain.readings import Metric
from storage import history, job_rows

BY_MINUTE = history.BY_NAME["1m"]
AT_ONCE = timedelta(days=3)  # below history.POINTS_MAX minutes


@dataclass(frozen=True, slots=True)
class SpanClimate:
    """One span of work in one pit."""

    span: StageSpan
    limits: Mapping[Metric, Limits]
    minutes: tuple[Minute, ...]
    """Means, in order."""
    extremes: Mapping[Metric, tuple[float, float]]
    """Lowest and highest single reading."""

    @property
    def judged(self) -> StageClimate:
        return of_stages([self.span], self.minutes, self.limits)[0]


async def climate_of_job(tx: AsyncSession, tenant_id: UUID, job_id: UUID, now: datetime) -> list[SpanClimate]:
    """By the limits that hold in each pit now; a span that goes on ends `now`."""
    known: dict[UUID, dict[Metric, Limits]] = {}
    found = []
    for pit_id, stage, since, until in await job_rows.stage_spans(tx, tenant_id, job_id):
        if pit_id not in known:
            known[pit_id] = await limits_of(tx, tenant_id, pit_id)
        found.append(await _of_span(tx, pit_id, StageSpan(stage, since, until or now), known[pit_id]))
    return found


async def _of_span(tx: AsyncSession, pit_id: UUID, span: StageSpan, limits: Mapping[Metric, Limits]) -> SpanClimate:
    by_ms: dict[int, dict[Metric, float]] = {}
    extremes: dict[Metric, tuple[float, float]] = {}
    begin = span.since.replace(second=0, microsecond=0)
    while begin < span.until:
        end = min(begin + AT_ONCE, span.until)
        for metric, points in (await history.history(tx, pit_id, begin, end, BY_MINUTE, tuple(limits))).items():
            for at_ms, mean in zip(points.at_ms, points.mean, strict=True):
                by_ms.setdefault(at_ms, {})[metric] = mean
            low, high = extremes.get(metric, (points.low[0], points.high[0]))
            extremes[metric] = min(low, *points.low), max(high, *points.high)
        begin = end
    minutes = tuple(Minute(datetime.fromtimestamp(ms / 1_000, UTC), by_ms[ms]) for ms in sorted(by_ms))
    return SpanClimate(span, limits, minutes, extremes)
