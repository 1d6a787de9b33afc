"""Whether a customer agrees to notices: recorded by the workshop, or by the customer through the link. Locks the
customer's row. Who agrees no longer gets nothing that was not sent yet.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from actions import audit
from actions.announce import Announcement, Topic, announce
from actions.customers.news import about
from actions.jobs.tracked import Followed
from actions.outbox.putting import withdraw
from domain.access import Intent, Viewer
from domain.refusals import Refusal
from storage import customers
from storage.customers import CustomerRow
from storage.session import transaction

AGREE, WITHDRAW = "agree_to_notices", "withdraw_from_notices"


async def consent_of(job_id: UUID, by: Viewer) -> Refusal | CustomerRow:
    """The customer of a job, with what was agreed."""
    if not by.may(Intent.SEE_JOBS):
        return Refusal.NOT_ALLOWED
    async with transaction(by.tenant_id) as tx:
        return await customers.of_job(tx, by.tenant_id, job_id) or Refusal.NOT_FOUND


async def record_consent(job_id: UUID, agrees: bool, by: Viewer, now: datetime) -> Refusal | None:
    """What the customer said to somebody of the workshop. ALREADY_SO, NOT_FOUND, NOT_ALLOWED."""
    if not by.may(Intent.WORK_ON_JOBS):
        return Refusal.NOT_ALLOWED
    async with transaction(by.tenant_id) as tx:
        return await record_within(tx, by.tenant_id, job_id, agrees, by, now)


async def consent_by_link(followed: Followed, agrees: bool, now: datetime) -> Refusal | None:
    """What the customer says through the link. ALREADY_SO."""
    async with transaction(followed.tenant_id) as tx:
        return await record_within(tx, followed.tenant_id, followed.job_id, agrees, None, now)


async def record_within(
    tx: AsyncSession, tenant_id: UUID, job_id: UUID, agrees: bool, by: Viewer | None, now: datetime
) -> Refusal | None:
    """As part of a change whose rights were looked at. `by`: None is the customer. ALREADY_SO, NOT_FOUND."""
    customer = await customers.of_job(tx, tenant_id, job_id, lock=True)
    if customer is None:
        return Refusal.NOT_FOUND
    if agrees == (customer.agreed_at is not None):
        return Refusal.ALREADY_SO
    await customers.set_agreed(tx, tenant_id, customer.id, now if agrees else None)
    if not agrees:
        await withdraw(tx, tenant_id, about(customer.id), now)
    for seen in await customers.jobs_of(tx, tenant_id, customer.id):
        await announce(tx, Announcement(Topic.JOB, tenant_id, id=str(seen)))
    await audit.record(
        tx,
        tenant_id=tenant_id,
        by=by,
        intent=AGREE if agrees else WITHDRAW,
        kind="customer",
        object_id=str(customer.id),
        object_name=customer.name,
        before={"agreed_at": customer.agreed_at},
        after={"agreed_at": now if agrees else None, "through": "workshop" if by else "customer's link"},
    )
    return None
