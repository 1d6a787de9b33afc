"""What a device is asked to do, and what became of it."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from actions import device_commands, device_settings
from api.context import Now
from api.device_identity import DeviceId, Manager
from api.device_settings import SAYS, DeviceReader, IdempotencyKey, Settings
from api.openapi import errors
from api.problems import invalid, refused
from api.routes import routes
from domain.commands import TTL_LEAST_S, TTL_MOST_S, Command, Kind, Stage
from domain.device_settings import SettingsFault
from domain.refusals import Refusal
from storage import queries
from storage.command_history import command_history
from storage.session import transaction

router = routes("/devices/{device_id}", tag="devices")


class Order(BaseModel):
    """What is asked of a device."""

    model_config = ConfigDict(extra="forbid")
    kind: Literal["restart", "identify", "set", "enable", "disable"]
    settings: Settings | None = Field(None, description="With `set`, and only then.")
    ttl_s: int | None = Field(
        None, ge=TTL_LEAST_S, le=TTL_MOST_S, description="How long the device may take to answer; null: by its kind."
    )


class DeviceCommand(BaseModel):
    """A command and what became of it."""

    id: UUID
    device_id: str
    kind: Kind
    stage: Stage = Field(
        description="`requested`, `sent` (the broker has it), `acknowledged` (by the device), `done` (its effect was "
        "measured); or `refused` by the device, `expired`, `superseded` by newer settings."
    )
    reason: str = Field(description="Why the device refused it, in its own words.")
    settings: dict[str, Any] | None = Field(description="Of `set`: what it is to be set to.")
    version: str | None = Field(description="Of `set`: the version of the settings; of `update`: of the firmware.")
    requested_at: datetime
    requested_by: str | None = Field(description="Null: PitPilot by itself.")
    expires_at: datetime = Field(description="Until when the device may answer.")
    sent_at: datetime | None
    tries: int = Field(description="How often it was sent or tried to be.")
    acknowledged_at: datetime | None
    closed_at: datetime | None

    @classmethod
    def of(cls, command: Command, by: str | None) -> "DeviceCommand":
        version = command.body.get("version")
        return cls(
            id=command.id,
            device_id=command.device_id,
            kind=command.kind,
            stage=command.stage,
            reason=command.reason,
            settings=command.body.get("settings"),
            version=None if version is None else str(version),
            requested_at=command.requested_at,
            requested_by=by,
            expires_at=command.expires_at,
            sent_at=command.sent_at,
            tries=command.tries,
            acknowledged_at=command.acknowledged_at,
            closed_at=command.closed_at,
        )


class CommandPage(BaseModel):
    """Commands, the newest first."""

    commands: list[DeviceCommand]
    next_before: UUID | None = Field(description="Ask for commands `before` this one; null: these are the last.")


@router.post("/command", status_code=202, responses=errors(401, 403, 404, 409, 413, 503))
async def command_device(
    device_id: DeviceId, order: Order, by: Manager, now: Now, key: IdempotencyKey = ""
) -> DeviceCommand:
    """Asks a device for something; its `stage` is read with `GET …/commands`. One command of a kind is under way at a
    time. `enable` and `disable` are done by the server, with this request.
    """
    kind = Kind(order.kind)
    if (kind is Kind.SET) != (order.settings is not None):
        raise invalid("settings", "belongs to set, and set needs it")
    answer: Refusal | SettingsFault | Command
    if order.settings is not None:
        wanted = order.settings.model_dump(mode="json")
        answer = await device_settings.ask(device_id, wanted, by, now, key=key, ttl_s=order.ttl_s)
    elif kind in (Kind.ENABLE, Kind.DISABLE):
        answer = await device_commands.switch(device_id, kind is Kind.ENABLE, by, now, key)
    else:
        answer = await device_commands.request(device_id, kind, by, now, key=key, ttl_s=order.ttl_s)
    if isinstance(answer, Refusal | SettingsFault):
        raise refused(answer, SAYS[answer])
    return DeviceCommand.of(answer, by.name)


@router.get("/commands", responses=errors(401, 403, 404, 503))
async def list_commands(
    device_id: DeviceId,
    viewer: DeviceReader,
    now: Now,
    before: Annotated[UUID | None, Query(description="Only commands older than this one.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> CommandPage:
    """What was asked of a device, and what became of it."""
    async with transaction(viewer.tenant_id) as tx:
        if await queries.device(tx, device_id, now) is None:
            raise refused(Refusal.NOT_FOUND, SAYS[Refusal.NOT_FOUND])
        rows = await command_history(tx, device_id, limit, before)
    next_before = rows[-1].command.id if len(rows) == limit else None
    return CommandPage(commands=[DeviceCommand.of(row.command, row.by) for row in rows], next_before=next_before)
