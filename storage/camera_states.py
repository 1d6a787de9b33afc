"""How cameras are doing, as the watcher writes it; all of this needs the worker's rights."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from domain.alerts import CAMERA as RULE
from domain.limits import Level

_WATCHED = "c.enabled AND c.removed_at IS NULL AND t.status = 'active' AND p.archived_at IS NULL"

# Any number of processes may watch: each takes those that nobody looked at lately.
_TAKE_DUE = f"""
    WITH due AS (SELECT c.id FROM camera c JOIN tenant t ON t.id = c.tenant_id JOIN pit p ON p.id = c.pit_id
        LEFT JOIN camera_state s ON s.camera_id = c.id
        WHERE {_WATCHED} AND coalesce(s.checked_at, '-infinity') <= :before
        ORDER BY s.checked_at NULLS FIRST LIMIT :most FOR UPDATE OF c SKIP LOCKED)
    INSERT INTO camera_state (camera_id, tenant_id, checked_at) SELECT c.id, c.tenant_id, :now FROM camera c JOIN due
        ON due.id = c.id
    ON CONFLICT (camera_id) DO UPDATE SET checked_at = :now WHERE camera_state.checked_at <= :before
    RETURNING camera_id"""


async def take_due(tx: AsyncSession, now: datetime, every: timedelta, most: int) -> list[UUID]:
    """Cameras to be looked after now; who takes them has them for `every`."""
    taken = await tx.execute(text(_TAKE_DUE), {"now": now, "before": now - every, "most": most})
    return list(taken.scalars())


async def say_well(tx: AsyncSession, camera_id: UUID, now: datetime, *, seen: bool) -> None:
    """It answers; `seen`: with a picture."""
    await tx.execute(
        text(
            "UPDATE camera_state SET failing_since = NULL, reason = '',"
            " seen_at = CASE WHEN :seen THEN :now ELSE seen_at END WHERE camera_id = :id"
        ),
        {"id": camera_id, "now": now, "seen": seen},
    )


async def say_failing(tx: AsyncSession, camera_id: UUID, now: datetime, reason: str) -> None:
    """Keeps since when."""
    await tx.execute(
        text(
            "UPDATE camera_state SET failing_since = coalesce(failing_since, :now), reason = :reason"
            " WHERE camera_id = :id"
        ),
        {"id": camera_id, "now": now, "reason": reason},
    )


async def say_still(tx: AsyncSession, camera_id: UUID, now: datetime, *, of_job: bool) -> None:
    column = "lapse_at" if of_job else "still_at"
    await tx.execute(
        text(f"UPDATE camera_state SET {column} = :now WHERE camera_id = :id"), {"id": camera_id, "now": now}
    )


_SILENT = f"""
    SELECT c.tenant_id, c.pit_id, min(s.failing_since) AS since, string_agg(c.name, ', ' ORDER BY c.name, c.id) AS names
    FROM camera c JOIN tenant t ON t.id = c.tenant_id JOIN pit p ON p.id = c.pit_id
    JOIN camera_state s ON s.camera_id = c.id
    WHERE {_WATCHED} AND s.failing_since <= :limit GROUP BY c.tenant_id, c.pit_id"""

_SILENT_PITS = f"""
    SELECT f.tenant_id, f.pit_id, f.since, f.names FROM ({_SILENT}) f WHERE NOT EXISTS (SELECT 1 FROM alert a
        WHERE a.pit_id = f.pit_id AND a.rule = '{RULE}' AND a.device_id IS NULL AND a.resolved_at IS NULL)
    ORDER BY f.pit_id"""

_RAISE = f"""
    INSERT INTO alert (id, tenant_id, pit_id, rule, level, flapping, raised_at, changed_at, note, detail)
    VALUES (:id, :tenant, :pit, '{RULE}', {int(Level.WARNING)}, false, :now, :since, '', :names)
    ON CONFLICT DO NOTHING RETURNING id"""

_NAME = f"""
    UPDATE alert a SET detail = f.names FROM ({_SILENT}) f WHERE a.pit_id = f.pit_id AND a.rule = '{RULE}'
        AND a.device_id IS NULL AND a.resolved_at IS NULL AND a.detail <> f.names
    RETURNING a.id, a.tenant_id, a.pit_id"""

_CLEAR = f"""
    UPDATE alert a SET resolved_at = :now, changed_at = :now WHERE a.rule = '{RULE}' AND a.resolved_at IS NULL
        AND NOT EXISTS (SELECT 1 FROM camera c JOIN tenant t ON t.id = c.tenant_id JOIN pit p ON p.id = c.pit_id
            JOIN camera_state s ON s.camera_id = c.id
            WHERE {_WATCHED} AND c.pit_id = a.pit_id AND s.failing_since IS NOT NULL)
    RETURNING a.id, a.tenant_id, a.pit_id"""


async def raise_alerts(tx: AsyncSession, now: datetime, limit: datetime) -> list[tuple[UUID, UUID, UUID]]:
    """One for each pit with a camera that fails since before the limit and has none open; id, tenant, pit. It names
    those cameras.
    """
    raised = []
    for tenant_id, pit_id, since, names in (await tx.execute(text(_SILENT_PITS), {"limit": limit})).all():
        bound = {"id": uuid4(), "tenant": tenant_id, "pit": pit_id, "now": now, "since": since, "names": names}
        if (alert_id := await tx.scalar(text(_RAISE), bound)) is not None:
            raised.append((alert_id, tenant_id, pit_id))
    return raised


async def name_anew(tx: AsyncSession, limit: datetime) -> list[tuple[UUID, UUID, UUID]]:
    """Open alerts of pits in which others fail by now than they name; id, tenant, pit."""
    named = await tx.execute(text(_NAME), {"limit": limit})
    return [(row.id, row.tenant_id, row.pit_id) for row in named.all()]


async def clear_alerts(tx: AsyncSession, now: datetime) -> list[tuple[UUID, UUID, UUID]]:
    """Those of pits in which no camera fails any more; id, tenant, pit."""
    cleared = await tx.execute(text(_CLEAR), {"now": now})
    return [(row.id, row.tenant_id, row.pit_id) for row in cleared.all()]
