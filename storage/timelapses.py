"""Rows of time-lapses: asked for when a job is complete, made by one process at a time, found by the job."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

TRIES_MAX = 5


@dataclass(frozen=True, slots=True)
class Waiting:
    id: UUID
    tenant_id: UUID
    job_id: UUID
    camera_id: UUID


async def ask(tx: AsyncSession, now: datetime) -> None:
    """One for each camera that took stills of a job that is complete by now; needs the worker's rights."""
    await tx.execute(
        text(
            "INSERT INTO timelapse (id, tenant_id, job_id, camera_id, asked_at)"
            " SELECT gen_random_uuid(), s.tenant_id, s.job_id, s.camera_id, :now FROM camera_still s"
            " JOIN job j ON j.tenant_id = s.tenant_id AND j.id = s.job_id"
            " WHERE s.job_id IS NOT NULL AND j.completed_at IS NOT NULL"
            " GROUP BY s.tenant_id, s.job_id, s.camera_id ON CONFLICT DO NOTHING"
        ),
        {"now": now},
    )


async def lock_waiting(tx: AsyncSession) -> Waiting | None:
    """The longest waiting one that nobody else makes, locked until the transaction ends."""
    row = (
        await tx.execute(
            text(
                "SELECT id, tenant_id, job_id, camera_id FROM timelapse WHERE made_at IS NULL AND tries < :most"
                " ORDER BY tries, asked_at LIMIT 1 FOR UPDATE SKIP LOCKED"
            ),
            {"most": TRIES_MAX},
        )
    ).first()
    return Waiting(row.id, row.tenant_id, row.job_id, row.camera_id) if row else None


async def made(tx: AsyncSession, id_: UUID, stills: int, content: tuple[bytes, int], now: datetime) -> None:
    digest, size = content
    await tx.execute(
        text(
            "UPDATE timelapse SET stills = :stills, content_sha256 = :digest, size = :size, made_at = :now, fault = ''"
            " WHERE id = :id"
        ),
        {"id": id_, "stills": stills, "digest": digest, "size": size, "now": now},
    )


async def failed(tx: AsyncSession, id_: UUID, fault: str) -> None:
    await tx.execute(
        text("UPDATE timelapse SET tries = tries + 1, fault = :fault WHERE id = :id"), {"id": id_, "fault": fault}
    )


async def of_job(tx: AsyncSession, tenant_id: UUID, job_id: UUID, *, staff: bool) -> list[tuple[UUID, bytes]]:
    """Those that are made: camera and digest of the film. `staff`: only of cameras at which staff may look."""
    found = await tx.execute(
        text(
            "SELECT l.camera_id, l.content_sha256 FROM timelapse l"
            " JOIN camera c ON c.tenant_id = l.tenant_id AND c.id = l.camera_id"
            " AND (NOT :staff OR 'staff' = ANY(c.watchers))"
            " WHERE l.tenant_id = :tenant AND l.job_id = :job AND l.made_at IS NOT NULL ORDER BY l.camera_id"
        ),
        {"tenant": tenant_id, "job": job_id, "staff": staff},
    )
    return [(row.camera_id, bytes(row.content_sha256)) for row in found.all()]


async def for_customer(tx: AsyncSession, tenant_id: UUID, job_id: UUID) -> list[bytes]:
    """Digests of the films that the job's customer may see: the video was agreed, and the camera is one that customers
    may look at.
    """
    found = await tx.execute(
        text(
            "SELECT l.content_sha256 FROM timelapse l"
            " JOIN job j ON j.tenant_id = l.tenant_id AND j.id = l.job_id AND j.video_allowed"
            " JOIN camera c ON c.tenant_id = l.tenant_id AND c.id = l.camera_id AND 'customer' = ANY(c.watchers)"
            " WHERE l.tenant_id = :tenant AND l.job_id = :job AND l.made_at IS NOT NULL ORDER BY l.camera_id"
        ),
        {"tenant": tenant_id, "job": job_id},
    )
    return [bytes(digest) for digest in found.scalars()]
