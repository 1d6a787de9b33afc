"""Rows of marks on the drawing of a car, and of defects."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


@dataclass(frozen=True, slots=True)
class MarkRow:
    """`x` and `y` in thousandths of the drawing's width and height."""

    id: UUID
    x: int
    y: int
    said: str
    photo_id: UUID | None
    """None also when the photo was removed since."""
    marked_at: datetime
    person: str | None


@dataclass(frozen=True, slots=True)
class DefectRow:
    id: UUID
    said: str
    rework: int
    """How often the check had failed before."""
    photo_id: UUID | None
    noted_at: datetime
    person: str | None


async def marks(tx: AsyncSession, tenant_id: UUID, job_id: UUID) -> list[MarkRow]:
    rows = await tx.execute(
        text(
            "SELECT d.id, d.x, d.y, d.said, f.id, d.marked_at, p.name FROM damage_mark d"
            " LEFT JOIN photo f ON f.tenant_id = d.tenant_id AND f.id = d.photo_id AND f.removed_at IS NULL"
            " LEFT JOIN person p ON p.id = d.marked_by WHERE d.tenant_id = :tenant AND d.job_id = :job"
            " AND d.removed_at IS NULL ORDER BY d.marked_at, d.id"
        ),
        {"tenant": tenant_id, "job": job_id},
    )
    return [MarkRow(*row) for row in rows.all()]


async def defects(tx: AsyncSession, tenant_id: UUID, job_id: UUID) -> list[DefectRow]:
    rows = await tx.execute(
        text(
            "SELECT d.id, d.said, d.rework, d.photo_id, d.noted_at, p.name FROM defect d"
            " LEFT JOIN person p ON p.id = d.noted_by WHERE d.tenant_id = :tenant AND d.job_id = :job"
            " ORDER BY d.noted_at, d.id"
        ),
        {"tenant": tenant_id, "job": job_id},
    )
    return [DefectRow(*row) for row in rows.all()]


async def count(tx: AsyncSession, tenant_id: UUID, job_id: UUID) -> int:
    found = await tx.scalar(
        text("SELECT count(*) FROM damage_mark WHERE tenant_id = :tenant AND job_id = :job AND removed_at IS NULL"),
        {"tenant": tenant_id, "job": job_id},
    )
    return int(found or 0)


async def add(
    tx: AsyncSession,
    tenant_id: UUID,
    job_id: UUID,
    mark_id: UUID,
    x: int,
    y: int,
    said: str,
    photo_id: UUID | None,
    at: datetime,
    by: UUID,
) -> bool:
    """False: it is there already."""
    added = await tx.execute(
        text(
            "INSERT INTO damage_mark (id, tenant_id, job_id, x, y, said, photo_id, marked_at, marked_by)"
            " VALUES (:id, :tenant, :job, :x, :y, :said, :photo, :at, :by) ON CONFLICT DO NOTHING RETURNING id"
        ),
        {
            "id": mark_id, "tenant": tenant_id, "job": job_id, "x": x, "y": y, "said": said, "photo": photo_id,
            "at": at, "by": by,
        },
    )  # fmt: skip
    return added.first() is not None


async def remove(tx: AsyncSession, tenant_id: UUID, job_id: UUID, mark_id: UUID, at: datetime) -> str | None:
    """What it said; None: there is no such mark."""
    said: str | None = await tx.scalar(
        text(
            "UPDATE damage_mark SET removed_at = :at WHERE tenant_id = :tenant AND job_id = :job AND id = :id"
            " AND removed_at IS NULL RETURNING said"
        ),
        {"tenant": tenant_id, "job": job_id, "id": mark_id, "at": at},
    )
    return said


async def has_photo(tx: AsyncSession, tenant_id: UUID, job_id: UUID, photo_id: UUID) -> bool:
    found = await tx.execute(
        text("SELECT 1 FROM photo WHERE tenant_id = :tenant AND job_id = :job AND id = :id AND removed_at IS NULL"),
        {"tenant": tenant_id, "job": job_id, "id": photo_id},
    )
    return found.first() is not None
