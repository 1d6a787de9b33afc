"""A job's customer and what the workshop settled about notices."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


@dataclass(frozen=True, slots=True)
class CustomerRow:
    id: UUID
    name: str
    phone: str
    mail: str
    language: str
    agreed_at: datetime | None


@dataclass(frozen=True, slots=True)
class NoticesRow:
    wanted: tuple[str, ...]
    contact_phone: str
    country_code: str
    gateway_way: str | None
    gateway_shown: str | None


async def of_job(tx: AsyncSession, tenant_id: UUID, job_id: UUID, *, lock: bool = False) -> CustomerRow | None:
    """Whose car it is; with `lock`, nobody else changes the customer until the transaction ends."""
    row = (
        await tx.execute(
            text(
                "SELECT c.id, c.name, c.phone, c.mail, c.language, c.notices_agreed_at FROM job j"
                " JOIN vehicle v ON v.tenant_id = j.tenant_id AND v.id = j.vehicle_id"
                " JOIN customer c ON c.tenant_id = v.tenant_id AND c.id = v.customer_id"
                " WHERE j.tenant_id = :tenant AND j.id = :job" + (" FOR UPDATE OF c" if lock else "")
            ),
            {"tenant": tenant_id, "job": job_id},
        )
    ).first()
    return None if row is None else CustomerRow(*row)


async def set_agreed(tx: AsyncSession, tenant_id: UUID, customer_id: UUID, at: datetime | None) -> None:
    await tx.execute(
        text("UPDATE customer SET notices_agreed_at = :at WHERE tenant_id = :tenant AND id = :id"),
        {"at": at, "tenant": tenant_id, "id": customer_id},
    )


async def jobs_of(tx: AsyncSession, tenant_id: UUID, customer_id: UUID) -> list[UUID]:
    """The jobs of a customer whose pages may be open."""
    rows = await tx.execute(
        text(
            "SELECT j.id FROM vehicle v JOIN job j ON j.tenant_id = v.tenant_id AND j.vehicle_id = v.id"
            " WHERE v.tenant_id = :tenant AND v.customer_id = :id ORDER BY j.received_at DESC LIMIT 20"
        ),
        {"tenant": tenant_id, "id": customer_id},
    )
    return list(rows.scalars())


async def notices(tx: AsyncSession, tenant_id: UUID, *, lock: bool = False) -> NoticesRow | None:
    """None: the workshop has settled nothing."""
    row = (
        await tx.execute(
            text(
                "SELECT wanted, contact_phone, country_code, gateway_way, gateway_shown"
                " FROM customer_notices WHERE tenant_id = :tenant" + (" FOR UPDATE" if lock else "")
            ),
            {"tenant": tenant_id},
        )
    ).first()
    if row is None:
        return None
    return NoticesRow(tuple(row.wanted), row.contact_phone, row.country_code, row.gateway_way, row.gateway_shown)


async def save_notices(
    tx: AsyncSession, tenant_id: UUID, wanted: Iterable[str], contact_phone: str, country_code: str
) -> None:
    """All but the gateway."""
    await tx.execute(
        text(
            "INSERT INTO customer_notices (tenant_id, wanted, contact_phone, country_code)"
            " VALUES (:tenant, :wanted, :phone, :code) ON CONFLICT (tenant_id) DO UPDATE"
            " SET wanted = excluded.wanted, contact_phone = excluded.contact_phone,"
            " country_code = excluded.country_code"
        ),
        {"tenant": tenant_id, "wanted": sorted(wanted), "phone": contact_phone, "code": country_code},
    )


async def save_gateway(
    tx: AsyncSession, tenant_id: UUID, way: str | None, shown: str | None, sealed: bytes | None
) -> None:
    """The row is there. All None: no gateway any more. Its address is read by the worker's role alone."""
    await tx.execute(
        text(
            "UPDATE customer_notices SET gateway_way = :way, gateway_shown = :shown, gateway_sealed = :sealed"
            " WHERE tenant_id = :tenant"
        ),
        {"tenant": tenant_id, "way": way, "shown": shown, "sealed": sealed},
    )


async def late_jobs(tx: AsyncSession, since: datetime, now: datetime, most: int) -> list[tuple[UUID, UUID]]:
    """Tenant and id of jobs whose promise broke after `since` and that were not told so; not of bookings with which
    nobody has begun, because their cars may not have come. Needs the worker's rights.
    """
    rows = await tx.execute(
        text(
            "SELECT j.tenant_id, j.id FROM job j WHERE j.completed_at IS NULL AND j.ended_at IS NULL"
            " AND j.promised_at > :since AND j.promised_at <= :now"
            " AND (j.state <> 'received' OR j.planned_at <= j.received_at)"
            " AND NOT EXISTS (SELECT 1 FROM message m WHERE m.tenant_id = j.tenant_id"
            " AND m.dedupe = concat(CAST(:begin AS text), j.id, CAST(:end AS text))) ORDER BY j.promised_at LIMIT :most"
        ),
        {"since": since, "now": now, "most": most, "begin": "customer:", "end": ":late"},
    )
    return [(tenant_id, job_id) for tenant_id, job_id in rows.all()]
