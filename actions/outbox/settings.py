"""What the owner settles about the tenant's messages, and starting one again that was given up."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from actions.people.trail import note
from domain.access import Intent, Viewer
from domain.notify import ESCALATE_MIN_MAX, NotifySettings
from domain.outbox import MessageStatus
from domain.refusals import Refusal
from storage.session import EVERY_TENANT, transaction
from storage.tables import Tenant


async def settings_of(by: Viewer) -> NotifySettings:
    """The settings of the viewer's tenant."""
    async with transaction(by.tenant_id) as tx:
        stored = await tx.scalar(text("SELECT notify FROM tenant WHERE id = :id"), {"id": by.tenant_id})
    return NotifySettings.of(stored or {})


async def set_settings(by: Viewer, wanted: NotifySettings, now: datetime) -> Refusal | None:
    """NOT_ALLOWED, NOT_POSSIBLE_NOW (no such number of minutes)."""
    if not by.may(Intent.CHANGE_NOTIFICATIONS):
        return Refusal.NOT_ALLOWED
    minutes = wanted.escalate_after_min
    if minutes is not None and not 1 <= minutes <= ESCALATE_MIN_MAX:
        return Refusal.NOT_POSSIBLE_NOW
    async with transaction(EVERY_TENANT) as tx:
        tenant = await tx.get_one(Tenant, by.tenant_id, with_for_update=True)
        before, tenant.notify = NotifySettings.of(tenant.notify), wanted.as_stored()
        if before != wanted:
            was, is_ = before.as_stored(), wanted.as_stored()
            await note(tx, by, Intent.CHANGE_NOTIFICATIONS, "tenant", tenant.id, tenant.name, before=was, after=is_)
    return None


async def send_again(by: Viewer, message_id: UUID, now: datetime) -> Refusal | None:
    """Starts a message again that was given up, or one that waits for its next attempt. Locks its row. NOT_ALLOWED,
    NOT_FOUND, NOT_POSSIBLE_NOW (it was sent or withdrawn, or waits for its first attempt).
    """
    if not by.may(Intent.CHANGE_NOTIFICATIONS):
        return Refusal.NOT_ALLOWED
    async with transaction(by.tenant_id) as tx:
        row = (
            await tx.execute(
                text("SELECT status, shown, reason FROM message WHERE id = :id FOR UPDATE"), {"id": message_id}
            )
        ).first()
        if row is None:
            return Refusal.NOT_FOUND
        if row.status not in (MessageStatus.FAILED, MessageStatus.GIVEN_UP):
            return Refusal.NOT_POSSIBLE_NOW
        await tx.execute(
            text(
                "UPDATE message SET status = 'failed', attempts = 0, next_try_at = :now, done_at = NULL WHERE id = :id"
            ),
            {"now": now, "id": message_id},
        )
        before, after = {"status": row.status}, {"status": MessageStatus.FAILED, "reason": row.reason}
        await note(tx, by, "send_message_again", "message", message_id, row.shown, before=before, after=after)
    return None
