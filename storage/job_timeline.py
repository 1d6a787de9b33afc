"""All that happened to a job, oldest first, out of one query: what people did, the alerts of its pits while it was
worked on, what its customer was told, and its passports.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from domain.customer_news import CustomerNews, told_once

ISSUED, REVOKED = "issued", "revoked"
EVENTS_MAX = 500
ALERT_LASTS_MOST = "30 days"  # no alert that is open for longer is found, so that an index bounds the search


@dataclass(frozen=True, slots=True)
class Happening:
    """An event of the job (`before`, `state`, `stage`, `said`, `person`), an alert of its pit (the rest), a message to
    its customer (`said` is where it went, as far as that is shown), or a passport that was ISSUED or REVOKED (`said` is
    why).
    """

    at: datetime
    source: Literal["job", "alert", "message", "passport"]
    kind: str
    """The deed, the alert's rule, the message's reason, or what became of the passport."""
    before: str | None
    state: str | None
    stage: str | None
    said: str
    person: str | None
    pit: str | None
    level: int | None
    value: float | None
    limit_value: float | None
    until: datetime | None
    """When the alert was over; None: it is not, or it is none."""
    alert_id: UUID | None


_NO_MORE = "NULL, NULL, NULL, NULL, NULL, NULL, NULL"
_READ = f"""
    SELECT * FROM (
        SELECT e.at, 'job' AS source, e.kind, e.before, e.state, e.stage, e.said, p.name AS person,
            NULL::text AS pit, NULL::int AS level, NULL::float8 AS value, NULL::float8 AS limit_value,
            NULL::timestamptz AS until, NULL::uuid AS alert_id
        FROM job_event e LEFT JOIN person p ON p.id = e.by WHERE e.tenant_id = :tenant AND e.job_id = :job
        UNION ALL
        SELECT DISTINCT a.raised_at, 'alert', a.rule, NULL, NULL, NULL, a.note, p.name, t.name, a.level, a.value,
            a.limit_value, a.resolved_at, a.id
        FROM job_stage s
        JOIN alert a ON a.tenant_id = s.tenant_id AND a.pit_id = s.pit_id
            AND a.raised_at > s.since - interval '{ALERT_LASTS_MOST}'
            AND a.raised_at < coalesce(s.until, 'infinity') AND coalesce(a.resolved_at, 'infinity') > s.since
        JOIN pit t ON t.id = a.pit_id LEFT JOIN person p ON p.id = a.acknowledged_by
        WHERE s.tenant_id = :tenant AND s.job_id = :job
        UNION ALL
        SELECT m.created_at, 'message', m.reason, NULL, NULL, NULL, m.shown, {_NO_MORE}
        FROM message m WHERE m.tenant_id = :tenant AND m.dedupe = ANY(:told)
        UNION ALL
        SELECT p.issued_at, 'passport', '{ISSUED}', NULL, NULL, NULL, '', {_NO_MORE}
        FROM passport p WHERE p.tenant_id = :tenant AND p.job_id = :job
        UNION ALL
        SELECT p.revoked_at, 'passport', '{REVOKED}', NULL, NULL, NULL, p.revoked_why, {_NO_MORE}
        FROM passport p WHERE p.tenant_id = :tenant AND p.job_id = :job AND p.revoked_at IS NOT NULL) found
    ORDER BY at, source <> 'job' LIMIT {EVENTS_MAX}"""


async def happenings(tx: AsyncSession, tenant_id: UUID, job_id: UUID) -> list[Happening]:
    told = [told_once(job_id, news) for news in CustomerNews]
    rows = await tx.execute(text(_READ), {"tenant": tenant_id, "job": job_id, "told": told})
    return [Happening(*row) for row in rows.all()]
