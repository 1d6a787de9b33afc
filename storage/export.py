"""Single readings as CSV, page by page: bounded memory for any window, and no transaction that waits for a reader.

The database writes the lines; a page begins after the key that the last one ended with, so readings that arrive
meanwhile neither repeat nor hide others. Each page looks at one day, because a day is a partition.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import text

from domain.readings import METRICS
from storage.session import transaction

PAGE_ROWS = 2_000  # about 150 kB
COLUMNS = ("at", "device", "boot_id", "seq", *METRICS)
NEWLINE = "\r\n"  # RFC 4180

_LINE = ", ".join(
    ["to_char(at, 'YYYY-MM-DD\"T\"HH24:MI:SS.MSTZH:TZM')", "device_id", "boot_id", "seq"]
    + [f"coalesce({metric}::text, '')" for metric in METRICS]
)
_PAGE = f"""SELECT at, device_id, boot_id, seq, concat_ws(',', {_LINE}) FROM reading
    WHERE device_id IN (SELECT id FROM device WHERE tenant_id = :tenant_id) AND pit_id = :pit_id
    AND at >= :at AND at < :until AND (at, device_id, boot_id, seq) > (:at, :device_id, :boot_id, :seq)
    ORDER BY at, device_id, boot_id, seq LIMIT :rows"""


async def csv_pages(tenant_id: UUID, pit_id: UUID, since: datetime, until: datetime, zone: str) -> AsyncIterator[str]:
    """Yields a line with the columns' names, then the readings from `since` to before `until`, oldest first.

    Times carry the offset of `zone` (an IANA name) and milliseconds; an unknown value is empty.
    """
    yield ",".join(COLUMNS) + NEWLINE
    begin = since
    while begin < until:
        midnight = datetime.combine(begin.astimezone(UTC).date() + timedelta(days=1), datetime.min.time(), UTC)
        end = min(midnight, until)
        async for page in _day(tenant_id, pit_id, begin, end, zone):
            yield page
        begin = end


async def _day(tenant_id: UUID, pit_id: UUID, begin: datetime, end: datetime, zone: str) -> AsyncIterator[str]:
    key: dict[str, object] = {"at": begin, "device_id": "", "boot_id": -1, "seq": -1}
    while True:
        async with transaction(tenant_id) as tx:
            await tx.execute(text("SELECT set_config('TimeZone', :zone, true)"), {"zone": zone})
            rows = (
                await tx.execute(
                    text(_PAGE), {**key, "tenant_id": tenant_id, "pit_id": pit_id, "until": end, "rows": PAGE_ROWS}
                )
            ).all()
        if rows:
            yield NEWLINE.join(row[4] for row in rows) + NEWLINE
        if len(rows) < PAGE_ROWS:
            return
        key = dict(zip(("at", "device_id", "boot_id", "seq"), rows[-1][:4], strict=True))
