"""A tenant's cameras: added, changed, switched off and on, removed. Each locks the camera's row."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from actions import keys
from actions.cameras import reach
from actions.cameras.trail import Deed, differing, note, shown
from domain.access import Intent, Role, Viewer
from domain.cameras.address import LOGIN_CHARS_MAX, PASSWORD_CHARS_MAX, AddressFault
from domain.cameras.privacy import HoursFault
from domain.cameras.watching import Watcher
from domain.cameras.words import CameraRefusal
from domain.refusals import Refusal
from storage import cameras
from storage.cameras import CameraRow, CameraSettings
from storage.session import transaction

NAME_CHARS_MAX = 60
CAMERAS_MAX = 64
"""Of a tenant."""
STILL_EVERY_MIN = range(1, 61)
KEEP_DAYS = range(1, 91)
SEALED_FOR = "passwords of cameras"

Wrong = Refusal | CameraRefusal | AddressFault | HoursFault


async def add(said: CameraSettings, by: Viewer, now: datetime) -> Wrong | UUID:
    """Adds a camera; its password comes with the address. Returns its id."""
    said = _tidy(said)
    if wrong := await _fault(said, by):
        return wrong
    camera_id = uuid4()
    async with transaction(by.tenant_id) as tx:
        if not await cameras.has_pit(tx, said.pit_id):
            return Refusal.NOT_FOUND
        if await cameras.count(tx) >= CAMERAS_MAX:
            return CameraRefusal.TOO_MANY
        await cameras.save(tx, camera_id, by.tenant_id, said, sealed(said.address.password, by.tenant_id), now)
        pit = await _pit(tx, camera_id)
        await note(tx, Deed.ADD, camera_id, said, by, None, shown(said, pit))
    return camera_id


async def change(
    camera_id: UUID, said: CameraSettings, by: Viewer, now: datetime, *, keep_password: bool
) -> Wrong | None:
    """Says all of a camera anew. `keep_password`: nobody typed one, so the stored one stays, as long as it goes to the
    same place in the same name.
    """
    said = _tidy(said)
    if wrong := await _fault(said, by):
        return wrong
    async with transaction(by.tenant_id) as tx:
        was = await cameras.lock(tx, camera_id)
        if was is None or not await cameras.has_pit(tx, said.pit_id):
            return Refusal.NOT_FOUND
        if keep_password and not is_same_door(was.settings, said):
            return CameraRefusal.PASSWORD_AGAIN
        new = None if keep_password else sealed(said.address.password, by.tenant_id)
        await cameras.change(tx, camera_id, said, new, now, keep_password=keep_password)
        before, after = differing(shown(was.settings, was.pit), shown(said, await _pit(tx, camera_id)))
        if not keep_password:
            after["login"] = "•••"
        if after:
            await note(tx, Deed.CHANGE, camera_id, said, by, before, after)
    return None


async def enable(camera_id: UUID, on: bool, by: Viewer, now: datetime) -> Refusal | None:
    """ALREADY_SO, NOT_FOUND, NOT_ALLOWED. Whoever looks at a camera that is switched off sees it no longer."""
    if not by.may(Intent.MANAGE_CAMERAS):
        return Refusal.NOT_ALLOWED
    async with transaction(by.tenant_id) as tx:
        was = await cameras.lock(tx, camera_id)
        if was is None:
            return Refusal.NOT_FOUND
        if was.settings.enabled is on:
            return Refusal.ALREADY_SO
        said = replace(was.settings, enabled=on)
        await cameras.change(tx, camera_id, said, None, now, keep_password=True)
        deed = Deed.ENABLE if on else Deed.DISABLE
        await note(tx, deed, camera_id, said, by, {"enabled": not on}, {"enabled": on})
    return None


async def remove(camera_id: UUID, by: Viewer, now: datetime) -> Refusal | None:
    """Its address and password are forgotten at once, its stills after their time. NOT_FOUND, NOT_ALLOWED."""
    if not by.may(Intent.MANAGE_CAMERAS):
        return Refusal.NOT_ALLOWED
    async with transaction(by.tenant_id) as tx:
        was = await cameras.lock(tx, camera_id)
        if was is None:
            return Refusal.NOT_FOUND
        await cameras.remove(tx, camera_id, now)
        await note(tx, Deed.REMOVE, camera_id, was.settings, by, shown(was.settings, was.pit), None)
    return None


async def cameras_of(by: Viewer, pit_id: UUID | None = None) -> Refusal | list[CameraRow]:
    """Those that the viewer may know of: staff, those that staff may look at. NOT_ALLOWED."""
    if not _may_know(by):
        return Refusal.NOT_ALLOWED
    async with transaction(by.tenant_id) as tx:
        found = await cameras.cameras(tx, pit_id)
    return [row for row in found if by.role is not Role.STAFF or Watcher.STAFF in row.settings.watchers]


async def camera_of(by: Viewer, camera_id: UUID) -> Refusal | CameraRow:
    """NOT_ALLOWED, NOT_FOUND."""
    if not _may_know(by):
        return Refusal.NOT_ALLOWED
    async with transaction(by.tenant_id) as tx:
        row = await cameras.camera(tx, camera_id)
    if row is None or (by.role is Role.STAFF and Watcher.STAFF not in row.settings.watchers):
        return Refusal.NOT_FOUND
    return row


def _may_know(by: Viewer) -> bool:
    return by.may(Intent.SEE_VIDEO) or by.may(Intent.MANAGE_CAMERAS)


def sealed(password: str, tenant_id: UUID) -> bytes | None:
    return keys.seal(SEALED_FOR, password.encode(), tenant_id) if password else None


def unsealed(kept: bytes | None, tenant_id: UUID) -> str:
    """
    Raises:
        actions.keys.Unsealable: it was sealed with another secret, as after a restore without its own.
    """
    return keys.unseal(SEALED_FOR, kept, tenant_id).decode() if kept else ""


def is_same_door(was: CameraSettings, said: CameraSettings) -> bool:
    """Whether a stored password would go to where it was typed for."""
    a, b = was.address, said.address
    return (a.host, a.port, a.username) == (b.host, b.port, b.username)


def _tidy(said: CameraSettings) -> CameraSettings:
    return replace(said, name=said.name.strip())


async def _fault(said: CameraSettings, by: Viewer) -> Wrong | None:
    """What is wrong, before anything is locked: looking up a name may take seconds."""
    if not by.may(Intent.MANAGE_CAMERAS):
        return Refusal.NOT_ALLOWED
    if not said.name or not said.name.isprintable():
        return Refusal.EMPTY
    if len(said.name) > NAME_CHARS_MAX:
        return Refusal.TOO_LONG
    if said.privacy and (wrong := said.privacy.fault()):
        return wrong
    if said.still_every_min not in STILL_EVERY_MIN or said.keep_stills_days not in KEEP_DAYS:
        return CameraRefusal.OUT_OF_RANGE
    return await door_fault(said)


async def door_fault(said: CameraSettings) -> CameraRefusal | AddressFault | None:
    address = said.address
    if len(address.username) > LOGIN_CHARS_MAX or len(address.password) > PASSWORD_CHARS_MAX:
        return CameraRefusal.LOGIN_TOO_LONG
    if not (address.username + address.password).isprintable():
        return AddressFault.CHARACTERS
    number = await reach.number_of(address.host)
    # A camera that is not plugged in yet may have no name yet; its address is judged again whenever it is asked.
    return number if number is AddressFault.OURSELVES else None


async def _pit(tx: AsyncSession, camera_id: UUID) -> str:
    row = await cameras.camera(tx, camera_id)
    return row.pit if row else ""
