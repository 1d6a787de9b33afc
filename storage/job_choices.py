"""What a job may be given: the workshop's crew and its pits, each with what stands in it."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


@dataclass(frozen=True, slots=True)
class CrewRow:
    id: UUID
    name: str
    open_jobs: int
    """How many jobs that are not ready this person works on."""


@dataclass(frozen=True, slots=True)
class PlaceRow:
    id: UUID
    name: str
    open_jobs: int
    """How many cars stand or are planned in this pit."""
    is_free: bool
    """No car stands there now."""


async def crew(tx: AsyncSession, tenant_id: UUID) -> list[CrewRow]:
    """Everybody who may work on jobs, by name."""
    rows = await tx.execute(
        text(
            "SELECT m.person_id, p.name, (SELECT count(*) FROM job j JOIN job_staff s ON s.tenant_id = j.tenant_id"
            "   AND s.job_id = j.id WHERE j.tenant_id = m.tenant_id AND j.ended_at IS NULL AND j.completed_at IS NULL"
            "   AND s.person_id = m.person_id)"
            " FROM membership m JOIN person p ON p.id = m.person_id WHERE m.tenant_id = :tenant"
            " AND m.role IN ('owner', 'staff') AND p.suspended_at IS NULL ORDER BY p.name"
        ),
        {"tenant": tenant_id},
    )
    return [CrewRow(*row) for row in rows.all()]


async def places(tx: AsyncSession, tenant_id: UUID) -> list[PlaceRow]:
    """The workshop's pits in their order."""
    rows = await tx.execute(
        text(
            "SELECT p.id, p.name, count(j.id), coalesce(bool_and("
            "   j.state NOT IN ('in_progress', 'quality_check', 'on_hold')), true)"
            " FROM pit p LEFT JOIN job j ON j.tenant_id = p.tenant_id AND j.pit_id = p.id AND j.ended_at IS NULL"
            "   AND j.completed_at IS NULL"
            " WHERE p.tenant_id = :tenant AND p.archived_at IS NULL GROUP BY p.id ORDER BY p.position, p.name"
        ),
        {"tenant": tenant_id},
    )
    return [PlaceRow(*row) for row in rows.all()]
