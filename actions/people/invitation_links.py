"""Making an invitation's link, and mailing it to whoever has a mail address."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from actions.outbox import Notice
from actions.outbox.ways import mailable
from actions.people.account_news import INVITATION, mail_link
from actions.people.secrets_once import digest, fresh
from domain.access import Role
from storage.tables import Invitation

INVITATION_LASTS = timedelta(days=7)
OPEN_MAX = 5_000  # of one tenant


@dataclass(frozen=True, slots=True)
class Invited:
    """A fresh invitation; the token is shown once: the link is `/invitation/<token>`."""

    id: UUID
    token: str
    expires_at: datetime
    mailed_to: str = ""
    """The address to which the link was mailed as well; empty if it was not."""


async def add_invitation(
    tx: AsyncSession, tenant_id: UUID, by: UUID | None, role: Role, name: str, contact: str, now: datetime
) -> Invited:
    """Stores a fresh link as part of the caller's transaction, and mails it if the contact is a mail address; the
    caller has asked whether it may.
    """
    id_, token, expires_at = uuid4(), fresh(), now + INVITATION_LASTS
    tx.add(
        Invitation(
            id=id_,
            tenant_id=tenant_id,
            token_hash=digest(token),
            role=role,
            name=name,
            contact=contact,
            invited_by=by,
            created_at=now,
            expires_at=expires_at,
        )
    )
    await tx.flush()
    mailed_to = ""
    if mailable(contact) is not None:
        tenant, language, inviter = (await tx.execute(text(_WHO), {"tenant": tenant_id, "by": by})).one()
        facts = {
            "tenant": tenant, "role": role, "name": name, "by": inviter or "PitPilot",
            "expires_at": expires_at.isoformat(),
        }  # fmt: skip
        notice = Notice(INVITATION, facts, {"path": f"/invitation/{token}"}, about=f"invitation:{id_}")
        mailed_to = await mail_link(tx, tenant_id, contact, language, notice, now)
    return Invited(id_, token, expires_at, mailed_to)


_WHO = "SELECT t.name, t.language, p.name FROM tenant t LEFT JOIN person p ON p.id = :by WHERE t.id = :tenant"


async def open_count(tx: AsyncSession, tenant_id: UUID, now: datetime) -> int:
    """How many links of a tenant work now."""
    counted = await tx.scalar(
        text(
            "SELECT count(*) FROM invitation WHERE tenant_id = :tenant AND used_at IS NULL AND revoked_at IS NULL"
            " AND expires_at > :now"
        ),
        {"tenant": tenant_id, "now": now},
    )
    return int(counted or 0)
