"""One device's update, as its owner sees it: whether there is a newer release for it, and asking for that."""

from datetime import datetime
from uuid import UUID

from actions import device_commands
from actions.releases import is_beta, offer
from domain.access import Intent, Viewer
from domain.commands import Command, Kind
from domain.firmware import Version
from domain.refusals import Refusal
from storage import firmware, queries
from storage.firmware import ReleaseRow
from storage.queries import DeviceRow
from storage.session import EVERY_TENANT, transaction


async def update_for(by: Viewer, device_id: str, now: datetime) -> ReleaseRow | None:
    """The newest stable release that is newer than what a device of the viewer's tenant runs, or None."""
    device = await _device(by, device_id, now) if by.may(Intent.SEE_DEVICES) else None
    running = Version.of(device.firmware) if device and device.firmware else None
    if device is None or running is None:
        return None
    async with transaction(EVERY_TENANT) as tx:
        found = await firmware.newest_for(tx, device.kind)
    newest = max(found, key=_version, default=None)
    return newest if newest is not None and _version(newest) > running else None


async def order_update(device_id: str, release_id: UUID, by: Viewer, now: datetime) -> Refusal | Command:
    """Asks one device of the viewer's tenant to install a stable release of its kind. NOT_ALLOWED, NOT_FOUND (device or
    release), and what actions.device_commands.request refuses with.
    """
    if not by.may(Intent.MANAGE_DEVICES):
        return Refusal.NOT_ALLOWED
    device = await _device(by, device_id, now)
    if device is None:
        return Refusal.NOT_FOUND
    async with transaction(EVERY_TENANT) as tx:
        release = await firmware.release(tx, release_id)
        if release is None or release.kind != device.kind or is_beta(release):
            return Refusal.NOT_FOUND
        download = await offer(tx, by.tenant_id, device_id, release_id, now)
    if isinstance(download, Refusal):
        return download
    body = {
        "version": download.version, "url": download.path, "size": download.size, "sha256": download.sha256,
    }  # fmt: skip
    return await device_commands.request(device_id, Kind.UPDATE, by, now, body=body)


async def _device(by: Viewer, device_id: str, now: datetime) -> DeviceRow | None:
    async with transaction(by.tenant_id) as tx:
        return await queries.device(tx, device_id, now)


def _version(row: ReleaseRow) -> Version:
    read = Version.of(row.version)
    if read is None:
        raise ValueError(f"release {row.id} has the version {row.version!r}")
    return read
