"""Sends a customer the link once more, because somebody of the workshop was asked for it. Locks the job."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text

from actions.customers.news import LINK, send
from actions.jobs.trail import Deed, tell
from domain.access import Intent, Viewer
from domain.refusals import Refusal, TryLater
from storage import customers, job_links, job_rows
from storage.session import transaction

AGAIN_AFTER = timedelta(minutes=1)


async def send_link(job_id: UUID, by: Viewer, now: datetime) -> Refusal | TryLater | None:
    """NOT_FOUND; LINK_UNKNOWN: the job has no link that works; ADDRESS_UNUSABLE: neither gateway nor mail reaches the
    customer; a second time within AGAIN_AFTER has to wait. A customer who asks for the link agrees to this one message.
    """
    if not by.may(Intent.WORK_ON_JOBS):
        return Refusal.NOT_ALLOWED
    async with transaction(by.tenant_id) as tx:
        locked = await job_rows.lock(tx, by.tenant_id, job_id)
        customer = await customers.of_job(tx, by.tenant_id, job_id)
        if locked is None or customer is None:
            return Refusal.NOT_FOUND
        if await job_links.open_of(tx, by.tenant_id, job_id, now) is None:
            return Refusal.LINK_UNKNOWN
        begin = f"customer:{job_id}:link:"
        last: datetime | None = await tx.scalar(
            text("SELECT max(created_at) FROM message WHERE tenant_id = :tenant AND starts_with(dedupe, :begin)"),
            {"tenant": by.tenant_id, "begin": begin},
        )
        if last is not None and now - last < AGAIN_AFTER:
            return TryLater(max(1, round((last + AGAIN_AFTER - now).total_seconds())))
        settled = await customers.notices(tx, by.tenant_id)
        dedupe = f"{begin}{round(now.timestamp())}"
        if not await send(tx, by.tenant_id, job_id, LINK, dedupe, customer, settled, now):
            return Refusal.ADDRESS_UNUSABLE
        await tell(tx, Deed.SEND_LINK, locked.job, locked.name, by, now)
    return None
