"""Rows of motors, of the groups in which they exclude each other, and of a tenant's limits."""

import json
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


async def group_of(tx: AsyncSession, tenant_id: UUID, device_id: str) -> UUID | None:
    found = await tx.execute(
        text("SELECT group_id FROM motor WHERE tenant_id = :tenant AND device_id = :id"),
        {"tenant": tenant_id, "id": device_id},
    )
    return found.scalar_one_or_none()


async def is_pump(tx: AsyncSession, tenant_id: UUID, device_id: str) -> bool:
    found = await tx.execute(
        text("SELECT 1 FROM device WHERE tenant_id = :tenant AND id = :id AND kind = 'pump' AND removed_at IS NULL"),
        {"tenant": tenant_id, "id": device_id},
    )
    return found.first() is not None


async def first_group(tx: AsyncSession, tenant_id: UUID) -> UUID | None:
    """The group that new motors join. Locks the tenant's pumps, so that two first motors don't make two groups."""
    await tx.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(CAST(:id AS text), 8))"), {"id": tenant_id})
    found = await groups(tx, tenant_id)
    return found[0] if found else None


async def groups(tx: AsyncSession, tenant_id: UUID) -> list[UUID]:
    rows = await tx.execute(
        text("SELECT id FROM interlock_group WHERE tenant_id = :tenant AND removed_at IS NULL ORDER BY created_at, id"),
        {"tenant": tenant_id},
    )
    return list(rows.scalars())


async def add_group(tx: AsyncSession, group_id: UUID, tenant_id: UUID, name: str, now: datetime) -> UUID:
    await tx.execute(
        text("INSERT INTO interlock_group (id, tenant_id, name, created_at) VALUES (:id, :tenant, :name, :now)"),
        {"id": group_id, "tenant": tenant_id, "name": name, "now": now},
    )
    return group_id


async def add(tx: AsyncSession, tenant_id: UUID, device_id: str, group_id: UUID) -> None:
    """Adds a motor that nothing was heard of yet, unless it is there."""
    await tx.execute(
        text("INSERT INTO motor (device_id, tenant_id, group_id) VALUES (:id, :tenant, :group) ON CONFLICT DO NOTHING"),
        {"id": device_id, "tenant": tenant_id, "group": group_id},
    )


async def swap_mode(tx: AsyncSession, device_id: str, mode: str) -> str:
    """Sets what a motor's card reader does; returns what it did."""
    found = await tx.execute(text("SELECT mode FROM motor WHERE device_id = :id FOR UPDATE"), {"id": device_id})
    before = str(found.scalar_one())
    await tx.execute(text("UPDATE motor SET mode = :mode WHERE device_id = :id"), {"id": device_id, "mode": mode})
    return before


async def lock_limits(tx: AsyncSession, tenant_id: UUID) -> dict[str, int]:
    """What the tenant has set, locked until the transaction ends."""
    await tx.execute(
        text("INSERT INTO pump_settings (tenant_id) VALUES (:tenant) ON CONFLICT DO NOTHING"), {"tenant": tenant_id}
    )
    found = await tx.execute(
        text("SELECT limits FROM pump_settings WHERE tenant_id = :tenant FOR UPDATE"), {"tenant": tenant_id}
    )
    return dict(found.scalar_one())


async def limits(tx: AsyncSession) -> dict[str, int]:
    """What the viewer's tenant has set, in a transaction that is scoped to it."""
    found = await tx.execute(text("SELECT limits FROM pump_settings"))
    return dict(found.scalar_one_or_none() or {})


async def make_due(tx: AsyncSession, tenant_id: UUID) -> None:
    """Lets the ticker look at the tenant's groups at once: by other limits, time may have changed something already."""
    await tx.execute(
        text(
            "UPDATE interlock_group SET due_at_ms = stepped_at_ms WHERE id IN (SELECT id FROM interlock_group"
            " WHERE tenant_id = :tenant AND removed_at IS NULL ORDER BY id FOR UPDATE)"
        ),
        {"tenant": tenant_id},
    )


async def save_limits(tx: AsyncSession, tenant_id: UUID, limits: dict[str, int]) -> None:
    await tx.execute(
        text("UPDATE pump_settings SET limits = CAST(:limits AS jsonb) WHERE tenant_id = :tenant"),
        {"limits": json.dumps(limits), "tenant": tenant_id},
    )
