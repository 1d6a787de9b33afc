"""Makes the time-lapse of each job that is complete: one at a time, in a process of low priority."""

import asyncio
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from ingest.video.timelapse import TimeLapseFailed, make
from storage import camera_stills, still_files, timelapses
from storage.session import EVERY_TENANT, transaction
from storage.timelapses import Waiting

LOOK_EVERY_S = 20.0
log = structlog.get_logger(__name__)


async def make_for_ever() -> None:
    while True:
        while await make_one(datetime.now(UTC)):
            pass
        await asyncio.sleep(LOOK_EVERY_S)


async def make_one(now: datetime) -> bool:
    """Returns False if none waits. The row stays locked meanwhile, so that no other process makes it too."""
    async with transaction(EVERY_TENANT) as tx:
        await timelapses.ask(tx, now)
    async with transaction(EVERY_TENANT) as tx:
        waiting = await timelapses.lock_waiting(tx)
        if waiting is None:
            return False
        try:
            await _make(tx, waiting, now)
        except (TimeLapseFailed, OSError) as fault:
            log.warning("no time-lapse", job=str(waiting.job_id), error=str(fault))
            await timelapses.failed(tx, waiting.id, str(fault)[:300])
    return True


async def _make(tx: AsyncSession, waiting: Waiting, now: datetime) -> None:
    rows = await camera_stills.of_job(tx, waiting.tenant_id, waiting.job_id, waiting.camera_id)
    stills = [still_files.path_of(waiting.tenant_id, row.digest) for row in rows]
    with tempfile.TemporaryDirectory(prefix="pitpilot-timelapse-") as folder:
        film = Path(folder) / "film.mp4"
        count = await make(stills, film)
        content = await asyncio.to_thread(film.read_bytes)
    digest = await asyncio.to_thread(still_files.keep, waiting.tenant_id, content)
    await timelapses.made(tx, waiting.id, count, (digest, len(content)), now)
