"""A tenant's devices: registered, named, put into pits, switched off and on, removed. Each locks the device's row."""

import secrets
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from actions.device_commands import switch
from actions.device_credentials import take_away
from actions.device_removal import take_off
from actions.device_trail import Deed, note
from actions.pumps import motors
from actions.pumps.removal import remove_controller
from actions.pumps.steps import AnyRefusal
from domain.access import Intent, Viewer
from domain.claims import ALPHABET, Identity, Link
from domain.foreign import KIND as FOREIGN
from domain.refusals import Refusal
from storage import devices
from storage.session import transaction

NAME_CHARS_MAX = 60
ID_PREFIX, ID_RANDOM_CHARS = "pp-", 12  # 60 bits: an id can't be guessed from another, or from a serial


class Kind(StrEnum):
    PIT = "pit"
    PUMP = "pump"


async def register(
    name: str, kind: Kind, pit_id: UUID | None, by: Viewer, now: datetime, link: Link = Link.MQTT
) -> Refusal | str:
    """Adds a device that waits to be claimed; returns its id, under which it will be known everywhere."""
    name = name.strip()
    if not by.may(Intent.MANAGE_DEVICES):
        return Refusal.NOT_ALLOWED
    if refusal := _refusal_of_name(name):
        return refusal
    if kind is Kind.PUMP and pit_id is not None:
        return Refusal.PUMP_IN_PIT
    device_id = ID_PREFIX + "".join(secrets.choice(ALPHABET.lower()) for _ in range(ID_RANDOM_CHARS))
    async with transaction(by.tenant_id) as tx:
        pit = await devices.pit_name(tx, pit_id) if pit_id else None
        if pit_id is not None and pit is None:
            return Refusal.NOT_FOUND
        await devices.add(tx, device_id, by.tenant_id, kind, name, pit_id, link, now)
        if kind is Kind.PUMP:
            await motors.ensure(tx, by.tenant_id, device_id, now)
        after = {"name": name, "kind": kind, "pit": pit, "link": link}
        await note(tx, Deed.REGISTER, by.tenant_id, device_id, name, by, None, after)
    return device_id


async def rename(device_id: str, name: str, by: Viewer) -> Refusal | None:
    name = name.strip()
    if not by.may(Intent.MANAGE_DEVICES):
        return Refusal.NOT_ALLOWED
    if refusal := _refusal_of_name(name):
        return refusal
    async with transaction(by.tenant_id) as tx:
        device = await devices.lock(tx, device_id)
        if device is None:
            return Refusal.NOT_FOUND
        if device.name != name:
            await devices.change(tx, device_id, name=name)
            await note(tx, Deed.RENAME, device.tenant_id, device_id, name, by, {"name": device.name}, {"name": name})
    return None


async def move(device_id: str, pit_id: UUID | None, by: Viewer) -> Refusal | None:
    """Puts a device into a pit, or into none. What it measures counts for the new pit from now on."""
    if not by.may(Intent.MANAGE_DEVICES):
        return Refusal.NOT_ALLOWED
    async with transaction(by.tenant_id) as tx:
        device = await devices.lock(tx, device_id)
        if device is None:
            return Refusal.NOT_FOUND
        if device.kind == Kind.PUMP and pit_id is not None:
            return Refusal.PUMP_IN_PIT
        pit = await devices.pit_name(tx, pit_id) if pit_id else None
        if pit_id is not None and pit is None:
            return Refusal.NOT_FOUND
        if device.pit_id != pit_id:
            before = {"pit": await devices.pit_name(tx, device.pit_id) if device.pit_id else None}
            await devices.change(tx, device_id, pit_id=pit_id)
            await note(tx, Deed.MOVE, device.tenant_id, device_id, device.name, by, before, {"pit": pit})
    return None


async def change_link(device_id: str, link: Link, by: Viewer, now: datetime) -> Refusal | None:
    """Changes how a device reaches the server. What it came in with ends, for it fits the other way only: the device
    claims itself anew. Its name, its motor and what it measured stay. A claim code that waits goes on being good.
    NOT_POSSIBLE_NOW: a sensor of another make speaks by its tenant's own login.
    """
    if not by.may(Intent.MANAGE_DEVICES):
        return Refusal.NOT_ALLOWED
    async with transaction(by.tenant_id) as tx:
        device = await devices.lock(tx, device_id)
        if device is None:
            return Refusal.NOT_FOUND
        if device.kind == FOREIGN:
            return Refusal.NOT_POSSIBLE_NOW
        if device.link != link:
            if device.identity is not Identity.WAITING:
                await take_away(tx, device, now)
            await devices.change(tx, device_id, link=link)
            await note(
                tx, Deed.LINK, device.tenant_id, device_id, device.name, by, {"link": device.link}, {"link": link}
            )
    return None


async def enable(device_id: str, enabled: bool, by: Viewer, now: datetime) -> Refusal | None:
    """Switches a device on or off, and it is no error if it is so already. See `actions.device_commands.switch`."""
    answer = await switch(device_id, enabled, by, now)
    return answer if isinstance(answer, Refusal) and answer is not Refusal.ALREADY_SO else None


async def remove(device_id: str, by: Viewer, now: datetime) -> AnyRefusal | None:
    """Revokes a device and takes it off every list. What it measured stays, and its id is never given again. A pump's
    controller stays while its motor is in use or may be ON, see actions/pumps/removal.py.
    """
    if not by.may(Intent.MANAGE_DEVICES):
        return Refusal.NOT_ALLOWED
    async with transaction(by.tenant_id) as tx:
        device = await devices.lock(tx, device_id)
        if device is None:
            return Refusal.NOT_FOUND
        if device.kind != Kind.PUMP:
            await take_off(tx, device, by, now)
            return None
    return await remove_controller(device_id, by, now)


def _refusal_of_name(name: str) -> Refusal | None:
    if not name or not name.isprintable():
        return Refusal.EMPTY
    return Refusal.TOO_LONG if len(name) > NAME_CHARS_MAX else None
