"""Notices to a customer about the own car. Put inside the transaction of what happened; sent by actions.outbox.

Only who agreed gets any, and each kind once for a job. The link in it is made from the tracking link's id when the
message is put, and kept sealed with it until it is sent.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from actions.jobs.link_tokens import token_of
from actions.outbox import ways
from actions.outbox.putting import Notice, Plain, put
from actions.outbox.sender import ASKED_FOR
from domain.customer_news import USUAL, CustomerNews, dialled, told_once
from domain.jobs.tracking import is_booked
from domain.ways import Way
from storage import customers, job_links, job_seen
from storage.customers import CustomerRow, NoticesRow

REASON = "customer_{news}"
LINK = ASKED_FOR
"""Only the link, which somebody of the workshop sends because the customer asked for it."""


def reason_of(news: CustomerNews) -> str:
    return REASON.format(news=news)


def about(customer_id: UUID) -> str:
    """By which a customer's waiting messages are found when the customer agrees no longer."""
    return f"customer:{customer_id}"


async def tell_customer(tx: AsyncSession, tenant_id: UUID, job_id: UUID, news: CustomerNews, now: datetime) -> bool:
    """Puts the notice into the outbox, if the workshop sends this kind, the customer agreed and can be reached, and it
    was not told before. The transaction may be the tenant's own or one of every tenant.
    """
    settled = await customers.notices(tx, tenant_id)
    if news not in (settled.wanted if settled else USUAL):
        return False
    customer = await customers.of_job(tx, tenant_id, job_id)
    if customer is None or customer.agreed_at is None:
        return False
    return await send(tx, tenant_id, job_id, reason_of(news), told_once(job_id, news), customer, settled, now)


async def send(
    tx: AsyncSession,
    tenant_id: UUID,
    job_id: UUID,
    reason: str,
    dedupe: str,
    customer: CustomerRow,
    settled: NoticesRow | None,
    now: datetime,
) -> bool:
    """Puts a message to a customer by the first way that reaches them; False: there is none, or it was put before."""
    to = _reached(customer, settled)
    if to is None:
        return False
    facts, secret = await _facts(tx, tenant_id, job_id, now)
    notice = Notice(reason, facts, secret, about(customer.id))
    return await put(tx, tenant_id, notice, to, dedupe, now) is not None


def _reached(customer: CustomerRow, settled: NoticesRow | None) -> Plain | None:
    """The workshop's gateway where there is one and a number, else mail. The message holds the number alone: the
    gateway's address, which is the workshop's secret, is read when it is sent.
    """
    if settled is not None and settled.gateway_way is not None:
        number = dialled(customer.phone, settled.country_code)
        if number is not None:
            return Plain(Way(settled.gateway_way), number, customer.language)
    mail = ways.mailable(customer.mail)
    return Plain(Way.MAIL, mail, customer.language) if mail else None


async def _facts(
    tx: AsyncSession, tenant_id: UUID, job_id: UUID, now: datetime
) -> tuple[Mapping[str, Any], Mapping[str, str]]:
    """What the words need, and the link, which only the receiver may read."""
    row = await job_seen.seen(tx, tenant_id, job_id)
    link = await job_links.open_of(tx, tenant_id, job_id, now)
    facts: dict[str, Any] = {}
    if row is not None:
        promised = row.promised_at.isoformat() if row.promised_at else None
        booked_for = row.planned_at.isoformat() if is_booked(row.planned_at, now) else None
        facts = {
            "make": row.make, "model": row.model, "workshop": row.workshop, "promised_at": promised,
            "booked_for": booked_for,
        }  # fmt: skip
    return facts, {} if link is None else {"path": f"/t/{token_of(link.id)}"}
