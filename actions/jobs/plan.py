"""A booking moves to another time, or to another pit. The customer's promise moves with it as long as nobody began, and
the customer's link lasts for it.
"""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from actions.jobs.create import PLANNED_WITHIN
from actions.jobs.trail import Deed, tell
from domain.access import Intent, Viewer
from domain.jobs.job import Job, Refused
from domain.jobs.moves import moves_from
from domain.jobs.tracking import lasts_until
from domain.jobs.words import JobRefusal, State
from domain.refusals import Refusal
from storage import job_links, job_rows
from storage.session import transaction


async def reschedule(
    job_id: UUID, version: int, planned_at: datetime, pit_id: UUID | None, by: Viewer, now: datetime
) -> Refusal | Refused | Job:
    """`pit_id`: where it is planned then, None for no pit yet. A time that is over means now. NO_SUCH_MOVE: the work
    has begun, so that only its pit can change, which is an assignment.
    """
    if not by.may(Intent.WORK_ON_JOBS):
        return Refusal.NOT_ALLOWED
    if planned_at > now + PLANNED_WITHIN:
        return Refusal.NOT_POSSIBLE_NOW
    async with transaction(by.tenant_id) as tx:
        locked = await job_rows.lock(tx, by.tenant_id, job_id)
        if locked is None:
            return Refusal.NOT_FOUND
        if version != locked.job.version:
            return Refused(JobRefusal.MOVED_MEANWHILE, moves_from(locked.job.state, by.role))
        if locked.job.state is not State.RECEIVED:
            return Refused(JobRefusal.NO_SUCH_MOVE, moves_from(locked.job.state, by.role))
        if pit_id is not None and not await job_rows.lock_pit(tx, pit_id):
            return Refusal.NOT_FOUND
        was = await job_rows.plan_of(tx, by.tenant_id, job_id)
        planned_at = max(planned_at, now)
        promised_at = (await job_rows.calendar(tx, by.tenant_id)).add(planned_at, locked.plan.promised_min)
        job = replace(locked.job, pit_id=pit_id, version=version + 1)
        await job_rows.save(tx, by.tenant_id, job, locked.worked_min, locked.working_since)
        await job_rows.save_plan(tx, by.tenant_id, job_id, planned_at, promised_at)
        await job_links.lengthen(tx, by.tenant_id, job_id, lasts_until(now, planned_at))
        before = {"planned_at": was[0], "promised_at": was[1], "pit_id": locked.job.pit_id}
        after = {"planned_at": planned_at, "promised_at": promised_at, "pit_id": pit_id}
        await tell(tx, Deed.RESCHEDULE, job, locked.name, by, now, before=before, after=after)
    return job
