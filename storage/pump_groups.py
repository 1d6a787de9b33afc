"""Rows of interlock groups: their names, and which motor stands in which."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


async def names(tx: AsyncSession, tenant_id: UUID) -> dict[UUID, str]:
    """Of the tenant's groups, in the order in which they were made."""
    rows = await tx.execute(
        text("SELECT id, name FROM interlock_group WHERE tenant_id = :tenant ORDER BY created_at, id"),
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
