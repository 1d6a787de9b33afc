"""What a customer may see of one job, read through the link: the car, the dates, what was released."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

PHOTOS_MAX = 24


@dataclass(frozen=True, slots=True)
class SeenRow:
    workshop: str
    zone: str
    contact_phone: str
    """The workshop's own, where customers call; empty: none is said."""
    language: str
    make: str
    model: str
    colour: str
    plate: str
    received_at: datetime
    planned_at: datetime
    promised_at: datetime | None
    checked_since: datetime | None
    video_allowed: bool
    agreed_at: datetime | None
    """Since when the customer agrees to notices."""
    link_id: UUID | None
    link_ends_at: datetime | None
    passport_id: UUID | None


@dataclass(frozen=True, slots=True)
class SeenPhoto:
    digest: bytes
    width: int
    height: int


_SEEN = """
    SELECT t.name, t.zone, coalesce(n.contact_phone, ''), c.language, v.make, v.model, v.colour, v.plate, j.received_at,
        j.planned_at, j.promised_at,
        (SELECT max(e.at) FROM job_event e WHERE e.tenant_id = j.tenant_id AND e.job_id = j.id AND e.kind = 'submit'),
        j.video_allowed, c.notices_agreed_at, l.id, l.expires_at, p.id
    FROM job j
    JOIN tenant t ON t.id = j.tenant_id
    JOIN vehicle v ON v.tenant_id = j.tenant_id AND v.id = j.vehicle_id
    JOIN customer c ON c.tenant_id = v.tenant_id AND c.id = v.customer_id
    LEFT JOIN customer_notices n ON n.tenant_id = j.tenant_id
    LEFT JOIN tracking_link l ON l.tenant_id = j.tenant_id AND l.job_id = j.id AND l.revoked_at IS NULL
    LEFT JOIN passport p ON p.tenant_id = j.tenant_id AND p.job_id = j.id AND p.revoked_at IS NULL
    WHERE j.tenant_id = :tenant AND j.id = :id"""


async def seen(tx: AsyncSession, tenant_id: UUID, job_id: UUID) -> SeenRow | None:
    row = (await tx.execute(text(_SEEN), {"tenant": tenant_id, "id": job_id})).first()
    return None if row is None else SeenRow(*row)


async def released_photos(tx: AsyncSession, tenant_id: UUID, job_id: UUID) -> list[SeenPhoto]:
    """What staff released of a job, oldest first; the same picture once."""
    rows = await tx.execute(
        text(
            "SELECT content_sha256, max(width), max(height) FROM photo WHERE tenant_id = :tenant AND job_id = :id"
            " AND released_at IS NOT NULL AND removed_at IS NULL GROUP BY 1 ORDER BY min(taken_at), 1 LIMIT :most"
        ),
        {"tenant": tenant_id, "id": job_id, "most": PHOTOS_MAX},
    )
    return [SeenPhoto(bytes(digest), width, height) for digest, width, height in rows.all()]
