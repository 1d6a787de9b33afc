"""The time-lapse of a job, as whoever sees jobs sees it."""

import asyncio
from pathlib import Path
from uuid import UUID

from domain.access import Intent, Role, Viewer
from domain.refusals import Refusal
from storage import still_files, timelapses
from storage.session import transaction


async def cameras_with_film(job_id: UUID, by: Viewer) -> list[UUID]:
    """The cameras whose film of the job is made; none for who may not see it."""
    return list(await _films(job_id, by))


async def film(job_id: UUID, camera_id: UUID, by: Viewer) -> Refusal | Path:
    """An MP4 file. NOT_FOUND also for who may not see it."""
    digest = (await _films(job_id, by)).get(camera_id)
    if digest is None:
        return Refusal.NOT_FOUND
    file = still_files.path_of(by.tenant_id, digest)
    return file if await asyncio.to_thread(file.is_file) else Refusal.NOT_FOUND


async def _films(job_id: UUID, by: Viewer) -> dict[UUID, bytes]:
    """Digests by camera, of those at which whoever asks may look."""
    if not by.may(Intent.SEE_JOBS) or not by.may(Intent.SEE_VIDEO):
        return {}
    async with transaction(by.tenant_id) as tx:
        return dict(await timelapses.of_job(tx, by.tenant_id, job_id, staff=by.role is Role.STAFF))
