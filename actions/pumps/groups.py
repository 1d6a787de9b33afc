"""Interlock groups: at most one motor of each is ON. Made, named and removed, and motors moved between them when that
is safe.
"""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from actions import audit
from actions.announce import Announcement, Topic, announce
from actions.pumps import lead
from actions.pumps.relay import by_leader
from actions.pumps.steps import AnyRefusal
from domain.access import Intent, Viewer
from domain.pump import regroup
from domain.pump.limits import LeaseTerms
from domain.pump.words import PumpRefusal
from domain.refusals import Refusal
from storage import pump_group, pump_groups, pump_motors
from storage.session import EVERY_TENANT, transaction

NAME_CHARS_MAX = 60
GROUPS_MAX = 50


async def create(name: str, by: Viewer, now: datetime) -> Refusal | UUID:
    """A new group without motors, which stands still while the tenant's grid is cut. NOT_ALLOWED, EMPTY or TOO_LONG
    (name), NAME_TAKEN, TOO_MANY.
    """
    if refusal := _name_refusal(name, by):
        return refusal
    async with transaction(EVERY_TENANT) as tx:
        await pump_motors.first_group(tx, by.tenant_id)  # locks the tenant's groups
        known = await pump_groups.names(tx, by.tenant_id)
        if len(known) >= GROUPS_MAX:
            return Refusal.TOO_MANY
        if name.strip() in known.values():
            return Refusal.NAME_TAKEN
        group_id = await pump_motors.add_group(tx, uuid4(), by.tenant_id, name.strip(), now)
        await pump_groups.share_cut(tx, by.tenant_id, group_id)
        await _note(tx, by, "create_pump_group", group_id, name.strip(), None, {"name": name.strip()})
    return group_id


async def rename(group_id: UUID, name: str, by: Viewer) -> Refusal | None:
    """NOT_ALLOWED, EMPTY or TOO_LONG (name), NOT_FOUND, NAME_TAKEN, ALREADY_SO."""
    if refusal := _name_refusal(name, by):
        return refusal
    async with transaction(EVERY_TENANT) as tx:
        await pump_motors.first_group(tx, by.tenant_id)
        known = await pump_groups.names(tx, by.tenant_id)
        if group_id not in known:
            return Refusal.NOT_FOUND
        before, after = known.pop(group_id), name.strip()
        if before == after:
            return Refusal.ALREADY_SO
        if after in known.values():
            return Refusal.NAME_TAKEN
        await pump_groups.rename(tx, group_id, after)
        await _note(tx, by, "rename_pump_group", group_id, after, {"name": before}, {"name": after})
    return None


async def remove(group_id: UUID, by: Viewer, now: datetime) -> AnyRefusal | None:
    """Removes a group without motors. NOT_ALLOWED, NOT_FOUND, GROUP_IN_USE. Locks the group."""
    if not by.may(Intent.MANAGE_PUMPS):
        return Refusal.NOT_ALLOWED
    async with transaction(EVERY_TENANT) as tx:
        await pump_motors.first_group(tx, by.tenant_id)
        known = await pump_groups.names(tx, by.tenant_id)
        if group_id not in known:
            return Refusal.NOT_FOUND
        held = await pump_group.lock(tx, group_id, LeaseTerms())
        if held is not None and (held.group.motors or held.group.active or held.group.waiting):
            return PumpRefusal.GROUP_IN_USE
        await pump_groups.remove(tx, group_id, now)
        name = known[group_id]
        await _note(tx, by, "remove_pump_group", group_id, name, {"name": name}, None)
    return None


@by_leader
async def move(device_id: str, group_id: UUID, by: Viewer, now: datetime) -> AnyRefusal | None:
    """Puts a motor into another group of the tenant. NOT_ALLOWED, PUMP_AWAY, NOT_FOUND, ALREADY_SO, and what
    `domain.pump.regroup` says. Locks both groups, in the order of their ids.
    """
    if not by.may(Intent.MANAGE_PUMPS):
        return Refusal.NOT_ALLOWED
    leading = lead.current()
    if leading is None:
        return Refusal.PUMP_AWAY
    async with transaction(EVERY_TENANT) as tx:
        await pump_motors.first_group(tx, by.tenant_id)
        from_id = await pump_motors.group_of(tx, by.tenant_id, device_id)
        known = await pump_groups.names(tx, by.tenant_id)
        if from_id is None or group_id not in known:
            return Refusal.NOT_FOUND
        if from_id == group_id:
            return PumpRefusal.ALREADY_SO
        held = {each: await pump_group.lock(tx, each, leading.terms) for each in sorted((from_id, group_id))}
        before = held[from_id]
        if before is None or before.epoch != leading.epoch:
            return Refusal.PUMP_AWAY  # not in our hands yet: its leases are not known to us
        now_ms = max(leading.clock.now_ms(), before.stepped_at_ms)
        if refusal := regroup.refusal(before.group, device_id, now_ms):
            return refusal
        await pump_groups.move(tx, device_id, group_id)
        leading.groups.pop((by.tenant_id, device_id), None)
        said = ({"group": known[from_id]}, {"group": known[group_id]})
        await _note(tx, by, "move_motor", device_id, device_id, *said, kind="device")
        await announce(tx, Announcement(Topic.PUMP, by.tenant_id, id=str(from_id)))
    return None


def _name_refusal(name: str, by: Viewer) -> Refusal | None:
    if not by.may(Intent.MANAGE_PUMPS):
        return Refusal.NOT_ALLOWED
    if not name.strip():
        return Refusal.EMPTY
    return Refusal.TOO_LONG if len(name.strip()) > NAME_CHARS_MAX else None


async def _note(
    tx: AsyncSession, by: Viewer, intent: str, id_: object, name: str, before: dict[str, Any] | None,
    after: dict[str, Any] | None, kind: str = "pump_group",
) -> None:  # fmt: skip
    await announce(tx, Announcement(Topic.PUMP, by.tenant_id, id=str(id_)))
    await audit.record(
        tx,
        tenant_id=by.tenant_id,
        by=by,
        intent=intent,
        kind=kind,
        object_id=str(id_),
        object_name=name,
        before=before,
        after=after,
    )
