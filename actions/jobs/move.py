"""A job moves: from one state to the next, or from stage to stage. Locks the job, then its pit."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from actions.customers.news import tell_customer
from actions.jobs.around import around
from actions.jobs.trail import Deed, tell
from domain.access import Intent, Viewer
from domain.customer_news import BY_EVENT
from domain.jobs.job import Around, Ask, Job, Refused
from domain.jobs.moves import decide
from domain.jobs.tracking import AFTER_DELIVERY
from domain.jobs.words import Event, Stage, State
from domain.refusals import Refusal
from storage import job_links, job_papers, job_rows, passports
from storage.job_rows import LockedJob
from storage.session import transaction

WORKED_ON = frozenset({State.IN_PROGRESS, State.QUALITY_CHECK})
"""The time that a job spends here is what its kind of work takes."""


async def move(
    job_id: UUID, ask: Ask, by: Viewer, now: datetime, *, key: UUID | None = None
) -> Refusal | Refused | Job:
    """The job as it is now. MOVED_MEANWHILE: somebody changed it after the asker had read it; nothing was done. The
    role that counts is the viewer's, whatever `ask` says. With a `key`, asking again moves nothing a second time.
    """
    if not by.may(Intent.WORK_ON_JOBS):
        return Refusal.NOT_ALLOWED
    async with transaction(by.tenant_id) as tx:
        return await moved(tx, job_id, ask, by, now, key=key)


async def moved(
    tx: AsyncSession, job_id: UUID, ask: Ask, by: Viewer, now: datetime, *, key: UUID | None = None, signed_by: str = ""
) -> Refusal | Refused | Job:
    """The same as part of the caller's transaction, who has asked for the right. `signed_by`: who took the car."""
    locked = await job_rows.lock(tx, by.tenant_id, job_id)
    if locked is None:
        return Refusal.NOT_FOUND
    if key is not None and (earlier := await job_rows.done_with(tx, by.tenant_id, key)):
        return locked.job if earlier == (job_id, ask.event) else Refusal.KEY_USED
    answer = decide(locked.job, replace(ask, role=by.role), await _around(tx, by, locked.job, ask.event, now))
    if isinstance(answer, Refused):
        return answer
    await _save(tx, by.tenant_id, locked, answer, now)
    before, after = _difference(locked.job, answer, ask)
    await _follow_up(tx, by.tenant_id, job_id, ask.event, now)
    if signed_by:
        after["signed_by"] = signed_by
    await tell(
        tx, Deed.HAND_OVER if signed_by else Deed.MOVE, answer, locked.name, by, now, before=before, after=after,
        was=locked.job.state, kind=ask.event, said=signed_by or ask.reason.strip(), key=key,
    )  # fmt: skip
    return answer


async def _follow_up(tx: AsyncSession, tenant_id: UUID, job_id: UUID, event: Event, now: datetime) -> None:
    """What a move brings beside the job's own row: a passport, and word to the customer."""
    if event is Event.PASS:
        await passports.ask_for(tx, tenant_id, job_id, now)
    if news := BY_EVENT.get(event):
        await tell_customer(tx, tenant_id, job_id, news, now)


async def _around(tx: AsyncSession, by: Viewer, job: Job, event: Event, now: datetime) -> Around:
    """Pit and climate are looked at for the moves alone that ask for them."""
    if event in (Event.START, Event.RESUME):
        return await around(tx, by.tenant_id, job, now)
    return Around(now, pit_is_free=False, climate_ok_since=None, climate_known=False)


async def _save(tx: AsyncSession, tenant_id: UUID, locked: LockedJob, job: Job, now: datetime) -> None:
    worked_min, since = locked.worked_min, locked.working_since
    if job.state in WORKED_ON:
        since = since or now
    elif since is not None:
        worked_min += (await job_rows.calendar(tx, tenant_id)).between(since, now)
        since = None
    await job_rows.save(tx, tenant_id, job, worked_min, since)
    await follow_stage(tx, tenant_id, locked.job, job, now)
    if job.ended_at is not None:
        await job_links.shorten(tx, tenant_id, job.id, now + AFTER_DELIVERY)
    if job.state is State.DELIVERED:
        await job_papers.issue_warranty(tx, tenant_id, job.id, now)


async def follow_stage(tx: AsyncSession, tenant_id: UUID, before: Job, after: Job, now: datetime) -> None:
    """Ends and begins the spans in which stages are worked on, each in one pit."""
    was, is_ = (_at_work(before), before.pit_id), (_at_work(after), after.pit_id)
    if was == is_:
        return
    await job_rows.end_stage(tx, tenant_id, after.id, now)
    stage, pit_id = is_
    if stage is not None and pit_id is not None:
        await job_rows.begin_stage(tx, tenant_id, after.id, pit_id, stage, now)


def _at_work(job: Job) -> Stage | None:
    return job.stage if job.state is State.IN_PROGRESS else None


def _difference(before: Job, after: Job, ask: Ask) -> tuple[dict[str, Any], dict[str, Any]]:
    was: dict[str, Any] = {"state": before.state}
    is_: dict[str, Any] = {"state": after.state}
    if before.stage is not after.stage:
        was, is_ = was | {"stage": before.stage}, is_ | {"stage": after.stage}
    if ask.reason.strip():
        is_["reason"] = ask.reason.strip()
    if ask.overrides_climate and ask.event in (Event.START, Event.RESUME):
        is_["overrides_climate"] = True
    return was, is_
