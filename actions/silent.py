"""Devices that fell silent: found by the clock, not by a message."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from actions.announce import Announcement, Topic, announce
from domain.alerts import SILENT as RULE
from domain.alerts import SILENT_AFTER_S
from domain.limits import Level
from storage.session import EVERY_TENANT, transaction

_FIND = """
    SELECT d.id, d.tenant_id, d.pit_id, s.heard_at FROM device d JOIN device_presence s ON s.device_id = d.id
    WHERE d.enabled AND d.revoked_at IS NULL AND d.pit_id IS NOT NULL AND s.heard_at < :limit
        AND d.kind <> 'foreign' AND NOT EXISTS
        (SELECT 1 FROM alert a WHERE a.device_id = d.id AND a.rule = :rule AND a.resolved_at IS NULL)
    ORDER BY d.id"""

_RAISE = """
    INSERT INTO alert (id, tenant_id, pit_id, device_id, rule, level, flapping, raised_at, changed_at, note)
    VALUES (:id, :tenant_id, :pit_id, :device_id, :rule, :level, false, :now, :heard_at, '')
    ON CONFLICT DO NOTHING"""

# Locks the rules in the order in which readings lock them, so that the two never wait for each other in a circle.
_LOSE_DATA = """
    WITH lost AS (SELECT r.pit_id, r.metric FROM rule_state r WHERE r.pit_id = ANY(:pits) AND NOT r.unknown
        AND NOT EXISTS (SELECT 1 FROM device d JOIN device_presence s ON s.device_id = d.id
            WHERE d.pit_id = r.pit_id AND d.enabled AND s.heard_at >= :limit)
        ORDER BY r.pit_id, r.metric FOR UPDATE OF r)
    UPDATE rule_state r SET unknown = true, quiet = false, warning_since = NULL, critical_since = NULL,
        warning_back_since = NULL, critical_back_since = NULL
    FROM lost WHERE r.pit_id = lost.pit_id AND r.metric = lost.metric"""

_CLEAR = """
    UPDATE alert a SET resolved_at = :now, changed_at = :now FROM device d LEFT JOIN device_presence s
        ON s.device_id = d.id WHERE a.device_id = d.id AND a.rule = :rule AND a.resolved_at IS NULL
        AND (s.heard_at >= :limit OR NOT d.enabled OR d.revoked_at IS NOT NULL OR d.pit_id IS NULL)
    RETURNING a.id, a.tenant_id, a.pit_id"""

_ADD_EVENT = """
    INSERT INTO alert_event (tenant_id, alert_id, at, kind, note) VALUES (:tenant_id, :id, :now, :kind, '')"""


async def check_silence(now: datetime, listening_since: datetime) -> tuple[int, int]:
    """Raises an alert for each device that is silent for too long and clears those of devices that speak again.

    Silence only counts while the server could hear, so that a restart raises nothing. Rules of a pit without any
    speaking device become unknown. Returns how many alerts were raised and cleared.
    """
    limit = now - timedelta(seconds=SILENT_AFTER_S)
    raised = 0
    if listening_since <= limit:
        async with transaction(EVERY_TENANT) as tx:
            silent = (await tx.execute(text(_FIND), {"limit": limit, "rule": RULE})).all()
            for device in silent:
                raised += await _raise(tx, device, now)
            if silent:
                await tx.execute(text(_LOSE_DATA), {"pits": [device.pit_id for device in silent], "limit": limit})
    return raised, await _clear(now, limit)


async def _raise(tx: AsyncSession, device: Row[Any], now: datetime) -> bool:
    """Returns False if another process was quicker."""
    alert_id = uuid4()
    raised = await tx.execute(
        text(_RAISE),
        {
            "id": alert_id, "tenant_id": device.tenant_id, "pit_id": device.pit_id, "device_id": device.id,
            "rule": RULE, "level": int(Level.WARNING), "now": now, "heard_at": device.heard_at,
        },
    )  # fmt: skip
    if not raised.rowcount:  # type: ignore[attr-defined]  # an INSERT's cursor result has it
        return False
    await tell(tx, alert_id, device.tenant_id, device.pit_id, "raised", now)
    return True


async def _clear(now: datetime, limit: datetime) -> int:
    async with transaction(EVERY_TENANT) as tx:
        cleared = (await tx.execute(text(_CLEAR), {"now": now, "limit": limit, "rule": RULE})).all()
        for alert_id, tenant_id, pit_id in cleared:
            await tell(tx, alert_id, tenant_id, pit_id, "resolved", now)
        return len(cleared)


async def tell(
    tx: AsyncSession, alert_id: UUID, tenant_id: UUID, pit_id: UUID | None, kind: str, now: datetime
) -> None:
    """Writes a step of an alert into its history, and announces it."""
    await tx.execute(text(_ADD_EVENT), {"tenant_id": tenant_id, "id": alert_id, "now": now, "kind": kind})
    await announce(tx, Announcement(Topic.ALERT, tenant_id, pit_id, str(alert_id)))
