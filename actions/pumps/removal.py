"""Taking a pump's controller away: its motor leaves its interlock group, so nothing waits for it any more."""

from datetime import datetime

from actions.announce import Announcement, Topic, announce
from actions.device_removal import take_off
from actions.pumps import lead
from actions.pumps.relay import by_leader
from actions.pumps.steps import AnyRefusal
from domain.access import Intent, Viewer
from domain.pump import regroup
from domain.refusals import Refusal
from storage import devices, pump_group, pump_groups, pump_motors
from storage.session import EVERY_TENANT, transaction


@by_leader
async def remove_controller(device_id: str, by: Viewer, now: datetime) -> AnyRefusal | None:
    """Revokes a pump's controller and takes it off every list. NOT_ALLOWED, NOT_FOUND, PUMP_AWAY, and what
    `domain.pump.regroup` says. Locks the motor's group, then the device's row.
    """
    if not by.may(Intent.MANAGE_DEVICES):
        return Refusal.NOT_ALLOWED
    leading = lead.current()
    if leading is None:
        return Refusal.PUMP_AWAY
    async with transaction(EVERY_TENANT) as tx:
        group_id = await pump_motors.group_of(tx, by.tenant_id, device_id)
        held = await pump_group.lock(tx, group_id, leading.terms) if group_id else None
        if held is not None:
            if held.epoch != leading.epoch:
                return Refusal.PUMP_AWAY  # not in our hands yet: its leases are not known to us
            now_ms = max(leading.clock.now_ms(), held.stepped_at_ms)
            if refusal := regroup.refusal_of_removal(held.group, device_id, now_ms):
                return refusal
        device = await devices.lock(tx, device_id)
        if device is None or device.tenant_id != by.tenant_id:
            return Refusal.NOT_FOUND
        if held is not None:
            await pump_groups.leave(tx, device_id)
            await announce(tx, Announcement(Topic.PUMP, by.tenant_id, id=str(held.id)))
        leading.groups.pop((by.tenant_id, device_id), None)
        await take_off(tx, device, by, now)
    return None
