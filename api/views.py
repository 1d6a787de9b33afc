"""Models that several routes answer with."""

from datetime import UTC, datetime
from typing import Literal

from pydantic import BaseModel, Field

from actions.live import PitNow
from domain.limits import Level, Limits
from domain.readings import FACTS, METRICS, Metric

State = Literal["ok", "warn", "crit", "unknown"]
LevelName = Literal["warning", "critical"]

LEVEL_NAMES: dict[Level, LevelName] = {Level.WARNING: "warning", Level.CRITICAL: "critical"}
_STATES: dict[Level | None, State] = {
    Level.OK: "ok",
    Level.WARNING: "warn",
    Level.CRITICAL: "crit",
    None: "unknown",
}


class LimitValues(BaseModel):
    """Limits in the metric's unit; null is no limit."""

    warning_low: float | None
    warning_high: float | None
    critical_low: float | None
    critical_high: float | None
    band: float | None = Field(description="How far inside a limit a value must be to count as back.")
    raise_after_s: int | None = Field(description="Seconds outside before an alert is raised.")
    clear_after_s: int | None = Field(description="Seconds inside before it is cleared.")

    @classmethod
    def of(cls, limits: Limits) -> "LimitValues":
        return cls(
            warning_low=limits.warning_low,
            warning_high=limits.warning_high,
            critical_low=limits.critical_low,
            critical_high=limits.critical_high,
            band=limits.band,
            raise_after_s=limits.raise_after_s,
            clear_after_s=limits.clear_after_s,
        )


class MetricNow(BaseModel):
    """The latest value of a metric."""

    value: float
    unit: str
    at: datetime = Field(description="When it was measured.")
    fresh: bool = Field(description="Younger than a minute; an older value says nothing about now.")
    state: State = Field(description="`unknown` if the value is not fresh.")


class PitState(BaseModel):
    """A pit as it is now."""

    state: State = Field(description="The worst of what is known; `unknown` if nothing is.")
    heard_at: datetime | None = Field(description="When the newest value was measured; null if never.")
    metrics: dict[Metric, MetricNow] = Field(description="Metrics that were ever measured, by their names.")


def pit_state(pit: PitNow | None, now: datetime) -> PitState:
    """What the hub knows of a pit; nothing if it never heard of it."""
    if pit is None:
        return PitState(state="unknown", heard_at=None, metrics={})
    now_us = round(now.timestamp() * 1_000_000)
    metrics: dict[Metric, MetricNow] = {}
    for metric in METRICS:
        value, at_us = pit.latest(metric)
        if value is not None:
            metrics[metric] = MetricNow(
                value=value,
                unit=FACTS[metric].unit,
                at=_moment(at_us),
                fresh=pit.is_fresh(metric, now_us),
                state=_STATES[pit.level_of(metric, now_us)],
            )
    heard_at = _moment(pit.heard_us) if pit.heard_us else None
    return PitState(state=_STATES[pit.level(now_us)], heard_at=heard_at, metrics=metrics)


def _moment(at_us: int) -> datetime:
    return datetime.fromtimestamp(at_us / 1e6, UTC)
