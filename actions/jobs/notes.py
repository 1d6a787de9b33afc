"""What people write on a job: notes, and the defects that a quality check finds. Both stay for ever."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from actions.jobs.trail import Deed, tell
from domain.access import Intent, Viewer
from domain.jobs.job import Job
from domain.jobs.words import ENDED
from domain.refusals import Refusal
from storage import job_rows
from storage.session import transaction

SAID_CHARS = 2_000


async def note(job_id: UUID, said: str, by: Viewer, now: datetime) -> Refusal | None:
    """Adds a line to the timeline; an ended job takes notes too."""
    if refusal := refusal_of_words(said, by):
        return refusal
    async with transaction(by.tenant_id) as tx:
        locked = await job_rows.lock(tx, by.tenant_id, job_id)
        if locked is None:
            return Refusal.NOT_FOUND
        await tell(tx, Deed.NOTE, locked.job, locked.name, by, now, after={"note": said.strip()}, said=said.strip())
    return None


async def defect(job_id: UUID, said: str, by: Viewer, now: datetime, *, key: UUID) -> Refusal | Job:
    """One is what a quality check needs to fail, and only those count that were noted during it. `key` becomes the
    defect's id; the same key again changes nothing, so that a page may send it twice. NOT_POSSIBLE_NOW: the job has
    ended.
    """
    if refusal := refusal_of_words(said, by):
        return refusal
    async with transaction(by.tenant_id) as tx:
        locked = await job_rows.lock(tx, by.tenant_id, job_id)
        if locked is None:
            return Refusal.NOT_FOUND
        if locked.job.state in ENDED:
            return Refusal.NOT_POSSIBLE_NOW
        if not await job_rows.add_defect(tx, by.tenant_id, locked.job, key, said.strip(), by.person_id, now):
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
