"""What a finished job leaves: the signature of whoever took the car, and the warranty of its film."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


@dataclass(frozen=True, slots=True)
class HandOver:
    signed_by: str
    signature: str
    """The path of an SVG drawing, in a box of 600 by 200."""
    signed_at: datetime
    handed_by: str | None


@dataclass(frozen=True, slots=True)
class Warranty:
    maker: str
    film: str
    batch: str
    years: int
    from_day: date
    until_day: date
    issued_at: datetime


async def add_hand_over(
    tx: AsyncSession, tenant_id: UUID, job_id: UUID, signed_by: str, signature: str, at: datetime, by: UUID
) -> None:
    await tx.execute(
        text(
            "INSERT INTO hand_over (tenant_id, job_id, signed_by, signature, signed_at, handed_by)"
            " VALUES (:tenant, :job, :signed_by, :signature, :at, :by)"
        ),
        {"tenant": tenant_id, "job": job_id, "signed_by": signed_by, "signature": signature, "at": at, "by": by},
    )


async def hand_over_of(tx: AsyncSession, tenant_id: UUID, job_id: UUID) -> HandOver | None:
    row = await tx.execute(
        text(
            "SELECT h.signed_by, h.signature, h.signed_at, p.name FROM hand_over h"
            " LEFT JOIN person p ON p.id = h.handed_by WHERE h.tenant_id = :tenant AND h.job_id = :job"
        ),
        {"tenant": tenant_id, "job": job_id},
    )
    found = row.first()
    return HandOver(*found) if found else None


async def issue_warranty(tx: AsyncSession, tenant_id: UUID, job_id: UUID, now: datetime) -> None:
    """Writes down what the film's maker gives, from the day in the workshop's zone on. A film without years, or a job
    without film, gets none.
    """
    await tx.execute(
        text(
            "INSERT INTO warranty (tenant_id, job_id, maker, film, batch, years, from_day, until_day, issued_at)"
            " SELECT j.tenant_id, j.id, r.maker, r.film, r.batch, w.years, d.day,"
            "   (d.day + make_interval(years => w.years) - interval '1 day')::date, :now"
            " FROM job j JOIN film_roll r ON r.tenant_id = j.tenant_id AND r.id = j.film_roll_id"
            " JOIN film_warranty w ON w.tenant_id = r.tenant_id AND w.maker = r.maker AND w.film = r.film"
            " JOIN tenant t ON t.id = j.tenant_id"
            " CROSS JOIN LATERAL (SELECT (CAST(:now AS timestamptz) AT TIME ZONE t.zone)::date AS day) d"
            " WHERE j.tenant_id = :tenant AND j.id = :job AND w.years > 0 ON CONFLICT DO NOTHING"
        ),
        {"tenant": tenant_id, "job": job_id, "now": now},
    )


async def warranty_of(tx: AsyncSession, tenant_id: UUID, job_id: UUID) -> Warranty | None:
    row = await tx.execute(
        text(
            "SELECT maker, film, batch, years, from_day, until_day, issued_at FROM warranty"
            " WHERE tenant_id = :tenant AND job_id = :job"
        ),
        {"tenant": tenant_id, "job": job_id},
    )
    found = row.first()
    return Warranty(*found) if found else None
