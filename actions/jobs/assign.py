"""A job is given a pit and people. Locks the job, then the pit."""

from datetime import datetime
from uuid import UUID

from actions.jobs.move import follow_stage
from actions.jobs.trail import Deed, tell
from domain.access import Intent, Viewer
from domain.jobs import moves
from domain.jobs.job import Job, Refused
from domain.refusals import Refusal
from storage import job_rows
from storage.session import transaction


async def assign(
    job_id: UUID,
    version: int,
    pit_id: UUID | None,
    staff: frozenset[UUID],
    by: Viewer,
    now: datetime,
    *,
    key: UUID | None = None,
) -> Refusal | Refused | Job:
    """Takes the whole answer: whoever is not named works on the job no longer. NOT_FOUND: no such job, pit or person
    of the crew. MOVED_MEANWHILE: the job is not at `version` any more. With a `key`, asking again changes nothing.
    """
    if not by.may(Intent.WORK_ON_JOBS):
        return Refusal.NOT_ALLOWED
    async with transaction(by.tenant_id) as tx:
        locked = await job_rows.lock(tx, by.tenant_id, job_id)
        if locked is None:
            return Refusal.NOT_FOUND
        if key is not None and (earlier := await job_rows.done_with(tx, by.tenant_id, key)):
            return locked.job if earlier == (job_id, Deed.ASSIGN) else Refusal.KEY_USED
        if pit_id is not None and not await job_rows.lock_pit(tx, pit_id):
            return Refusal.NOT_FOUND
        if await job_rows.crew_among(tx, by.tenant_id, staff) != staff:
            return Refusal.NOT_FOUND
        is_free = pit_id is None or await job_rows.is_pit_free(tx, by.tenant_id, pit_id, job_id)
        answer = moves.assign(locked.job, version, by.role, pit_id, staff, pit_is_free=is_free)
        if isinstance(answer, Refused):
            return answer
        await job_rows.save(tx, by.tenant_id, answer, locked.worked_min, locked.working_since)
        await job_rows.save_staff(tx, by.tenant_id, job_id, staff)
        await follow_stage(tx, by.tenant_id, locked.job, answer, now)
        before = {"pit_id": locked.job.pit_id, "staff": locked.job.staff}
        after = {"pit_id": answer.pit_id, "staff": answer.staff}
        await tell(tx, Deed.ASSIGN, answer, locked.name, by, now, before=before, after=after, key=key)
    return answer
