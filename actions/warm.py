"""Filling the hub from the database: at start, and after announcements may have been missed."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from actions.live import TREND_BUCKET_US, Hub, PitNow
from domain.limits import Level
from storage.history import last_hour
from storage.session import EVERY_TENANT, transaction

MINUTE_US = 60_000_000


async def warm(hub: Hub, now: datetime) -> None:
    """Reads every pit's last hour, its rules that are not OK, and its open alerts."""
    async with transaction(EVERY_TENANT) as tx:
        for tenant_id, pit_id in (
            await tx.execute(text("SELECT tenant_id, id FROM pit WHERE archived_at IS NULL"))
        ).all():
            hub.pit(pit_id, tenant_id)
        for tenant_id, pit_id, at_us, values in await last_hour(tx, now):
            _fill(hub.pit(pit_id, tenant_id), at_us, values)
        await _load_levels(tx, hub, set(hub.pits))


def _fill(pit: PitNow, at_us: int, values: tuple[float | None, ...]) -> None:
    """Puts one moment into the rings. A minute's mean stands for every 50-second bucket that begins in it."""
    first = -(-at_us // TREND_BUCKET_US) if at_us % MINUTE_US == 0 else at_us // TREND_BUCKET_US
    last = max(first, (at_us + MINUTE_US - 1) // TREND_BUCKET_US) if at_us % MINUTE_US == 0 else first
    for i, value in enumerate(values):
        if value is None or at_us < pit.ats_us[i]:
            continue
        pit.values[i], pit.ats_us[i] = value, at_us
        for bucket in range(first, last + 1):
            trend = pit.trends[i]
            if trend and trend[-1][0] >= bucket:
                trend[-1] = (trend[-1][0], value)
            else:
                trend.append((bucket, value))


async def reload_alerts(hub: Hub, pits: set[UUID]) -> None:
    """Reads levels and open alerts of these pits again."""
    async with transaction(EVERY_TENANT) as tx:
        await _load_levels(tx, hub, pits)


async def _load_levels(tx: AsyncSession, hub: Hub, pits: set[UUID]) -> None:
    bound = {"pits": list(pits)}
    rows = await tx.execute(
        text("SELECT pit_id, metric, level FROM rule_state WHERE level > 0 AND pit_id = ANY(:pits)"), bound
    )
    levels: dict[UUID, dict[str, Level]] = {}
    for pit_id, metric, level in rows.all():
        levels.setdefault(pit_id, {})[metric] = Level(level)
    counts = await tx.execute(
        text("SELECT pit_id, count(*) FROM alert WHERE resolved_at IS NULL AND pit_id = ANY(:pits) GROUP BY 1"), bound
    )
    open_alerts = {row[0]: row[1] for row in counts.all()}
    for pit_id in pits & hub.pits.keys():
        pit = hub.pits[pit_id]
        pit.levels = levels.get(pit_id, {})
        hub.set_open_alerts(pit_id, pit.tenant_id, open_alerts.get(pit_id, 0))
