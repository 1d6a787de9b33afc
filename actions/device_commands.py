"""Asking a device to do something: restart, show itself, update; and switching it on and off, which the server does.

What is asked for is a row before anything leaves (ingest/commander.py sends it), and what became of it is in that row.
Each locks the device's row, then its commands.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from actions.announce import Announcement, Topic, announce
from actions.device_trail import Deed, note
from domain.access import Intent, Viewer
from domain.claims import Identity
from domain.commands import Command, Kind, new
from domain.refusals import Refusal
from storage import commands, devices
from storage.devices import Held
from storage.session import EVERY_TENANT, transaction

KEY_CHARS_MAX = 80


async def request(
    device_id: str,
    kind: Kind,
    by: Viewer | None,
    now: datetime,
    *,
    body: Mapping[str, Any] | None = None,
    key: str = "",
    ttl_s: int | None = None,
) -> Refusal | Command:
    """Asks for a restart, an identification or an update; returns the command, which is on its way from the commit on.

    `by` is None when the system asks by itself, as in a roll-out: that leaves no row of its own in the audit trail.
    `body` is what the device gets beside id, kind and expiry; of an update `url`, `sha256`, `signature` and `version`,
    the last as the device will report it. `key`: an idempotency key; whoever asks again with the same one is told of
    the same command. `ttl_s`: how long the device may take to answer, else as domain/commands.py says.

    NOT_CLAIMED: it has no way in, so nothing can reach it. DEVICE_OFF: it is switched off. COMMAND_OPEN: one of this
    kind is under way. KEY_USED: the key was another request's.

    Raises:
        ValueError: settings and switching have functions of their own.
    """
    if kind not in (Kind.RESTART, Kind.IDENTIFY, Kind.UPDATE):
        raise ValueError(f"{kind} is not asked for in this way")
    if by is not None and not by.may(Intent.MANAGE_DEVICES):
        return Refusal.NOT_ALLOWED
    async with transaction(by.tenant_id if by else EVERY_TENANT) as tx:
        device = await devices.lock(tx, device_id)
        if device is None:
            return Refusal.NOT_FOUND
        if (earlier := await earlier_of(tx, device_id, kind, key)) is not None:
            return earlier
        if refusal := await refusal_of(tx, device):
            return refusal
        if any(command.kind is kind for command in await commands.lock_open(tx, device_id)):
            return Refusal.COMMAND_OPEN
        command = new(uuid4(), device.tenant_id, device_id, kind, body or {}, by.person_id if by else None, now, ttl_s)
        await add(tx, command, key)
        if by is not None:
            after = {"command": kind} | {name: command.body[name] for name in ("version",) if name in command.body}
            await note(tx, Deed.COMMAND, device.tenant_id, device_id, device.name, by, None, after)
    return command


async def switch(device_id: str, on: bool, by: Viewer, now: datetime, key: str = "") -> Refusal | Command:
    """Switches a device on or off. One that is off stays connected, but what it says is refused and counted, and it is
    sent nothing. Returns a command that is done. ALREADY_SO: it was in that state.
    """
    if not by.may(Intent.MANAGE_DEVICES):
        return Refusal.NOT_ALLOWED
    kind = Kind.ENABLE if on else Kind.DISABLE
    async with transaction(by.tenant_id) as tx:
        device = await devices.lock(tx, device_id)
        if device is None:
            return Refusal.NOT_FOUND
        if (earlier := await earlier_of(tx, device_id, kind, key)) is not None:
            return earlier
        if device.enabled == on:
            return Refusal.ALREADY_SO
        await devices.change(tx, device_id, enabled=on)
        command = new(uuid4(), device.tenant_id, device_id, kind, {}, by.person_id, now)
        await commands.add(tx, command, key)
        deed = Deed.ENABLE if on else Deed.DISABLE
        await note(tx, deed, device.tenant_id, device_id, device.name, by, {"enabled": device.enabled}, {"enabled": on})
    return command


async def add(tx: AsyncSession, command: Command, key: str = "") -> None:
    """Adds a command to a locked device, and wakes on commit whoever sends it."""
    await commands.add(tx, command, key)
    await announce(tx, Announcement(Topic.COMMAND, command.tenant_id, id=command.device_id))


async def earlier_of(tx: AsyncSession, device_id: str, kind: Kind, key: str) -> Refusal | Command | None:
    """What an earlier request with this idempotency key led to; None: there was none."""
    earlier = await commands.of_key(tx, device_id, key) if key else None
    return earlier if earlier is None or earlier.kind is kind else Refusal.KEY_USED


async def refusal_of(tx: AsyncSession, device: Held) -> Refusal | None:
    """Why a locked device can't be asked for anything, if so. At a broker whose users somebody else keeps, devices
    speak without ever having claimed themselves.
    """
    if not device.enabled:
        return Refusal.DEVICE_OFF if device.revoked_at is None else Refusal.NOT_CLAIMED
    if device.identity is Identity.CLAIMED:
        return None
    heard = device.identity is Identity.WAITING and await commands.was_heard(tx, device.id)
    return None if heard else Refusal.NOT_CLAIMED
