"""What people do with alerts: they acknowledge them, and silence a pit's until an end. Rules step in alert_rules."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from actions import audit
from actions.announce import Announcement, Topic, announce
from domain.access import Intent, Viewer
from domain.refusals import Refusal
from storage.session import transaction
from storage.tables import Alert, AlertEvent, AlertSilence, Pit

NOTE_CHARS_MAX = 500
SILENCE_MAX = timedelta(days=7)


async def acknowledge(alert_id: UUID, note: str, by: Viewer, now: datetime) -> Refusal | Alert:
    """Marks an open alert as seen, with a note. Locks the alert's row."""
    if not by.may(Intent.ACKNOWLEDGE_ALERT):
        return Refusal.NOT_ALLOWED
    note = note.strip()
    if len(note) > NOTE_CHARS_MAX:
        return Refusal.TOO_LONG
    async with transaction(by.tenant_id) as tx:
        alert = await tx.get(Alert, alert_id, with_for_update=True)
        if alert is None:
            return Refusal.NOT_FOUND
        if alert.resolved_at is not None:
            return Refusal.ALREADY_RESOLVED
        if alert.acknowledged_at is not None:
            return Refusal.ALREADY_ACKNOWLEDGED
        alert.acknowledged_at, alert.acknowledged_by, alert.note = now, by.person_id, note
        pit = await tx.get(Pit, alert.pit_id) if alert.pit_id else None
        tx.add(
            AlertEvent(
                tenant_id=by.tenant_id,
                alert_id=alert_id,
                at=now,
                kind="acknowledged",
                person_id=by.person_id,
                note=note,
            )
        )
        await announce(tx, Announcement(Topic.ALERT, by.tenant_id, alert.pit_id, str(alert_id)))
        await audit.record(
            tx,
            tenant_id=by.tenant_id,
            by=by,
            intent=Intent.ACKNOWLEDGE_ALERT,
            kind="alert",
            object_id=str(alert_id),
            object_name=f"{pit.name if pit else alert.device_id}: {alert.rule}",
            before={"acknowledged_at": None},
            after={"acknowledged_at": now, "note": note},
        )
        return alert


async def silence(
    pit_id: UUID, rule: str | None, until: datetime, note: str, by: Viewer, now: datetime
) -> Refusal | AlertSilence:
    """Keeps a pit's alerts (of one rule, or all) from calling anybody until an end, at most seven days ahead."""
    if not by.may(Intent.SILENCE_ALERTS):
        return Refusal.NOT_ALLOWED
    if not now < until <= now + SILENCE_MAX:
        return Refusal.END_IN_THE_PAST if until <= now else Refusal.TOO_LONG
    async with transaction(by.tenant_id) as tx:
        pit = await tx.get(Pit, pit_id)
        if pit is None:
            return Refusal.NOT_FOUND
        row = AlertSilence(
            tenant_id=by.tenant_id,
            pit_id=pit_id,
            rule=rule,
            until=until,
            note=note[:NOTE_CHARS_MAX],
            by=by.person_id,
            created_at=now,
        )
        tx.add(row)
        await announce(tx, Announcement(Topic.ALERT, by.tenant_id, pit_id))
        after = {"rule": rule, "until": until, "note": row.note}
        await _record_silence(tx, by, row, pit.name, None, after)
        return row


async def end_silence(silence_id: UUID, by: Viewer, now: datetime) -> Refusal | AlertSilence:
    """Ends a silence before its time."""
    if not by.may(Intent.SILENCE_ALERTS):
        return Refusal.NOT_ALLOWED
    async with transaction(by.tenant_id) as tx:
        row = await tx.get(AlertSilence, silence_id, with_for_update=True)
        if row is None:
            return Refusal.NOT_FOUND
        if row.ended_at is not None:
            return row
        row.ended_at = now
        await announce(tx, Announcement(Topic.ALERT, by.tenant_id, row.pit_id))
        pit = await tx.get_one(Pit, row.pit_id)
        await _record_silence(tx, by, row, pit.name, {"until": row.until}, {"until": now})
        return row


async def _record_silence(
    tx: AsyncSession,
    by: Viewer,
    row: AlertSilence,
    pit_name: str,
    before: dict[str, Any] | None,
    after: dict[str, Any],
) -> None:
    await audit.record(
        tx,
        tenant_id=by.tenant_id,
        by=by,
        intent=Intent.SILENCE_ALERTS,
        kind="silence",
        object_id=str(row.id),
        object_name=pit_name,
        before=before,
        after=after,
    )
