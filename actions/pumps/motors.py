"""Motors and the groups in which they exclude each other; a tenant's limits."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from actions import audit
from actions.announce import Announcement, Topic, announce
from domain.access import Intent, Viewer
from domain.pump.limit_ranges import RANGES, LimitFault, faults
from domain.pump.words import Mode
from domain.refusals import Refusal
from storage import pump_motors
from storage.session import EVERY_TENANT, transaction

GROUP_NAME = "Motors"


async def ensure(tx: AsyncSession, tenant_id: UUID, device_id: str, now: datetime) -> UUID | None:
    """The group of a pump's motor; a new motor joins the tenant's first group, which is made if there is none.

    None: the tenant has no such device, or it is no pump.
    """
    group_id = await pump_motors.group_of(tx, tenant_id, device_id)
    if group_id is not None:
        return group_id
    if not await pump_motors.is_pump(tx, tenant_id, device_id):
        return None
    group_id = await pump_motors.first_group(tx, tenant_id) or await pump_motors.add_group(
        tx, uuid4(), tenant_id, GROUP_NAME, now
    )
    await pump_motors.add(tx, tenant_id, device_id, group_id)
    await announce(tx, Announcement(Topic.PUMP, tenant_id, id=str(group_id)))
    return group_id


@dataclass(frozen=True, slots=True)
class WrongLimits:
    """What is wrong, by the limit's name."""

    faults: Mapping[str, LimitFault]


async def change_limits(changes: Mapping[str, int | None], by: Viewer) -> Refusal | WrongLimits | dict[str, int]:
    """Sets limits of the viewer's tenant by name (`domain.pump.limits`); None: the default again. Returns what the
    tenant has set. NOT_ALLOWED; raises KeyError for what is no limit of a tenant's. Locks the settings,
    then the groups.
    """
    if not by.may(Intent.MANAGE_PUMPS):
        return Refusal.NOT_ALLOWED
    if unknown := changes.keys() - RANGES.keys():
        raise KeyError(*unknown)
    async with transaction(EVERY_TENANT) as tx:
        before = await pump_motors.lock_limits(tx, by.tenant_id)
        said: dict[str, Any] = {**before, **changes}
        after = {name: value for name, value in said.items() if value is not None}
        if wrong := faults(after):
            return WrongLimits(wrong)
        if after != before:
            await pump_motors.save_limits(tx, by.tenant_id, after)
            await pump_motors.make_due(tx, by.tenant_id)
            for group_id in await pump_motors.groups(tx, by.tenant_id):
                await announce(tx, Announcement(Topic.PUMP, by.tenant_id, id=str(group_id)))
            await audit.record(
                tx,
                tenant_id=by.tenant_id,
                by=by,
                intent="change_pump_limits",
                kind="tenant",
                object_id=str(by.tenant_id),
                object_name="",
                before=before,
                after=after,
            )
    return after


async def set_mode(device_id: str, mode: Mode, by: Viewer) -> Refusal | None:
    """What the motor's card reader does from now on. NOT_ALLOWED, NOT_FOUND, ALREADY_SO."""
    if not by.may(Intent.MANAGE_CARDS):
        return Refusal.NOT_ALLOWED
    async with transaction(EVERY_TENANT) as tx:
        group_id = await pump_motors.group_of(tx, by.tenant_id, device_id)
        if group_id is None:
            return Refusal.NOT_FOUND
        before = await pump_motors.swap_mode(tx, device_id, mode)
        if before == mode:
            return Refusal.ALREADY_SO
        await announce(tx, Announcement(Topic.PUMP, by.tenant_id, id=str(group_id)))
        await audit.record(
            tx,
            tenant_id=by.tenant_id,
            by=by,
            intent="set_card_mode",
            kind="device",
            object_id=device_id,
            object_name=device_id,
            before={"mode": before},
            after={"mode": mode},
        )
    return None
