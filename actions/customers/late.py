"""Looks for cars that are later than promised, and tells their customers, once each."""

import asyncio
from datetime import UTC, datetime, timedelta

from actions.customers.news import tell_customer
from domain.customer_news import CustomerNews
from storage import customers
from storage.session import EVERY_TENANT, transaction

LOOK_EVERY_S = 60.0
WITHIN = timedelta(hours=24)
"""A promise that broke longer ago is no news; so a start after a long stop does not flood anybody."""
AT_ONCE = 200


async def tell_late_for_ever() -> None:
    while True:
        await tell_late(datetime.now(UTC))
        await asyncio.sleep(LOOK_EVERY_S)


async def tell_late(now: datetime) -> int:
    """Returns how many were told. Two processes at once tell nobody twice: the message's key is unique."""
    async with transaction(EVERY_TENANT) as tx:
        late = await customers.late_jobs(tx, now - WITHIN, now, AT_ONCE)
        told = [await tell_customer(tx, tenant_id, job_id, CustomerNews.LATE, now) for tenant_id, job_id in late]
    return sum(told)
