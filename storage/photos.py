"""Rows of photos: what was taken of which job, when and by whom, and whether the customer may see it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_COLUMNS = """
    f.id, f.tenant_id, f.job_id, f.stage, f.media_type, f.size, f.width, f.height, f.content_sha256, f.taken_at,
    f.taken_by, (SELECT p.name FROM person p WHERE p.id = f.taken_by), f.released_at, f.removed_at"""


@dataclass(frozen=True, slots=True)
class PhotoRow:
    id: UUID
    tenant_id: UUID
    job_id: UUID
    stage: str | None
    """What was being worked on; None: something else than a stage."""
    media_type: str
    size: int
    """Bytes of the full picture."""
    width: int
    height: int
    content_sha256: bytes
    taken_at: datetime
    taken_by: UUID | None
    person: str | None
    released_at: datetime | None
    """Since when the customer may see it."""
    removed_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewPhoto:
    id: UUID
    stage: str | None
    size: int
    width: int
    height: int
    content_sha256: bytes


async def hold_content(tx: AsyncSession, tenant_id: UUID, digest: bytes) -> None:
    """Keeps others from storing or deleting the same bytes until the transaction ends."""
    bound = {"key": f"photo:{tenant_id}:{digest.hex()}"}
    await tx.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), bound)


async def unshown(tx: AsyncSession, tenant_id: UUID, digests: Sequence[bytes]) -> list[bytes]:
    """Those that no photo has, but for removed ones."""
    found = await tx.execute(
        text(
            "SELECT digest FROM unnest(CAST(:digests AS bytea[])) digest WHERE NOT EXISTS (SELECT 1 FROM photo f"
            " WHERE f.tenant_id = :tenant AND f.content_sha256 = digest AND f.removed_at IS NULL)"
        ),
        {"tenant": tenant_id, "digests": list(digests)},
    )
    return [bytes(digest) for digest in found.scalars()]


async def add(tx: AsyncSession, tenant_id: UUID, job_id: UUID, new: NewPhoto, by: UUID, at: datetime) -> PhotoRow:
    await tx.execute(
        text(
            "INSERT INTO photo (id, tenant_id, job_id, stage, media_type, size, width, height, content_sha256,"
            " taken_at, taken_by) VALUES (:id, :tenant, :job, :stage, 'image/jpeg', :size, :width, :height, :digest,"
            " :at, :by)"
        ),
        {
            "id": new.id, "tenant": tenant_id, "job": job_id, "stage": new.stage, "size": new.size,
            "width": new.width, "height": new.height, "digest": new.content_sha256, "at": at, "by": by,
        },
    )  # fmt: skip
    [added] = await _rows(tx, "f.id = :id", {"tenant": tenant_id, "id": new.id})
    return added


async def one(tx: AsyncSession, tenant_id: UUID, photo_id: UUID) -> PhotoRow | None:
    """Removed ones too."""
    found = await _rows(tx, "f.id = :id", {"tenant": tenant_id, "id": photo_id})
    return found[0] if found else None


async def of_job(tx: AsyncSession, tenant_id: UUID, job_id: UUID, *, released_only: bool = False) -> Sequence[PhotoRow]:
    """Those that were not removed, oldest first; the customer sees the released ones alone."""
    where = "f.job_id = :job AND f.removed_at IS NULL" + (" AND f.released_at IS NOT NULL" if released_only else "")
    return await _rows(tx, where, {"tenant": tenant_id, "job": job_id})


async def release(tx: AsyncSession, tenant_id: UUID, photo_id: UUID, at: datetime | None) -> None:
    """Since when the customer may see it; None: not any more."""
    await tx.execute(
        text("UPDATE photo SET released_at = :at WHERE tenant_id = :tenant AND id = :id"),
        {"tenant": tenant_id, "id": photo_id, "at": at},
    )


async def remove(tx: AsyncSession, tenant_id: UUID, photo_id: UUID, at: datetime) -> None:
    await tx.execute(
        text("UPDATE photo SET removed_at = :at, released_at = NULL WHERE tenant_id = :tenant AND id = :id"),
        {"tenant": tenant_id, "id": photo_id, "at": at},
    )


async def _rows(tx: AsyncSession, where: str, bound: dict[str, Any]) -> list[PhotoRow]:
    statement = f"SELECT {_COLUMNS} FROM photo f WHERE f.tenant_id = :tenant AND {where} ORDER BY f.taken_at, f.id"
    return [PhotoRow(*row) for row in (await tx.execute(text(statement), bound)).all()]
