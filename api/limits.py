"""Limits of a pit: what holds, what the pit itself says, and where each limit comes from."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from pydantic import BaseModel, ConfigDict, Field

from actions.limits import change_limits
from api.auth import viewer
from api.context import Now
from api.openapi import errors
from api.pits import PitViewer, existing_pit
from api.problems import refused
from api.routes import routes
from api.views import LimitValues
from domain.access import Intent, Viewer
from domain.limits import DEFAULTS, Limits, LimitsFault, Origin, resolve
from domain.readings import FACTS, METRICS, Metric
from domain.refusals import Refusal
from storage.queries import limits_said
from storage.session import transaction

router = routes("/pits/{pit_id}/limits", tag="limits")
LimitsChanger = Annotated[Viewer, Depends(viewer(Intent.CHANGE_LIMITS))]

VALUE_MAX = 1e6  # far beyond any metric's range, well inside what the database holds
SECONDS_MAX = 86_400

_Value = Annotated[float | None, Field(ge=-VALUE_MAX, le=VALUE_MAX, allow_inf_nan=False)]
_Seconds = Annotated[int | None, Field(ge=0, le=SECONDS_MAX)]

_FAULTS = {
    LimitsFault.LOW_ABOVE_HIGH: "The lower warning limit is not below the upper one.",
    LimitsFault.CRITICAL_INSIDE_WARNING: "A critical limit lies inside the warning limits.",
    LimitsFault.BAND_TOO_WIDE: "The band is so wide that no value could count as back.",
    LimitsFault.NEGATIVE: "Band and durations can't be negative.",
}


class OwnLimits(BaseModel):
    """What the pit itself says; a field that is null or missing inherits."""

    model_config = ConfigDict(extra="forbid")
    warning_low: _Value = None
    warning_high: _Value = None
    critical_low: _Value = None
    critical_high: _Value = None
    band: _Value = None
    raise_after_s: _Seconds = None
    clear_after_s: _Seconds = None


class MetricLimits(BaseModel):
    """One metric's limits in a pit."""

    unit: str
    limits: LimitValues = Field(description="What holds, after inheritance.")
    own: LimitValues = Field(description="What the pit itself says; null inherits.")
    origins: dict[str, Origin] = Field(description="For each limit that holds, the place that says it.")


class PitLimits(BaseModel):
    """All limits of a pit."""

    pit_id: UUID
    metrics: dict[Metric, MetricLimits]


@router.get("", responses=errors(401, 403, 404, 503))
async def read_limits(pit_id: UUID, viewer: PitViewer) -> PitLimits:
    """Limits of every metric."""
    said = await _said(pit_id, viewer)
    return PitLimits(pit_id=pit_id, metrics={metric: _view(metric, said[metric]) for metric in METRICS})


@router.get("/{metric}", responses=errors(401, 403, 404, 503))
async def read_limits_of(pit_id: UUID, metric: Metric, viewer: PitViewer) -> MetricLimits:
    """Limits of one metric."""
    return _view(metric, (await _said(pit_id, viewer))[metric])


@router.put("/{metric}", responses=errors(401, 403, 404, 413, 503))
async def set_limits(pit_id: UUID, metric: Metric, own: OwnLimits, by: LimitsChanger, now: Now) -> MetricLimits:
    """Sets what the pit itself says of a metric, all of it at once; answers what follows."""
    answer = await change_limits(pit_id, metric, Limits(**own.model_dump()), by, now)
    if isinstance(answer, Refusal):
        raise refused(answer, "There is no such pit.")
    if isinstance(answer, LimitsFault):
        raise refused(answer, _FAULTS[answer])
    return _view(metric, (await _said(pit_id, by))[metric])


async def _said(pit_id: UUID, viewer: Viewer) -> dict[Metric, dict[Origin, Limits]]:
    async with transaction(viewer.tenant_id) as tx:
        await existing_pit(tx, pit_id)
        return (await limits_said(tx, {viewer.tenant_id}))[pit_id]


def _view(metric: Metric, said: dict[Origin, Limits]) -> MetricLimits:
    limits, origins = resolve({**said, Origin.DEFAULT: DEFAULTS.get(metric, Limits())})
    return MetricLimits(
        unit=FACTS[metric].unit,
        limits=LimitValues.of(limits),
        own=LimitValues.of(said.get(Origin.PIT, Limits())),
        origins=dict(origins),
    )
