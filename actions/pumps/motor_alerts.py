"""Alerts of motors. What a state brings up is raised in the step that takes the state in; what only time tells, and the
end of each, is found by `look`, which the leader calls every few seconds. Both tell nobody: actions/outbox does.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from actions.announce import Announcement, Topic, announce
from actions.pumps import lead
from domain.limits import Level
from domain.pump.motor_alerts import CLEAR_AFTER_MS, MISSED_AFTER_MS, MotorAlert, MotorRule, level_of_silence
from storage.session import EVERY_TENANT, transaction

LOOK_EVERY_S = 5.0

_RAISE = """
    INSERT INTO alert (id, tenant_id, device_id, rule, level, detail, flapping, raised_at, changed_at, note)
    VALUES (:id, :tenant, :device, :rule, :level, :detail, false, :now, :now, '') ON CONFLICT DO NOTHING"""

# Silent by the steady clock, which stands still while no server could hear; and not by a cut of the power.
_MISSED = """
    SELECT m.device_id, m.tenant_id, :now_ms - greatest(coalesce(m.heard_at_ms, 0), w.since_ms) AS silent_ms
    FROM motor m JOIN interlock_group g ON g.id = m.group_id JOIN device d ON d.id = m.device_id
    CROSS JOIN LATERAL (SELECT min(r.since_at_ms) AS since_ms FROM run r
        WHERE r.group_id = m.group_id AND r.device_id = m.device_id AND r.ended_at IS NULL) w
    WHERE coalesce(m.heard_at_ms, 0) <= :missed_ms AND w.since_ms <= :missed_ms AND g.shed_since_at_ms IS NULL
        AND (m.grid OR m.heard_at_ms IS NULL) AND d.enabled AND d.removed_at IS NULL AND d.revoked_at IS NULL
    ORDER BY m.device_id"""

_WORSE = """
    UPDATE alert SET level = :level, changed_at = :now WHERE device_id = :device AND rule = 'motor_silent'
        AND resolved_at IS NULL AND level < :level RETURNING id"""

_END = """
    UPDATE alert a SET resolved_at = greatest(CAST(:now AS timestamptz), a.raised_at), changed_at = :now
    FROM motor m JOIN device d ON d.id = m.device_id
    WHERE a.device_id = m.device_id AND a.rule = ANY(:rules) AND a.resolved_at IS NULL AND (d.removed_at IS NOT NULL
        OR NOT d.enabled OR d.revoked_at IS NOT NULL OR CASE a.rule
            WHEN 'motor_tripped' THEN m.fault IS NULL
            WHEN 'motor_silent' THEN m.heard_at_ms > :missed_ms OR NOT EXISTS (SELECT 1 FROM run r
                WHERE r.group_id = m.group_id AND r.device_id = m.device_id AND r.ended_at IS NULL)
            ELSE m.alarm IS DISTINCT FROM a.rule AND (m.alarm IS NOT NULL OR m.off_since_at_ms IS NULL
                OR m.off_since_at_ms <= :clear_ms) END)
    RETURNING a.id, a.tenant_id"""

_EVENT = "INSERT INTO alert_event (tenant_id, alert_id, at, kind, note) VALUES (:tenant, :id, :now, :kind, '')"


async def raise_all(tx: AsyncSession, tenant_id: UUID, begun: Iterable[MotorAlert], now: datetime) -> None:
    """Raises what a step brought up; one that is open already stays as it is."""
    for alert in begun:
        await _raise(tx, tenant_id, alert, now)


async def look(now: datetime) -> None:
    """Raises alerts of controllers that are missed, makes old ones worse, and ends what is over. For the leader."""
    leading = lead.current()
    if leading is None:
        return
    now_ms = leading.clock.now_ms()
    since = {"now_ms": now_ms, "missed_ms": now_ms - MISSED_AFTER_MS, "clear_ms": now_ms - CLEAR_AFTER_MS}
    async with transaction(EVERY_TENANT) as tx:
        missed = (await tx.execute(text(_MISSED), since)).all()
        for device_id, tenant_id, silent_ms in missed:
            await _miss(tx, tenant_id, MotorAlert(device_id, MotorRule.SILENT, "", level_of_silence(silent_ms)), now)
        ended = await tx.execute(text(_END), {**since, "now": now, "rules": [rule.value for rule in MotorRule]})
        for alert_id, tenant_id in ended.all():
            await _tell(tx, tenant_id, alert_id, "resolved", now)


async def _miss(tx: AsyncSession, tenant_id: UUID, alert: MotorAlert, now: datetime) -> None:
    if await _raise(tx, tenant_id, alert, now) or alert.level is not Level.CRITICAL:
        return
    bound: dict[str, Any] = {"device": alert.device_id, "level": int(alert.level), "now": now}
    for (alert_id,) in (await tx.execute(text(_WORSE), bound)).all():
        await _tell(tx, tenant_id, alert_id, "escalated", now)


async def _raise(tx: AsyncSession, tenant_id: UUID, alert: MotorAlert, now: datetime) -> bool:
    """False: it is open already."""
    alert_id = uuid4()
    raised = await tx.execute(
        text(_RAISE),
        {
            "id": alert_id, "tenant": tenant_id, "device": alert.device_id, "rule": alert.rule.value,
            "level": int(alert.level), "detail": alert.detail, "now": now,
        },
    )  # fmt: skip
    if not raised.rowcount:  # type: ignore[attr-defined]  # an INSERT's cursor result has it
        return False
    await _tell(tx, tenant_id, alert_id, "raised", now)
    return True


async def _tell(tx: AsyncSession, tenant_id: UUID, alert_id: UUID, kind: str, now: datetime) -> None:
    await tx.execute(text(_EVENT), {"tenant": tenant_id, "id": alert_id, "now": now, "kind": kind})
    await announce(tx, Announcement(Topic.ALERT, tenant_id, None, str(alert_id)))
