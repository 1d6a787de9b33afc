"""Rows of customers' links. The web's role can't read a hash, so finding a job by its token is the worker's."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from domain.jobs.tracking import TrackingLink


async def add(tx: AsyncSession, tenant_id: UUID, job_id: UUID, link_id: UUID, link: TrackingLink) -> None:
    await tx.execute(
        text(
            "INSERT INTO tracking_link (id, tenant_id, job_id, token_hash, created_at, expires_at)"
            " VALUES (:id, :tenant, :job, :hash, :created_at, :expires_at)"
        ),
        {
            "id": link_id, "tenant": tenant_id, "job": job_id, "hash": link.token_hash, "created_at": link.created_at,
            "expires_at": link.expires_at,
        },
    )  # fmt: skip


async def revoke(tx: AsyncSession, tenant_id: UUID, job_id: UUID, at: datetime) -> bool:
    """Ends the job's link; False: there was none that worked."""
    found = await tx.execute(
        text(
            "UPDATE tracking_link SET revoked_at = :at WHERE tenant_id = :tenant AND job_id = :job"
            " AND revoked_at IS NULL RETURNING id"
        ),
        {"tenant": tenant_id, "job": job_id, "at": at},
    )
    return found.first() is not None


async def shorten(tx: AsyncSession, tenant_id: UUID, job_id: UUID, expires_at: datetime) -> None:
    """The job's link ends at that moment, unless it would have ended before."""
    await tx.execute(
        text(
            "UPDATE tracking_link SET expires_at = least(expires_at, :until) WHERE tenant_id = :tenant"
            " AND job_id = :job AND revoked_at IS NULL"
        ),
        {"tenant": tenant_id, "job": job_id, "until": expires_at},
    )


async def lengthen(tx: AsyncSession, tenant_id: UUID, job_id: UUID, expires_at: datetime) -> None:
    """The job's link ends no earlier than at that moment."""
    await tx.execute(
        text(
            "UPDATE tracking_link SET expires_at = greatest(expires_at, :until) WHERE tenant_id = :tenant"
            " AND job_id = :job AND revoked_at IS NULL"
        ),
        {"tenant": tenant_id, "job": job_id, "until": expires_at},
    )


@dataclass(frozen=True, slots=True)
class OpenLink:
    id: UUID
    created_at: datetime
    expires_at: datetime


async def open_of(tx: AsyncSession, tenant_id: UUID, job_id: UUID, now: datetime) -> OpenLink | None:
    """The job's link, if it works."""
    row = (
        await tx.execute(
            text(
                "SELECT id, created_at, expires_at FROM tracking_link WHERE tenant_id = :tenant AND job_id = :job"
                " AND revoked_at IS NULL AND expires_at > :now"
            ),
            {"tenant": tenant_id, "job": job_id, "now": now},
        )
    ).first()
    return None if row is None else OpenLink(*row)


async def job_of(tx: AsyncSession, token_hash: bytes, now: datetime) -> tuple[UUID, UUID] | None:
    """Tenant and job of a link that works; needs the worker's rights."""
    row = (
        await tx.execute(
            text(
                "SELECT tenant_id, job_id FROM tracking_link"
                " WHERE token_hash = :hash AND revoked_at IS NULL AND expires_at > :now"
            ),
            {"hash": token_hash, "now": now},
        )
    ).first()
    return None if row is None else (row.tenant_id, row.job_id)
