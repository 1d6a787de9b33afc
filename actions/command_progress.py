"""What becomes of commands once they are asked for: sent, answered, measured, or out of time.

The part of ingest, across all tenants. A command leaves only after it was claimed in a transaction of its own: whoever
dies between claiming and sending leaves a command that is due again a little later, with the same id.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from actions.announce import Announcement, Topic, announce
from domain.commands import Command, Event, Kind, Report, has_effect, step
from storage import commands, device_settings
from storage.session import EVERY_TENANT, transaction

SEND_AGAIN_AFTER = timedelta(seconds=10)
AT_ONCE_MAX = 100  # commands in one transaction


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings that a device says it has."""

    settings: Mapping[str, Any]
    version: int | None


async def claim(now: datetime, back: Collection[str] = ()) -> list[Command]:
    """Takes what is to be sent now, for this process alone. `back`: devices that have just connected again."""
    async with transaction(EVERY_TENANT) as tx:
        return await commands.claim(tx, now, now + SEND_AGAIN_AFTER, back, AT_ONCE_MAX)


async def hand_out(device_id: str, now: datetime) -> Command | None:
    """The next command for a device that asks over HTTP, which counts as sent: its answer carries it."""
    async with transaction(EVERY_TENANT) as tx:
        claimed = await commands.claim(tx, now, now + SEND_AGAIN_AFTER, (), 1, device_id)
    for command in claimed:
        await sent(device_id, command.id, now)
        return command
    return None


async def give_back(ids: Collection[UUID], now: datetime) -> None:
    """Says that claimed commands could not be sent."""
    async with transaction(EVERY_TENANT) as tx:
        await commands.give_back(tx, ids, now)


async def sent(device_id: str, command_id: UUID, now: datetime) -> None:
    """Says that the broker has a command. Locks it."""
    await _happened(device_id, command_id, Event.SENT, now)


async def answered(device_id: str, command_id: UUID, ok: bool, reason: str, now: datetime) -> bool:
    """Takes a device's answer. Locks the command. False: this device was never asked for that."""
    return await _happened(device_id, command_id, Event.OK if ok else Event.NO, now, reason)


async def reported(device_id: str, tenant_id: UUID, report: Report, said: Settings | None, now: datetime) -> None:
    """Takes what a device says of itself: the effect of its open commands, and its settings if they have changed
    (`said`, else None). Locks the settings, then the commands.
    """
    async with transaction(EVERY_TENANT) as tx:
        changed = False
        if said is not None:
            row = await device_settings.lock(tx, device_id, tenant_id)
            changed = (row.reported, row.reported_version) != (dict(said.settings), said.version)
            if changed:
                await device_settings.tell(tx, device_id, said.settings, said.version, now)
        for command in await commands.lock_open(tx, device_id):
            after = _measured(command, report, now)
            if after is not None:
                await commands.save(tx, after)
                changed = True
        if changed:
            await _announce(tx, tenant_id, device_id)


async def expire(now: datetime) -> int:
    """Closes commands whose time is over; returns how many. Locks them, and leaves out those in work."""
    async with transaction(EVERY_TENANT) as tx:
        over = [step(command, Event.TIME, now) for command in await commands.lock_due(tx, now, AT_ONCE_MAX)]
        for command in filter(None, over):
            await commands.save(tx, command)
            await _announce(tx, command.tenant_id, command.device_id)
    return len(over)


async def waiting_devices() -> set[str]:
    """Devices with open commands."""
    async with transaction(EVERY_TENANT) as tx:
        return await commands.waiting_devices(tx)


async def known_settings() -> dict[str, tuple[dict[str, Any] | None, int | None]]:
    """What every device has said of its settings so far, with the version."""
    async with transaction(EVERY_TENANT) as tx:
        return await device_settings.reported(tx)


def _measured(command: Command, report: Report, now: datetime) -> Command | None:
    """The command after a report; None if it changes nothing."""
    if command.kind is Kind.RESTART and command.boot_id is None and command.tries:
        return replace(command, boot_id=report.boot_id)  # it was never heard before: from now on a new boot shows
    return step(command, Event.EFFECT, now) if has_effect(command, report) else None


async def _happened(device_id: str, command_id: UUID, event: Event, now: datetime, reason: str = "") -> bool:
    async with transaction(EVERY_TENANT) as tx:
        command = await commands.lock(tx, device_id, command_id)
        if command is None:
            return False
        after = step(command, event, now, reason)
        if after is not None:
            await commands.save(tx, after)
            await _announce(tx, command.tenant_id, device_id)
    return True


async def _announce(tx: AsyncSession, tenant_id: UUID, device_id: str) -> None:
    await announce(tx, Announcement(Topic.COMMAND, tenant_id, id=device_id))
