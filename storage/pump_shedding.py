"""Rows of a tenant's planned cuts, and where its groups stand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


@dataclass(frozen=True, slots=True)
class Plan:
    """A group and its tenant's planned cuts: (weekday, minute of the day, minutes) each, in the tenant's zone."""

    group_id: UUID
    zone: str
    shed_by: str | None
    """How the cut of this moment came about; None: there is none."""
    off_until: datetime | None
    """The plan is silent until then."""
    windows: tuple[tuple[int, int, int], ...]


_PLANS = """
    SELECT g.id, t.zone, g.shed_by, g.schedule_off_until,
        coalesce((SELECT jsonb_agg(jsonb_build_array(w.weekday, w.from_minute, w.minutes)) FROM shed_window w
            WHERE w.tenant_id = g.tenant_id), '[]')
    FROM interlock_group g JOIN tenant t ON t.id = g.tenant_id
    WHERE g.removed_at IS NULL AND (CAST(:tenant AS uuid) IS NULL OR g.tenant_id = :tenant)
        AND (g.shed_by = 'schedule' OR g.tenant_id IN (SELECT tenant_id FROM shed_window))"""


async def plans(tx: AsyncSession, tenant_id: UUID | None = None) -> list[Plan]:
    """Groups of tenants that have planned cuts, or are in one. Takes a transaction that sees every tenant."""
    rows = await tx.execute(text(_PLANS), {"tenant": tenant_id})
    return [
        Plan(group_id, zone, shed_by, off_until, tuple((day, minute, minutes) for day, minute, minutes in windows))
        for group_id, zone, shed_by, off_until, windows in rows.all()
    ]


async def silence(tx: AsyncSession, group_id: UUID, until: datetime) -> None:
    await tx.execute(
        text("UPDATE interlock_group SET schedule_off_until = :until WHERE id = :group"),
        {"until": until, "group": group_id},
    )


async def replace(tx: AsyncSession, tenant_id: UUID, rows: Sequence[tuple[UUID, int, int, int]], by: UUID) -> int:
    """Puts these windows in the place of all others; returns how many there were."""
    gone = await tx.execute(
        text("DELETE FROM shed_window WHERE tenant_id = :tenant RETURNING id"), {"tenant": tenant_id}
    )
    before = len(gone.all())
    for id_, weekday, from_minute, minutes in rows:
        await tx.execute(
            text(
                "INSERT INTO shed_window (id, tenant_id, weekday, from_minute, minutes, created_by)"
                " VALUES (:id, :tenant, :weekday, :from, :minutes, :by)"
            ),
            {
                "id": id_, "tenant": tenant_id, "weekday": weekday, "from": from_minute, "minutes": minutes, "by": by,
            },
        )  # fmt: skip
    return before
