"""Photos of a job: taken, shown to the customer or not any more, removed.

The bytes are stored before the row that names them is committed: a process that dies in between leaves files that
nobody refers to, which the sweep finds, and never a row without its picture.
"""

import asyncio
from datetime import datetime
from typing import BinaryIO
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from actions.jobs.pictures import Picture, prepare
from actions.jobs.trail import Deed, tell
from domain.access import Intent, Viewer
from domain.jobs.words import Stage, State
from domain.photos import PER_JOB_MAX, PhotoFault
from domain.refusals import Refusal
from storage import job_rows, photo_files, photos
from storage.job_rows import LockedJob
from storage.photos import NewPhoto, PhotoRow
from storage.session import EVERY_TENANT, transaction

SWEEP_EVERY_S = 86_400.0
SWEPT_AT_ONCE = 1_000


async def take(
    job_id: UUID, file: BinaryIO, stage: Stage | None, by: Viewer, now: datetime, *, key: UUID
) -> Refusal | PhotoFault | PhotoRow:
    """Keeps a picture of the job, redrawn. `key` becomes the photo's id: sent again, it is the same photo, also when
    it was removed meanwhile. Without a `stage`, it is of what is being worked on. KEY_USED: it is another job's.
    """
    if not by.may(Intent.WORK_ON_JOBS):
        return Refusal.NOT_ALLOWED
    async with transaction(by.tenant_id) as tx:
        before = await _before(tx, by.tenant_id, job_id, key)
        if before is not None:
            return before
    picture = await prepare(file)
    if isinstance(picture, PhotoFault):
        return picture
    async with transaction(by.tenant_id) as tx:
        locked = await job_rows.lock(tx, by.tenant_id, job_id)
        before = await _before(tx, by.tenant_id, job_id, key)
        if before is not None:
            return before
        if locked is None:
            return Refusal.NOT_FOUND
        if len(await photos.of_job(tx, by.tenant_id, job_id)) >= PER_JOB_MAX:
            return PhotoFault.TOO_MANY
        return await _keep(tx, locked, picture, stage, by, now, key)


async def _before(tx: AsyncSession, tenant_id: UUID, job_id: UUID, key: UUID) -> Refusal | PhotoRow | None:
    """What an earlier request with this key came to, or that there is no such job."""
    known = await photos.one(tx, tenant_id, key)
    if known is not None:
        return known if known.job_id == job_id else Refusal.KEY_USED
    return None if await job_rows.read(tx, tenant_id, job_id) else Refusal.NOT_FOUND


async def _keep(
    tx: AsyncSession, locked: LockedJob, picture: Picture, stage: Stage | None, by: Viewer, now: datetime, key: UUID
) -> PhotoRow:
    job = locked.job
    if stage is None and job.state is State.IN_PROGRESS:
        stage = job.stage
    digest = photo_files.digest_of(picture.full)
    await photos.hold_content(tx, by.tenant_id, digest)
    await asyncio.to_thread(photo_files.keep, by.tenant_id, picture.full, picture.thumb)
    new = NewPhoto(key, stage, len(picture.full), picture.width, picture.height, digest)
    row = await photos.add(tx, by.tenant_id, job.id, new, by.person_id, now)
    await tell(tx, Deed.TAKE_PHOTO, job, locked.name, by, now, after={"photo": str(key), "size": new.size})
    return row


async def content_of(photo: PhotoRow, *, thumb: bool) -> bytes | None:
    """The bytes of a photo, for whoever checked that it may be seen; None: they are gone. `content_sha256` is that of
    the full picture.
    """
    return await asyncio.to_thread(photo_files.read, photo.tenant_id, photo.content_sha256, thumb=thumb)


async def release(photo_id: UUID, is_released: bool, by: Viewer, now: datetime) -> Refusal | PhotoRow:
    """Lets the customer see it, or not any more. ALREADY_SO: it was so before."""
    async with transaction(by.tenant_id) as tx:
        found = await _locked(tx, photo_id, by)
        if isinstance(found, Refusal):
            return found
        photo, locked = found
        if is_released == (photo.released_at is not None):
            return Refusal.ALREADY_SO
        await photos.release(tx, by.tenant_id, photo_id, now if is_released else None)
        deed = Deed.RELEASE_PHOTO if is_released else Deed.WITHDRAW_PHOTO
        await tell(tx, deed, locked.job, locked.name, by, now, after={"photo": str(photo_id)})
        return await photos.one(tx, by.tenant_id, photo_id) or Refusal.NOT_FOUND


async def remove(photo_id: UUID, by: Viewer, now: datetime) -> Refusal | None:
    """The row stays and says that there was one; the bytes go, unless another photo has the same."""
    async with transaction(by.tenant_id) as tx:
        found = await _locked(tx, photo_id, by)
        if isinstance(found, Refusal):
            return found
        photo, locked = found
        await photos.remove(tx, by.tenant_id, photo_id, now)
        await tell(tx, Deed.REMOVE_PHOTO, locked.job, locked.name, by, now, before={"photo": str(photo_id)})
    await drop_unshown(by.tenant_id, photo.content_sha256)
    return None


async def _locked(tx: AsyncSession, photo_id: UUID, by: Viewer) -> Refusal | tuple[PhotoRow, LockedJob]:
    """A photo that was not removed, and its job, locked until the transaction ends."""
    if not by.may(Intent.WORK_ON_JOBS):
        return Refusal.NOT_ALLOWED
    named = await photos.one(tx, by.tenant_id, photo_id)
    locked = await job_rows.lock(tx, by.tenant_id, named.job_id) if named else None
    photo = await photos.one(tx, by.tenant_id, photo_id)  # again: somebody may have removed it before the lock
    if photo is None or locked is None or photo.removed_at is not None:
        return Refusal.NOT_FOUND
    return photo, locked


async def drop_unshown(tenant_id: UUID, digest: bytes) -> None:
    """Deletes the bytes if no photo has them any more, while nobody can store the same."""
    async with transaction(EVERY_TENANT) as tx:
        await photos.hold_content(tx, tenant_id, digest)
        if await photos.unshown(tx, tenant_id, [digest]):
            await asyncio.to_thread(photo_files.drop, tenant_id, digest)


async def sweep_for_ever() -> None:
    while True:
        await sweep()
        await asyncio.sleep(SWEEP_EVERY_S)


async def sweep() -> None:
    """Deletes what processes left that died between file and row, or between row and file."""
    await asyncio.to_thread(photo_files.sweep_half_written)
    for tenant_id, digests in (await asyncio.to_thread(photo_files.stored)).items():
        for begin in range(0, len(digests), SWEPT_AT_ONCE):
            async with transaction(EVERY_TENANT) as tx:
                left = await photos.unshown(tx, tenant_id, digests[begin : begin + SWEPT_AT_ONCE])
            for digest in left:
                await drop_unshown(tenant_id, digest)
