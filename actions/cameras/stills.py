"""Stills of cameras: kept for the board and for time-lapses, shown, and forgotten after their days."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID

import structlog

from actions.announce import Announcement, Topic, announce
from actions.cameras.keeping import camera_of
from domain.access import Viewer
from domain.cameras.watching import NoPicture, may_person_look
from domain.cameras.words import CameraRefusal
from domain.refusals import Refusal
from storage import camera_states, camera_stills, still_files, video_views
from storage.camera_stills import StillRow
from storage.session import EVERY_TENANT, transaction

NoStill = Refusal | CameraRefusal | NoPicture
STILL_BYTES_MAX = 8 << 20
SWEEP_EVERY_S = 600.0
log = structlog.get_logger(__name__)


async def keep_still(
    tenant_id: UUID, camera_id: UUID, job_id: UUID | None, picture: bytes, now: datetime, *, for_board: bool
) -> None:
    """The file first, then its row: a crash in between leaves a file without a row, never a row without a file."""
    if len(picture) > STILL_BYTES_MAX:
        log.warning("still too large", camera=str(camera_id), size=len(picture))
        return
    digest = await asyncio.to_thread(still_files.keep, tenant_id, picture)
    async with transaction(EVERY_TENANT) as tx:
        await camera_stills.add(tx, tenant_id, camera_id, job_id, (digest, len(picture)), now)
        if for_board:
            await camera_states.say_still(tx, camera_id, now, of_job=False)
        if job_id is not None:
            await camera_states.say_still(tx, camera_id, now, of_job=True)
        await announce(tx, Announcement(Topic.STILL, tenant_id, id=str(camera_id)))


async def board_still(by: Viewer, camera_id: UUID, now: datetime) -> NoStill | tuple[datetime, bytes]:
    """The latest still and its moment, for whoever may look now. NO_STILL."""
    row = await camera_of(by, camera_id)
    if isinstance(row, Refusal):
        return row
    if denied := may_person_look(row.watched, by, now):
        return denied
    async with transaction(by.tenant_id) as tx:
        found: StillRow | None = await camera_stills.latest(tx, camera_id)
    content = await asyncio.to_thread(still_files.read, by.tenant_id, found.digest) if found else None
    return (found.at, content) if found and content else CameraRefusal.NO_STILL


async def sweep_for_ever() -> None:
    """Forgets stills and notes of who looked when their time is over."""
    while True:
        await sweep(datetime.now(UTC))
        await asyncio.sleep(SWEEP_EVERY_S)


async def sweep(now: datetime) -> int:
    """Returns how many files went. The rows go first: a file that stays behind after a crash hurts nobody."""
    files = 0
    while True:
        async with transaction(EVERY_TENANT) as tx:
            rows, unnamed = await camera_stills.take_old(tx, now)
        for tenant_id, digest in unnamed:
            await asyncio.to_thread(still_files.drop, tenant_id, digest)
            files += 1
        if rows < camera_stills.SWEPT_AT_ONCE:
            break
    async with transaction(EVERY_TENANT) as tx:
        await video_views.forget(tx, now)
    return files
