"""Rows of interlock groups: their names, and which motor stands in which."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


async def names(tx: AsyncSession, tenant_id: UUID) -> dict[UUID, str]:
    """Of the tenant's groups, in the order in which they were made."""
    rows = await tx.execute(
        text(
            "SELECT id, name FROM interlock_group WHERE tenant_id = :tenant AND removed_at IS NULL"
            " ORDER BY created_at, id"
        ),
        {"tenant": tenant_id},
    )
    return {group_id: name for group_id, name in rows.all()}  # noqa: C416  # rows are typed one by one


async def rename(tx: AsyncSession, group_id: UUID, name: str) -> None:
    await tx.execute(text("UPDATE interlock_group SET name = :name WHERE id = :id"), {"id": group_id, "name": name})


async def move(tx: AsyncSession, device_id: str, group_id: UUID) -> None:
    """The caller holds both groups, and knows that the motor is OFF and nobody's."""
    await tx.execute(
        text("UPDATE motor SET group_id = :group WHERE device_id = :id"), {"id": device_id, "group": group_id}
    )


async def leave(tx: AsyncSession, device_id: str) -> None:
    """Takes a motor out of its group, which the caller holds; its controller is taken away."""
    await tx.execute(text("UPDATE motor SET group_id = NULL WHERE device_id = :id"), {"id": device_id})


async def remove(tx: AsyncSession, group_id: UUID, now: datetime) -> None:
    """Takes a group off every list. Its row stays: past runs refer to it. The caller holds it, and it is empty."""
    await tx.execute(
        text("UPDATE interlock_group SET removed_at = :now, due_at_ms = NULL WHERE id = :id"),
        {"id": group_id, "now": now},
    )


async def share_cut(tx: AsyncSession, tenant_id: UUID, group_id: UUID) -> None:
    """Lets a new group stand still if the tenant's others do: a cut of the grid is one of the whole tenant."""
    await tx.execute(
        text(
            "UPDATE interlock_group g SET shed_since_at_ms = o.shed_since_at_ms, shed_since = o.shed_since,"
            " shed_by = o.shed_by, schedule_off_until = o.schedule_off_until"
            " FROM (SELECT * FROM interlock_group WHERE tenant_id = :tenant AND id <> :group AND removed_at IS NULL"
            " ORDER BY shed_since_at_ms LIMIT 1) o WHERE g.id = :group"
        ),
        {"tenant": tenant_id, "group": group_id},
    )
