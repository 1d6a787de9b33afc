"""What everybody hears of a change in the workshop's settings, and what the audit trail keeps of it."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from actions import audit
from actions.announce import Announcement, Topic, announce
from domain.access import Viewer


async def tell(
    tx: AsyncSession,
    intent: str,
    by: Viewer,
    *,
    kind: str,
    object_id: str,
    name: str,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
) -> None:
    """Call it last."""
    await announce(tx, Announcement(Topic.WORKSHOP, by.tenant_id, id=object_id))
    await audit.record(
        tx, tenant_id=by.tenant_id, by=by, intent=intent, kind=kind, object_id=object_id, object_name=name,
        before=before, after=after,
    )  # fmt: skip
