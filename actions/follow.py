"""For a process that serves pages but hears no devices: what other processes stored, read again once a second.

Only tenants that somebody looks at are read, by their devices' own key ranges.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import text

from actions.live import Hub
from domain.readings import METRICS, Reading
from storage.session import EVERY_TENANT, transaction

EVERY_S = 1.0
OVERLAP = timedelta(seconds=10)  # a reading may be committed a little after a later one; doubles are dropped by moment


async def follow_for_ever(hub: Hub, watched: Callable[[], set[UUID]]) -> None:
    since = datetime.now(UTC) - OVERLAP
    while True:
        await asyncio.sleep(EVERY_S)
        now = datetime.now(UTC)
        tenants = watched()
        if tenants:
            hub.put(await stored_since(tenants, since, now))
        since = now - OVERLAP


async def stored_since(tenants: set[UUID], since: datetime, until: datetime) -> list[Reading]:
    """Readings of these tenants' devices measured in this time, oldest first."""
    async with transaction(EVERY_TENANT) as tx:
        rows = await tx.execute(
            text(
                f"SELECT tenant_id, pit_id, device_id, boot_id, seq, at, {', '.join(METRICS)} FROM reading"
                " WHERE device_id IN (SELECT id FROM device WHERE tenant_id = ANY(:tenants))"
                " AND at > :since AND at <= :until ORDER BY at"
            ),
            {"tenants": list(tenants), "since": since, "until": until},
        )
        return [
            Reading(row[0], row[1], row[2], row[3], row[4], round(row[5].timestamp() * 1_000_000), tuple(row[6:]))
            for row in rows.all()
        ]
