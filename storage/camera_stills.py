"""Rows of stills: for the board, and of a job for its time-lapse."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

SWEPT_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class StillRow:
    at: datetime
    digest: bytes


async def add(
    tx: AsyncSession, tenant_id: UUID, camera_id: UUID, job_id: UUID | None, content: tuple[bytes, int], at: datetime
) -> None:
    """`content` is the digest and size of the file, which is there already."""
    digest, size = content
    await tx.execute(
        text(
            "INSERT INTO camera_still (id, tenant_id, camera_id, at, job_id, content_sha256, size)"
            " VALUES (:id, :tenant, :camera, :at, :job, :digest, :size)"
        ),
        {
            "id": uuid4(), "tenant": tenant_id, "camera": camera_id, "at": at, "job": job_id, "digest": digest,
            "size": size,
        },
    )  # fmt: skip


async def latest(tx: AsyncSession, camera_id: UUID) -> StillRow | None:
    found = await tx.execute(
        text("SELECT at, content_sha256 FROM camera_still WHERE camera_id = :id ORDER BY at DESC LIMIT 1"),
        {"id": camera_id},
    )
    row = found.first()
    return StillRow(row.at, bytes(row.content_sha256)) if row else None


async def of_job(tx: AsyncSession, tenant_id: UUID, job_id: UUID, camera_id: UUID) -> list[StillRow]:
    """Oldest first."""
    found = await tx.execute(
        text(
            "SELECT at, content_sha256 FROM camera_still"
            " WHERE tenant_id = :tenant AND job_id = :job AND camera_id = :camera ORDER BY at"
        ),
        {"tenant": tenant_id, "job": job_id, "camera": camera_id},
    )
    return [StillRow(row.at, bytes(row.content_sha256)) for row in found.all()]


async def take_old(tx: AsyncSession, now: datetime) -> tuple[int, list[tuple[UUID, bytes]]]:
    """Deletes rows whose time is over, some at once; returns how many, and tenant and digest of files that no row names
    any more.

    What a time-lapse still waits for stays.
    """
    gone = await tx.execute(
        text(
            "WITH old AS (SELECT s.id FROM camera_still s JOIN camera c ON c.id = s.camera_id"
            " WHERE s.at < CAST(:now AS timestamptz) - make_interval(days => c.keep_stills_days)"
            " AND NOT EXISTS (SELECT 1 FROM job j LEFT JOIN timelapse l ON l.tenant_id = j.tenant_id"
            " AND l.job_id = j.id AND l.camera_id = s.camera_id WHERE s.job_id IS NOT NULL"
            " AND j.tenant_id = s.tenant_id AND j.id = s.job_id"
            " AND (j.ended_at IS NULL OR (l.id IS NOT NULL AND l.made_at IS NULL AND l.tries < 5)))"
            " LIMIT :most) DELETE FROM camera_still d USING old WHERE d.id = old.id"
            " RETURNING d.tenant_id, d.content_sha256"
        ),
        {"now": now, "most": SWEPT_AT_ONCE},
    )
    rows = [(row.tenant_id, bytes(row.content_sha256)) for row in gone.all()]
    return len(rows), await _unnamed(tx, set(rows))


async def _unnamed(tx: AsyncSession, files: set[tuple[UUID, bytes]]) -> list[tuple[UUID, bytes]]:
    """Those of the files that neither a still nor a time-lapse names."""
    if not files:
        return []
    tenants, digests = zip(*sorted(files), strict=True)
    found = await tx.execute(
        text(
            "SELECT x.tenant, x.digest"
            " FROM unnest(CAST(:tenants AS uuid[]), CAST(:digests AS bytea[])) AS x(tenant, digest) WHERE NOT EXISTS"
            " (SELECT 1 FROM camera_still s WHERE s.tenant_id = x.tenant AND s.content_sha256 = x.digest) AND"
            " NOT EXISTS (SELECT 1 FROM timelapse l WHERE l.tenant_id = x.tenant AND l.content_sha256 = x.digest)"
        ),
        {"tenants": list(tenants), "digests": list(digests)},
    )
    return [(row.tenant, bytes(row.digest)) for row in found.all()]
