"""Rows of the audit trail as this package writes them: in the tenant where somebody sits, about a person or thing."""

from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from actions import audit
from actions.announce import Announcement, Topic, announce
from domain.access import Viewer


async def note(
    tx: AsyncSession,
    by: Viewer | None,
    intent: str,
    kind: str,
    object_id: UUID,
    object_name: str,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    tenant_id: UUID | None = None,
    address: str = "",
) -> None:
    """Adds a row, as part of the caller's transaction and as its last step: in the tenant `tenant_id`, or that of `by`.

    Raises:
        ValueError: neither says in which tenant.
    """
    place = tenant_id or (by.tenant_id if by else None)
    if place is None:
        raise ValueError("a row of the audit trail belongs to a tenant")
    await audit.record(
        tx,
        tenant_id=place,
        by=by,
        intent=intent,
        kind=kind,
        object_id=str(object_id),
        object_name=object_name,
        before=before,
        after=after,
        address=address,
    )


async def tell(tx: AsyncSession, tenant_id: UUID, person_id: UUID) -> None:
    """Lets every process look again whether the person's pages and sockets may stay open."""
    await announce(tx, Announcement(Topic.PERSON, tenant_id, id=str(person_id)))


async def tell_everywhere(tx: AsyncSession, person_id: UUID) -> None:
    """The same wherever the person sits: by a role, with a key of it, or as support."""
    rows = await tx.execute(
        text(
            "SELECT tenant_id FROM membership WHERE person_id = :id UNION"
            " SELECT tenant_id FROM web_session WHERE person_id = :id AND ended_at IS NULL ORDER BY 1"
        ),
        {"id": person_id},
    )
    for tenant_id in rows.scalars():
        await tell(tx, tenant_id, person_id)
