"""What a device is to be set to. The wish is kept with a version of its own until the device reports that version: a
device that was away longer than the command lived is asked again when it is back.

Each locks the device's row, then that of its settings, then its commands.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from actions.device_commands import add, earlier_of, refusal_of
from actions.device_trail import Deed, note
from domain.access import Intent, Viewer
from domain.commands import Command, Event, Kind, new, step
from domain.device_settings import SettingsFault, check, without_nothing
from domain.refusals import Refusal
from storage import commands, device_settings, devices
from storage.devices import Held
from storage.session import EVERY_TENANT, transaction

HEARD_WITHIN = timedelta(seconds=30)  # a device says something every 5 s
TIMES_MAX, TIMES_COUNTED_FOR = 5, timedelta(days=1)  # the same settings; then somebody has to look


async def ask(
    device_id: str,
    settings: Mapping[str, Any],
    by: Viewer,
    now: datetime,
    *,
    key: str = "",
    ttl_s: int | None = None,
) -> Refusal | SettingsFault | Command:
    """Asks a device for these settings, in their plain form (domain/device_settings.py), all of them at once: what is
    left out is no longer asked for. Takes the place of what was asked before and is still on its way.

    Returns the command that brings them; if the same are on their way already, that one. ALREADY_SO: the device has
    taken the very same.
    """
    wanted = without_nothing(settings)
    if not by.may(Intent.MANAGE_DEVICES):
        return Refusal.NOT_ALLOWED
    async with transaction(by.tenant_id) as tx:
        device = await devices.lock(tx, device_id)
        if device is None:
            return Refusal.NOT_FOUND
        if (earlier := await earlier_of(tx, device_id, Kind.SET, key)) is not None:
            return earlier
        if refusal := await refusal_of(tx, device):
            return refusal
        row = await device_settings.lock(tx, device_id, device.tenant_id)
        if fault := check(device.kind, wanted, row.reported):
            return fault
        under_way = next((c for c in await commands.lock_open(tx, device_id) if c.kind is Kind.SET), None)
        if wanted == row.desired and (row.is_settled or under_way is not None):
            return under_way or Refusal.ALREADY_SO
        version = max(row.desired_version, row.reported_version or 0) + 1
        await device_settings.ask(tx, device_id, wanted, version, by.person_id, now)
        command = await _send(tx, device, wanted, version, under_way, by.person_id, now, key, ttl_s)
        before, after = _for_the_trail(row.desired), _for_the_trail(wanted)
        await note(tx, Deed.SET, device.tenant_id, device_id, device.name, by, before, after)
    return command


async def ask_again(now: datetime) -> int:
    """Asks devices for what was asked of them while they were away, or what they have lost since, as by a reset;
    returns how many there were.
    """
    async with transaction(EVERY_TENANT) as tx:
        lacking = await device_settings.unsettled(tx, now - HEARD_WITHIN, now - TIMES_COUNTED_FOR, TIMES_MAX)
    asked = 0
    for device_id, tenant_id in lacking:
        async with transaction(EVERY_TENANT) as tx:
            asked += await _ask_again(tx, device_id, tenant_id, now)
    return asked


async def _ask_again(tx: AsyncSession, device_id: str, tenant_id: UUID, now: datetime) -> bool:
    device = await devices.lock(tx, device_id)
    if device is None or await refusal_of(tx, device) is not None:
        return False
    row = await device_settings.lock(tx, device_id, tenant_id)
    under_way = any(command.kind is Kind.SET for command in await commands.lock_open(tx, device_id))
    if row.desired is None or row.is_settled or under_way:
        return False  # somebody was faster
    await _send(tx, device, row.desired, row.desired_version, None, None, now)
    return True


async def _send(
    tx: AsyncSession,
    device: Held,
    settings: Mapping[str, Any],
    version: int,
    older: Command | None,
    by: UUID | None,
    now: datetime,
    key: str = "",
    ttl_s: int | None = None,
) -> Command:
    """Adds the command that brings the settings, in the place of an older one."""
    if older is not None and (closed := step(older, Event.NEWER, now)) is not None:
        await commands.close(tx, closed)
    body = {"settings": dict(settings), "version": version}
    command = new(uuid4(), device.tenant_id, device.id, Kind.SET, body, by, now, ttl_s)
    await add(tx, command, key)
    return command


def _for_the_trail(settings: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Pins as a list: their names are anybody's, and one that sounds like a secret would have no place in the trail."""
    if settings is None:
        return None
    pins = [f"{name}: {pin}" for name, pin in sorted(settings.get("pins", {}).items())]
    return {**settings, "pins": pins} if pins else dict(settings)
