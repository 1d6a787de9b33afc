"""The customer's link to a job: made, shown, replaced, ended."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from actions.jobs.link_tokens import derived, token_of
from actions.jobs.trail import Deed, tell
from domain.access import Intent, Viewer
from domain.jobs import tracking
from domain.refusals import Refusal
from storage import job_links, job_rows
from storage.session import transaction


async def give_link(tx: AsyncSession, tenant_id: UUID, job_id: UUID, now: datetime) -> str:
    """Stores a fresh link as part of the caller's transaction and returns its token; there must be no other."""
    link_id = uuid4()
    planned_at, _promised_at = await job_rows.plan_of(tx, tenant_id, job_id)
    await job_links.add(tx, tenant_id, job_id, link_id, tracking.issue(derived(link_id), now, planned_at))
    return token_of(link_id)


@dataclass(frozen=True, slots=True)
class ShownLink:
    token: str
    created_at: datetime
    expires_at: datetime


async def shown(job_id: UUID, by: Viewer, now: datetime) -> Refusal | ShownLink | None:
    """The job's link as long as it works, for whoever may replace it anyway; None: there is none."""
    if not by.may(Intent.WORK_ON_JOBS):
        return Refusal.NOT_ALLOWED
    async with transaction(by.tenant_id) as tx:
        if await job_rows.read(tx, by.tenant_id, job_id) is None:
            return Refusal.NOT_FOUND
        link = await job_links.open_of(tx, by.tenant_id, job_id, now)
    return None if link is None else ShownLink(token_of(link.id), link.created_at, link.expires_at)


async def rotate(job_id: UUID, by: Viewer, now: datetime) -> Refusal | str:
    """A new link; the one before, if there is any, works no more. Returns the token, which is shown once."""
    if not by.may(Intent.WORK_ON_JOBS):
        return Refusal.NOT_ALLOWED
    async with transaction(by.tenant_id) as tx:
        locked = await job_rows.lock(tx, by.tenant_id, job_id)
        if locked is None:
            return Refusal.NOT_FOUND
        await job_links.revoke(tx, by.tenant_id, job_id, now)
        token = await give_link(tx, by.tenant_id, job_id, now)
        if locked.job.ended_at is not None:
            await job_links.shorten(tx, by.tenant_id, job_id, now + tracking.AFTER_DELIVERY)
        await tell(tx, Deed.ROTATE_LINK, locked.job, locked.name, by, now)
    return token


async def revoke(job_id: UUID, by: Viewer, now: datetime) -> Refusal | None:
    """ALREADY_SO: no link works."""
    if not by.may(Intent.WORK_ON_JOBS):
        return Refusal.NOT_ALLOWED
    async with transaction(by.tenant_id) as tx:
        locked = await job_rows.lock(tx, by.tenant_id, job_id)
        if locked is None:
            return Refusal.NOT_FOUND
        if not await job_links.revoke(tx, by.tenant_id, job_id, now):
            return Refusal.ALREADY_SO
        await tell(tx, Deed.REVOKE_LINK, locked.job, locked.name, by, now)
    return None
