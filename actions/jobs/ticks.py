"""What is ticked off of a stage or a quality check, and a stage that was finished by a tap that was none."""

from datetime import datetime, timedelta
from uuid import UUID

from actions.jobs.move import follow_stage
from actions.jobs.trail import Deed, tell, tell_quietly
from domain.access import Intent, Viewer
from domain.jobs import moves
from domain.jobs.job import Job, Refused
from domain.jobs.words import Event, JobRefusal
from domain.refusals import Refusal
from storage import job_rows
from storage.session import transaction

UNDO_WITHIN = timedelta(minutes=2)
"""Longer than any page offers it, for one that was away meanwhile."""


async def tick(job_id: UUID, item: str, is_on: bool, by: Viewer) -> Refusal | Refused | Job:
    """Ticks something off, or not any more; what is so already stays so."""
    if not by.may(Intent.WORK_ON_JOBS):
        return Refusal.NOT_ALLOWED
    async with transaction(by.tenant_id) as tx:
        locked = await job_rows.lock(tx, by.tenant_id, job_id)
        if locked is None:
            return Refusal.NOT_FOUND
        answer = moves.tick(locked.job, item, is_on, by.role)
        if isinstance(answer, Refused) or answer == locked.job:
            return answer
        await job_rows.save_checked(tx, by.tenant_id, answer)
        await tell_quietly(tx, Deed.TICK, answer, locked.name, by, before={item: not is_on}, after={item: is_on})
    return answer


async def undo_stage(
    job_id: UUID, version: int, by: Viewer, now: datetime, *, key: UUID | None = None
) -> Refusal | Refused | Job:
    """Takes back the stage that the same person finished a moment ago, if nothing has happened since. With a `key`,
    asking again takes nothing else back.
    """
    if not by.may(Intent.WORK_ON_JOBS):
        return Refusal.NOT_ALLOWED
    async with transaction(by.tenant_id) as tx:
        locked = await job_rows.lock(tx, by.tenant_id, job_id)
        if locked is None:
            return Refusal.NOT_FOUND
        if key is not None and (earlier := await job_rows.done_with(tx, by.tenant_id, key)):
            return locked.job if earlier == (job_id, Deed.UNDO_STAGE) else Refusal.KEY_USED
        answer = moves.undo_stage(locked.job, version, by.role)
        if isinstance(answer, Refused):
            return answer
        last = await job_rows.last_event(tx, by.tenant_id, job_id)
        if last is None or last[:2] != (Event.FINISH_STAGE, by.person_id) or now - last[2] > UNDO_WITHIN:
            return Refused(JobRefusal.NO_SUCH_MOVE, moves.allowed_moves(locked.job, by.role))
        await job_rows.save(tx, by.tenant_id, answer, locked.worked_min, locked.working_since)
        await follow_stage(tx, by.tenant_id, locked.job, answer, now)
        before, after = {"stage": locked.job.stage}, {"stage": answer.stage}
        await tell(tx, Deed.UNDO_STAGE, answer, locked.name, by, now, before=before, after=after, key=key)
    return answer
