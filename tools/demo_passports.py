"""The demo's environment passports: of each job that was completed lately, signed as of the moment at which it was, and
the minutes of air that it rests on. Older jobs have none, as in a workshop that began to measure then: the air of all
of them would double the time that the demo takes to begin.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import text

from actions.passports import make_next
from storage import passports
from storage.session import EVERY_TENANT, transaction
from tools.demo_past import PastPit, write_minutes

LATELY = timedelta(days=7)
_COMPLETE = "SELECT tenant_id, id, completed_at FROM job WHERE completed_at > :since ORDER BY completed_at, id"
_SPANS = """
    SELECT s.pit_id, s.since, s.until FROM job_stage s JOIN job j ON j.tenant_id = s.tenant_id AND j.id = s.job_id
    WHERE j.completed_at > :since AND s.until IS NOT NULL"""


async def add_passports(pits: Sequence[PastPit], now: datetime) -> None:
    """Made by the product itself, each as of the time at which it would have been; jobs and photos are there."""
    async with transaction(EVERY_TENANT) as tx:
        bound = {"since": now - LATELY}
        spans = [(pit_id, since, until) for pit_id, since, until in (await tx.execute(text(_SPANS), bound)).all()]
        await write_minutes(tx, pits, spans, now)
        complete = (await tx.execute(text(_COMPLETE), bound)).all()
        for tenant_id, job_id, completed_at in complete:
            await passports.ask_for(tx, tenant_id, job_id, completed_at)
    for row in complete:
        await make_next(row.completed_at)
