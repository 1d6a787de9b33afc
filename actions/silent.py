"""Devices that fell silent: found by the clock, not by a message."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from actions.announce import Announcement, Topic, announce
from domain.alerts import SILENT_AFTER_S
from domain.limits import Level
from storage.session import EVERY_TENANT, transaction

RULE = "silent"


async def check_silence(now: datetime, listening_since: datetime) -> tuple[int, int]:
    """Raises an alert for each device that is silent for too long and clears those of devices that speak again.

    Silence only counts while the server could hear, so that a restart raises nothing. Rules of a pit without any
    speaking device become unknown. Returns how many alerts were raised and cleared.
    """
    limit = now - timedelta(seconds=SILENT_AFTER_S)
    if listening_since > limit:
        return 0, await _clear(now, limit)
    async with transaction(EVERY_TENANT) as tx:
        silent = (
            await tx.execute(
                text(
                    "SELECT d.id, d.tenant_id, d.pit_id, s.heard_at FROM device d JOIN device_presence s"
                    " ON s.device_id = d.id WHERE d.enabled AND d.pit_id IS NOT NULL AND s.heard_at < :limit"
                    " AND NOT EXISTS (SELECT 1 FROM alert a WHERE a.device_id = d.id AND a.rule = :rule"
                    " AND a.resolved_at IS NULL) ORDER BY d.id"
                ),
                {"limit": limit, "rule": RULE},
            )
        ).all()
        for device_id, tenant_id, pit_id, heard_at in silent:
            await _raise(tx, device_id, tenant_id, pit_id, heard_at, now)
        if silent:
            await tx.execute(
                text(
                    "UPDATE rule_state SET unknown = true, quiet = false, warning_since = NULL, critical_since = NULL,"
                    " inside_since = NULL WHERE pit_id = ANY(:pits) AND NOT unknown AND NOT EXISTS (SELECT 1 FROM"
                    " device d JOIN device_presence s ON s.device_id = d.id WHERE d.pit_id = rule_state.pit_id"
                    " AND d.enabled AND s.heard_at >= :limit)"
                ),
                {"pits": [row.pit_id for row in silent], "limit": limit},
            )
    return len(silent), await _clear(now, limit)


async def _raise(
    tx: AsyncSession, device_id: str, tenant_id: UUID, pit_id: UUID, heard_at: datetime, now: datetime
) -> None:
    alert_id = uuid4()
    await tx.execute(
        text(
            "INSERT INTO alert (id, tenant_id, pit_id, device_id, rule, level, flapping, raised_at, changed_at, note)"
            " VALUES (:id, :tenant_id, :pit_id, :device_id, :rule, :level, false, :now, :heard_at, '')"
            " ON CONFLICT DO NOTHING"
        ),
        {
            "id": alert_id, "tenant_id": tenant_id, "pit_id": pit_id, "device_id": device_id, "rule": RULE,
            "level": int(Level.WARNING), "now": now, "heard_at": heard_at,
        },
    )  # fmt: skip
    await tx.execute(
        text(
            "INSERT INTO alert_event (tenant_id, alert_id, at, kind, note) VALUES (:tenant_id, :id, :now, 'raised', '')"
        ),
        {"tenant_id": tenant_id, "id": alert_id, "now": now},
    )
    await announce(tx, Announcement(Topic.ALERT, tenant_id, pit_id, str(alert_id)))


async def _clear(now: datetime, limit: datetime) -> int:
    async with transaction(EVERY_TENANT) as tx:
        cleared = (
            await tx.execute(
                text(
                    "UPDATE alert a SET resolved_at = :now, changed_at = :now FROM device d LEFT JOIN device_presence s"
                    " ON s.device_id = d.id WHERE a.device_id = d.id AND a.rule = :rule AND a.resolved_at IS NULL"
                    " AND (s.heard_at >= :limit OR NOT d.enabled OR d.pit_id IS NULL)"
                    " RETURNING a.id, a.tenant_id, a.pit_id"
                ),
                {"now": now, "limit": limit, "rule": RULE},
            )
        ).all()
        for alert_id, tenant_id, pit_id in cleared:
            await tx.execute(
                text(
                    "INSERT INTO alert_event (tenant_id, alert_id, at, kind, note)"
                    " VALUES (:tenant_id, :id, :now, 'resolved', '')"
                ),
                {"tenant_id": tenant_id, "id": alert_id, "now": now},
            )
            await announce(tx, Announcement(Topic.ALERT, tenant_id, pit_id, str(alert_id)))
        return len(cleared)
