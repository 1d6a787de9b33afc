"""The rules of a tenant's pumps: its limits, and the groups of which one motor runs at a time."""

from dataclasses import asdict
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field

from actions.pumps import groups, motors
from actions.pumps.groups import NAME_CHARS_MAX
from actions.pumps.motors import WrongLimits
from api.context import Now
from api.fields import Words
from api.openapi import errors
from api.problems import FieldError, refused
from api.pump_models import refusal
from api.pump_settings import CardManager, PumpManager
from api.pumps import PumpViewer
from api.routes import routes
from domain.pump.limit_ranges import RANGES, LimitFault
from domain.pump.limits import DEFAULTS
from domain.pump.words import Mode
from storage import pump_motors
from storage.session import transaction

router = routes(tag="pump")
DeviceId = Annotated[str, Path(max_length=40, examples=["pp-abcdefgh2345"])]
_MOVES = errors(401, 403, 404, 409, 413, 503)


def _limit(name: str) -> Any:
    least, most = RANGES[name]
    return Field(None, strict=True, ge=least, le=most, description=f"By default {getattr(DEFAULTS, name)}.")


class LimitChanges(BaseModel):
    """Limits to change, `_s` in seconds and `_ms` in milliseconds; null: the default again. What is not named stays."""

    model_config = ConfigDict(extra="forbid")
    minimum_run_s: int | None = _limit("minimum_run_s")
    longest_run_s: int | None = _limit("longest_run_s")
    line_max: int | None = _limit("line_max")
    wait_limit_ms: int | None = _limit("wait_limit_ms")
    start_timeout_ms: int | None = _limit("start_timeout_ms")
    off_time_max_ms: int | None = _limit("off_time_max_ms")
    silent_after_ms: int | None = _limit("silent_after_ms")
    stable_for_ms: int | None = _limit("stable_for_ms")
    restart_spread_ms: int | None = _limit("restart_spread_ms")
    slot_kept_ms: int | None = _limit("slot_kept_ms")
    own_hold_limit_ms: int | None = _limit("own_hold_limit_ms")
    grid_hold_limit_ms: int | None = _limit("grid_hold_limit_ms")
    settle_within_ms: int | None = _limit("settle_within_ms")
    stop_repeat_ms: int | None = _limit("stop_repeat_ms")


class Limits(BaseModel):
    """The limits that hold now."""

    in_force: dict[str, int] = Field(description="Every limit: the tenant's own, else the default.")
    own: dict[str, int] = Field(description="What the tenant has set.")


class GroupName(BaseModel):
    """What people call a group."""

    model_config = ConfigDict(extra="forbid")
    name: Annotated[Words, Field(min_length=1, max_length=NAME_CHARS_MAX)]


class NewGroup(BaseModel):
    """A group that was made."""

    id: UUID


class MotorPlace(BaseModel):
    """The group in which a motor shall stand."""

    model_config = ConfigDict(extra="forbid")
    group_id: UUID


class ReaderMode(BaseModel):
    """What a motor's card reader does."""

    model_config = ConfigDict(extra="forbid")
    mode: Mode = Field(
        description="`auto`: one tap starts, another stops. `card`: a run lasts as long as the card stays."
    )


@router.get("/pumps/limits", responses=errors(401, 403, 503))
async def read_pump_limits(by: PumpViewer) -> Limits:
    """The tenant's limits."""
    async with transaction(by.tenant_id) as tx:
        return _limits(await pump_motors.limits(tx))


@router.patch("/pumps/limits", responses=errors(401, 403, 413, 503))
async def change_pump_limits(wanted: LimitChanges, by: PumpManager) -> Limits:
    """Changes limits, which hold from now on, also for runs that are under way. Nothing of a wrong set is kept."""
    answer = await motors.change_limits(wanted.model_dump(exclude_unset=True), by)
    if isinstance(answer, WrongLimits):
        wrong = [FieldError(field=name, message=_FAULTS[fault]) for name, fault in answer.faults.items()]
        raise refused("invalid", "The limits don't fit.", wrong)
    if not isinstance(answer, dict):
        raise refusal(answer)
    return _limits(answer)


@router.post("/pumps/groups", status_code=201, responses=errors(401, 403, 409, 413, 503))
async def create_pump_group(wanted: GroupName, by: PumpManager, now: Now) -> NewGroup:
    """A new group, as yet without motors. `GET /pumps` lists all."""
    answer = await groups.create(wanted.name, by, now)
    if not isinstance(answer, UUID):
        raise refusal(answer)
    return NewGroup(id=answer)


@router.patch("/pumps/groups/{group_id}", status_code=204, responses=_MOVES)
async def rename_pump_group(group_id: UUID, wanted: GroupName, by: PumpManager) -> None:
    """Gives a group another name."""
    if answer := await groups.rename(group_id, wanted.name, by):
        raise refusal(answer)


@router.delete("/pumps/groups/{group_id}", status_code=204, responses=errors(401, 403, 404, 409, 503))
async def remove_pump_group(group_id: UUID, by: PumpManager, now: Now) -> None:
    """Removes a group in which no motor stands."""
    if answer := await groups.remove(group_id, by, now):
        raise refusal(answer)


@router.put("/pumps/motors/{device_id}/group", status_code=204, responses=_MOVES)
async def move_motor(device_id: DeviceId, wanted: MotorPlace, by: PumpManager, now: Now) -> None:
    """Puts a motor into another group. It must be nobody's, and surely OFF."""
    if answer := await groups.move(device_id, wanted.group_id, by, now):
        raise refusal(answer)


@router.put("/pumps/motors/{device_id}/reader", status_code=204, responses=_MOVES)
async def set_reader_mode(device_id: DeviceId, wanted: ReaderMode, by: CardManager) -> None:
    """Sets what the motor's card reader does from now on."""
    if answer := await motors.set_mode(device_id, wanted.mode, by):
        raise refusal(answer)


_FAULTS = {
    LimitFault.TOO_SMALL: "is too small",
    LimitFault.TOO_LARGE: "is too large",
    LimitFault.ABOVE_LONGEST: "is longer than the longest run",
    LimitFault.SLOT_BEYOND_HOLD: "is longer than a run may stand still",
}


def _limits(own: dict[str, int]) -> Limits:
    usual = asdict(DEFAULTS)
    return Limits(in_force={name: own.get(name, usual[name]) for name in RANGES}, own=own)
