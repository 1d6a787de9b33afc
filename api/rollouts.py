"""Roll-outs of firmware releases: begun, widened, paused, resumed, cancelled, and what became of each device."""

from datetime import datetime
from typing import Annotated, Any, NoReturn
from uuid import UUID

from fastapi import Depends
from pydantic import BaseModel, ConfigDict, Field

from actions import rollouts
from actions.rollouts import NewRollout
from api.auth import viewer
from api.context import Now
from api.openapi import errors
from api.problems import refused
from api.routes import routes
from domain.access import Intent, Viewer
from domain.firmware import NodeKind
from domain.refusals import Refusal
from domain.rollouts import FAILURES_LIMIT_MAX, PACE_MAX, Progress, RolloutState, Wish
from storage.rollouts import Rollout as RolloutRow

router = routes("/firmware", tag="firmware")
Reader = Annotated[Viewer, Depends(viewer(Intent.SEE_RELEASES))]
Manager = Annotated[Viewer, Depends(viewer(Intent.MANAGE_RELEASES))]
Percent = Annotated[int, Field(ge=1, le=100, description="Share of the devices that fit, by the hash of their ids.")]
TENANTS_MAX = 1_000

_SAYS = {
    Refusal.NOT_FOUND: "There is no such release or roll-out.",
    Refusal.NOT_ALLOWED: "The role may not do this.",
    Refusal.NOT_POSSIBLE_NOW: "Not in the state that it is in; a beta release goes to named tenants only.",
    Refusal.NOBODY_CHOSEN: "No device fits: none of them is left, or the share is too small.",
}


class Rollout(BaseModel):
    """A roll-out as it stands."""

    id: UUID
    release_id: UUID
    kind: NodeKind
    version: str
    tenants: list[UUID] | None = Field(description="Null: all of them.")
    percent: Percent
    pace: int = Field(description="Devices at a time.")
    failures_max: int = Field(description="After more than so many failures it stops by itself.")
    state: RolloutState
    created_by: str | None
    created_at: datetime
    changed_at: datetime
    counts: dict[Progress, int] = Field(description="Devices by what became of them.")


class Member(BaseModel):
    """A device of a roll-out."""

    device_id: str
    name: str
    tenant: str = Field(description="The tenant's name.")
    progress: Progress
    from_version: str | None
    firmware: str | None = Field(description="What it runs now.")
    reason: str = Field(description="Why it failed, in its own words.")
    changed_at: datetime
    heard_at: datetime | None


class WholeRollout(Rollout):
    """A roll-out with its devices: what went wrong first."""

    devices: list[Member]


class Rollouts(BaseModel):
    """The newest first."""

    rollouts: list[Rollout]


class New(BaseModel):
    """Who is to get a release, and how carefully."""

    model_config = ConfigDict(extra="forbid")
    release_id: UUID
    tenants: Annotated[list[UUID], Field(min_length=1, max_length=TENANTS_MAX)] | None = Field(
        None, description="Null: all of them, which a beta release may not."
    )
    percent: Percent = 100
    pace: Annotated[int, Field(ge=1, le=PACE_MAX, description="Devices at a time.")] = 5
    failures_max: Annotated[int, Field(ge=0, le=FAILURES_LIMIT_MAX)] = 2


class Started(BaseModel):
    """A roll-out that goes."""

    id: UUID
    devices: int


class Share(BaseModel):
    """A larger share."""

    model_config = ConfigDict(extra="forbid")
    percent: Percent


class Widened(BaseModel):
    """How many devices came in."""

    devices: int


class Steering(BaseModel):
    """What is wanted of it. Resuming forgives the failures so far."""

    model_config = ConfigDict(extra="forbid")
    wish: Wish


@router.get("/rollouts", responses=errors(401, 403, 422, 503))
async def list_rollouts(by: Reader, release_id: UUID | None = None) -> Rollouts:
    """Roll-outs of one release, or all."""
    found = await rollouts.rollouts_of(by, release_id)
    if isinstance(found, Refusal):
        _refuse(found)
    return Rollouts(rollouts=[Rollout(**_fields(row)) for row in found])


@router.post("/rollouts", status_code=201, responses=errors(400, 401, 403, 404, 409, 413, 422, 503))
async def start_rollout(by: Manager, new: New, now: Now) -> Started:
    """Begins to send a release to devices, a few at a time."""
    tenants = None if new.tenants is None else tuple(new.tenants)
    wanted = NewRollout(new.release_id, tenants, new.percent, new.pace, new.failures_max)
    answer = await rollouts.start(by, wanted, now)
    if isinstance(answer, Refusal):
        _refuse(answer)
    return Started(id=answer.id, devices=answer.devices)


@router.get("/rollouts/{rollout_id}", responses=errors(401, 403, 404, 422, 503))
async def read_rollout(by: Reader, rollout_id: UUID) -> WholeRollout:
    """One roll-out with what became of each device."""
    found = await rollouts.rollout(by, rollout_id)
    if isinstance(found, Refusal):
        _refuse(found)
    row, members = found
    devices = [
        Member(
            device_id=m.device_id, name=m.name, tenant=m.tenant_name, progress=m.progress, firmware=m.firmware,
            from_version=m.from_version, reason=m.reason, changed_at=m.changed_at, heard_at=m.heard_at,
        )
        for m in members
    ]  # fmt: skip
    return WholeRollout(**_fields(row), devices=devices)


@router.post("/rollouts/{rollout_id}/widen", responses=errors(400, 401, 403, 404, 409, 413, 422, 503))
async def widen_rollout(by: Manager, rollout_id: UUID, share: Share, now: Now) -> Widened:
    """Adds devices; those that are in stay in."""
    answer = await rollouts.widen(by, rollout_id, share.percent, now)
    if isinstance(answer, Refusal):
        _refuse(answer)
    return Widened(devices=answer)


@router.post("/rollouts/{rollout_id}/steer", status_code=204, responses=errors(400, 401, 403, 404, 409, 413, 422, 503))
async def steer_rollout(by: Manager, rollout_id: UUID, steering: Steering, now: Now) -> None:
    """Pauses, resumes or cancels a roll-out."""
    if refusal := await rollouts.steer(by, rollout_id, steering.wish, now):
        _refuse(refusal)


def _fields(row: RolloutRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "release_id": row.release_id,
        "kind": row.kind,
        "version": row.version,
        "tenants": None if row.tenants is None else list(row.tenants),
        "percent": row.percent,
        "pace": row.pace,
        "failures_max": row.failures_max,
        "state": row.state,
        "created_by": row.created_by,
        "created_at": row.created_at,
        "changed_at": row.changed_at,
        "counts": row.counts,
    }


def _refuse(refusal: Refusal) -> NoReturn:
    raise refused(refusal, _SAYS[refusal])
