"""What is told about accounts outside of pages: links that let somebody in, and what happened to an account."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from actions.outbox import Notice, Plain, put, put_for_person
from actions.outbox.ways import mailable
from domain.notify import NotifyPrefs
from domain.tenancy import TenantStatus
from domain.ways import Way

INVITATION, RESET_LINK = "invitation", "reset_link"
PASSWORD_CHANGED, NEW_PLACE, TENANT_MOVED = "password_changed", "new_place", "tenant_moved"
PASSKEY_ADDED = "passkey_added"


async def mail_link(
    tx: AsyncSession,
    tenant_id: UUID,
    contact: str,
    language: str,
    notice: Notice,
    now: datetime,
    person_id: UUID | None = None,
) -> str:
    """Mails a link to whom it lets in; returns the address, or the empty text if the contact is none or no mail goes
    out from here. Part of the caller's transaction.
    """
    address = mailable(contact)
    if address is None:
        return ""
    await put(tx, tenant_id, notice, Plain(Way.MAIL, address, language, person_id), f"{notice.reason}:{uuid4()}", now)
    return address


async def tell_person(tx: AsyncSession, tenant_id: UUID, person_id: UUID, notice: Notice, now: datetime) -> None:
    """Tells somebody about the own account, by each of their channels, unless they wished otherwise in this tenant.
    Part of the caller's transaction, which sees every tenant.
    """
    stored = await tx.scalar(
        text("SELECT notify FROM membership WHERE tenant_id = :tenant AND person_id = :person"),
        {"tenant": tenant_id, "person": person_id},
    )
    if NotifyPrefs.of(stored or {}).account:
        await put_for_person(tx, tenant_id, notice, person_id, f"{notice.reason}:{uuid4()}", now)


async def tell_of_password(tx: AsyncSession, tenant_id: UUID, person_id: UUID, now: datetime) -> None:
    """That the password was changed."""
    await tell_person(tx, tenant_id, person_id, Notice(PASSWORD_CHANGED, {"at": now.isoformat()}), now)


async def tell_of_passkey(tx: AsyncSession, tenant_id: UUID, person_id: UUID, name: str, now: datetime) -> None:
    """That another key opens the account."""
    await tell_person(tx, tenant_id, person_id, Notice(PASSKEY_ADDED, {"at": now.isoformat(), "passkey": name}), now)


async def tell_of_new_place(
    tx: AsyncSession, tenant_id: UUID, person_id: UUID, session_id: UUID, address: str, now: datetime
) -> None:
    """That a session began at an address from which the person never came before; not of the very first one."""
    before, from_there = (
        await tx.execute(
            text(
                "SELECT count(*), count(*) FILTER (WHERE address = :address) FROM web_session"
                " WHERE person_id = :person AND id <> :session"
            ),
            {"address": address, "person": person_id, "session": session_id},
        )
    ).one()
    if before and not from_there:
        notice = Notice(NEW_PLACE, {"at": now.isoformat(), "address": address or "–"})
        await tell_person(tx, tenant_id, person_id, notice, now)


async def tell_owners_of_status(
    tx: AsyncSession, tenant_id: UUID, tenant_name: str, status: TenantStatus, why: str, now: datetime
) -> None:
    """Mails the tenant's owners what the platform decided. Part of the caller's transaction."""
    rows = await tx.execute(
        text(
            "SELECT p.id, p.contact, p.language FROM membership m JOIN person p ON p.id = m.person_id"
            " WHERE m.tenant_id = :tenant AND m.role = 'owner' AND m.suspended_at IS NULL ORDER BY p.id"
        ),
        {"tenant": tenant_id},
    )
    notice = Notice(TENANT_MOVED, {"tenant": tenant_name, "status": status, "note": why, "path": "/"})
    for person_id, contact, language in rows.all():
        await mail_link(tx, tenant_id, contact, language, notice, now, person_id)
