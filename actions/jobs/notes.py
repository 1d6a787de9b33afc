"""What people write on a job: notes, and the defects that a quality check finds. Both stay for ever."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from actions.jobs.trail import Deed, tell
from domain.access import Intent, Viewer
from domain.jobs.job import Job
from domain.jobs.words import ENDED
from domain.refusals import Refusal
from storage import job_rows, photos
from storage.session import transaction

SAID_CHARS = 2_000


async def note(job_id: UUID, said: str, by: Viewer, now: datetime, *, key: UUID | None = None) -> Refusal | None:
    """Adds a line to the timeline; an ended job takes notes too. The same `key` again adds nothing."""
    if refusal := refusal_of_words(said, by):
        return refusal
    async with transaction(by.tenant_id) as tx:
        locked = await job_rows.lock(tx, by.tenant_id, job_id)
        if locked is None:
            return Refusal.NOT_FOUND
        if key is not None and (earlier := await job_rows.done_with(tx, by.tenant_id, key)):
            return None if earlier == (job_id, Deed.NOTE) else Refusal.KEY_USED
        after = {"note": said.strip()}
        await tell(tx, Deed.NOTE, locked.job, locked.name, by, now, after=after, said=said.strip(), key=key)
    return None


async def defect(
    job_id: UUID, said: str, by: Viewer, now: datetime, *, key: UUID, photo_id: UUID | None = None
) -> Refusal | Job:
    """One is what a quality check needs to fail, and only those count that were noted during it. `key` becomes the
    defect's id; the same key again changes nothing, so that a page may send it twice. NOT_POSSIBLE_NOW: the job has
    ended. NOT_FOUND: no such job, or no such photo of it.
    """
    if refusal := refusal_of_words(said, by):
        return refusal
    async with transaction(by.tenant_id) as tx:
        locked = await job_rows.lock(tx, by.tenant_id, job_id)
        if locked is None:
            return Refusal.NOT_FOUND
        if locked.job.state in ENDED:
            return Refusal.NOT_POSSIBLE_NOW
        shown = await photos.one(tx, by.tenant_id, photo_id) if photo_id else None
        if photo_id and (shown is None or shown.job_id != job_id):
            return Refusal.NOT_FOUND
        if not await job_rows.add_defect(tx, by.tenant_id, locked.job, key, said.strip(), by.person_id, now, photo_id):
            return locked.job
        job = replace(locked.job, defects=locked.job.defects + 1, version=locked.job.version + 1)
        await job_rows.save(tx, by.tenant_id, job, locked.worked_min, locked.working_since)
        await tell(tx, Deed.DEFECT, job, locked.name, by, now, after={"defect": said.strip()}, said=said.strip())
    return job


def refusal_of_words(said: str, by: Viewer) -> Refusal | None:
    if not by.may(Intent.WORK_ON_JOBS):
        return Refusal.NOT_ALLOWED
    if not said.strip() or "\0" in said:
        return Refusal.EMPTY
    return Refusal.TOO_LONG if len(said) > SAID_CHARS else None
