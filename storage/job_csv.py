"""Jobs as CSV, page by page: bounded memory for any number of them, and no transaction that waits for a reader."""

import csv
import io
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from domain.jobs.words import State
from storage import jobs
from storage.audit_trail import harmless
from storage.jobs import After, JobRow
from storage.session import transaction

PAGE_ROWS = jobs.PAGE_MAX
NEWLINE = "\r\n"  # RFC 4180
COLUMNS = (
    "id", "state", "make", "model", "colour", "plate", "customer", "work_type", "pit", "staff", "received_at",
    "planned_at", "promised_at", "started_at", "completed_at", "ended_at", "rework", "comeback_of",
)  # fmt: skip


async def csv_pages(
    tenant_id: UUID,
    zone: str,
    *,
    state: State | None = None,
    staff: UUID | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> AsyncIterator[str]:
    """Yields a line with the columns' names, then the jobs, the newest first; times in `zone` (an IANA name)."""
    yield ",".join(COLUMNS) + NEWLINE
    after: After | None = None
    while True:
        async with transaction(tenant_id) as tx:
            rows = await jobs.page(
                tx, tenant_id, state=state, staff=staff, since=since, until=until, after=after, most=PAGE_ROWS
            )
        if rows:
            yield _lines(rows, ZoneInfo(zone))
        if len(rows) < PAGE_ROWS:
            return
        after = After(rows[-1].received_at, rows[-1].id)


def _lines(rows: Sequence[JobRow], zone: ZoneInfo) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator=NEWLINE)

    def when(at: datetime | None) -> str:
        return at.astimezone(zone).isoformat(timespec="seconds") if at else ""

    for row in rows:
        words = (row.make, row.model, row.colour, row.plate, row.customer)
        moments = (row.received_at, row.planned_at, row.promised_at, row.started_at, row.completed_at, row.ended_at)
        writer.writerow(
            [
                row.id, row.state, *map(harmless, words), row.work_type, harmless(row.pit or ""),
                harmless(", ".join(row.staff_names)), *map(when, moments), row.rework, row.comeback_of or "",
            ]
        )  # fmt: skip
    return out.getvalue()
