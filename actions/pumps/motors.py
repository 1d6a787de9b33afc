"""Motors and the groups in which they exclude each other; a tenant's limits."""

from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from actions import audit
from actions.announce import Announcement, Topic, announce
from domain.access import Intent, Viewer
from domain.pump.limits import PumpLimits
from domain.pump.words import Mode
from domain.refusals import Refusal
from storage import pump_motors
from storage.session import EVERY_TENANT, transaction

GROUP_NAME = "Motors"
LIMITS = frozenset(field.name for field in fields(PumpLimits)) - {"lease"}
LEAST_MS, MOST_MS = 0, 7 * 24 * 3_600_000


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


async def change_limits(changes: dict[str, int | None], by: Viewer) -> Refusal | dict[str, int]:
    """Sets limits of the viewer's tenant by name (`domain.pump.limits`); None: the default again. Returns what the
    tenant has set. NOT_ALLOWED, NOT_POSSIBLE_NOW (no such limit, or beyond reason).
    """
    if not by.may(Intent.MANAGE_PUMPS):
        return Refusal.NOT_ALLOWED
    if not changes.keys() <= LIMITS or any(not _is_sane(value) for value in changes.values()):
        return Refusal.NOT_POSSIBLE_NOW
    async with transaction(EVERY_TENANT) as tx:
        before = await pump_motors.lock_limits(tx, by.tenant_id)
        said: dict[str, Any] = {**before, **changes}
        after = {name: value for name, value in said.items() if value is not None}
        if after.get("minimum_run_s", 1) > after.get("longest_run_s", PumpLimits().longest_run_s):
            return Refusal.NOT_POSSIBLE_NOW
        if after != before:
            await pump_motors.save_limits(tx, by.tenant_id, after)
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


def _is_sane(value: int | None) -> bool:
    return value is None or (isinstance(value, int) and LEAST_MS <= value <= MOST_MS)
