"""How much of a job was done within the limits: the share per stage, and each excursion with how long and how far."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.jobs.words import Stage
from domain.limits import Level, Limits
from domain.readings import Metric

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Minute:
    """The means of one minute; a metric that nobody measured is missing."""

    at: datetime
    values: Mapping[Metric, float]


@dataclass(frozen=True, slots=True)
class StageSpan:
    """When a stage was worked on. The same stage may come again, after a hold or as rework."""

    stage: Stage
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class StageClimate:
    stage: Stage
    whole_min: int
    """Minutes that the stage took."""
    known_min: int
    """Minutes in which at least one metric with limits was measured."""
    in_spec_min: int

    @property
    def share(self) -> float | None:
        """0 to 1, of the minutes that are known; None: nobody measured. Unknown never counts as good."""
        return self.in_spec_min / self.known_min if self.known_min else None


@dataclass(frozen=True, slots=True)
class Excursion:
    """One metric outside its limits, minute after minute."""

    metric: Metric
    since: datetime
    until: datetime
    worst: float
    """The value furthest out, in the metric's unit."""

    @property
    def minutes(self) -> int:
        return (self.until - self.since) // MINUTE


def in_spec(values: Mapping[Metric, float], limits: Mapping[Metric, Limits]) -> bool | None:
    """Whether everything that was measured is inside its warning limits; None: nothing with limits was measured."""
    judged = [limits[metric].level_of(value) is Level.OK for metric, value in values.items() if metric in limits]
    return all(judged) if judged else None


def of_stages(
    spans: Iterable[StageSpan], minutes: Sequence[Minute], limits: Mapping[Metric, Limits]
) -> list[StageClimate]:
    """One answer for each span. A minute belongs to the span in which it begins, so none counts twice."""
    found = []
    for span in spans:
        judged = [in_spec(minute.values, limits) for minute in minutes if span.since <= minute.at < span.until]
        known = [ok for ok in judged if ok is not None]
        whole = max((span.until - span.since) // MINUTE, len(known))
        found.append(StageClimate(span.stage, whole, len(known), sum(known)))
    return found


def share_of(stages: Iterable[StageClimate]) -> float | None:
    """Of all stages together; None: nobody measured."""
    stages = list(stages)
    known = sum(stage.known_min for stage in stages)
    return sum(stage.in_spec_min for stage in stages) / known if known else None


def excursions(minutes: Iterable[Minute], limits: Mapping[Metric, Limits]) -> list[Excursion]:
    """In the order of their beginnings. `minutes` are in order; one without a value ends an excursion."""
    found: list[Excursion] = []
    running: dict[Metric, Excursion] = {}
    for minute in minutes:
        for metric, limit in limits.items():
            value = minute.values.get(metric)
            before = running.pop(metric, None)
            if before is not None and before.until != minute.at:
                found.append(before)
                before = None
            if value is not None and limit.level_of(value) is not Level.OK:
                worst = value if before is None else max(before.worst, value, key=lambda v: _beyond(limit, v))
                since = before.since if before else minute.at
                running[metric] = Excursion(metric, since, minute.at + MINUTE, worst)
            elif before is not None:
                found.append(before)
    return sorted([*found, *running.values()], key=lambda excursion: (excursion.since, excursion.metric))


def _beyond(limit: Limits, value: float) -> float:
    """How far a value is outside the warning limits, or the critical ones where there are no others."""
    low = limit.warning_low if limit.warning_low is not None else limit.critical_low
    high = limit.warning_high if limit.warning_high is not None else limit.critical_high
    return max(value - high if high is not None else 0.0, low - value if low is not None else 0.0)


FRESH = timedelta(minutes=5)
"""The slowest sensors speak every five minutes; a metric that was silent for longer is not known."""


@dataclass(frozen=True, slots=True)
class ClimateNow:
    known: bool
    ok_since: datetime | None
    """Since when everything that is measured is inside its limits; None: it is not."""


def climate_now(
    series: Mapping[Metric, Sequence[tuple[datetime, float]]], limits: Mapping[Metric, Limits], now: datetime
) -> ClimateNow:
    """What the latest readings of a pit say; each metric's are in order. One that fell silent makes it unknown."""
    judged = {metric: points for metric, points in series.items() if metric in limits and points}
    if not judged or any(now - points[-1][0] > FRESH for points in judged.values()):
        return ClimateNow(False, None)
    since = [_ok_since(points, limits[metric]) for metric, points in judged.items()]
    known_since = [at for at in since if at is not None]
    return ClimateNow(True, max(known_since) if len(known_since) == len(since) else None)


def _ok_since(points: Sequence[tuple[datetime, float]], limit: Limits) -> datetime | None:
    """The first of the latest readings that are all inside, without a silence among them."""
    since: datetime | None = None
    for at, value in reversed(points):
        if limit.level_of(value) is not Level.OK or (since is not None and since - at > FRESH):
            break
        since = at
    return since
