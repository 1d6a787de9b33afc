"""Rows of a new job: its customer and vehicle, known or not, and the job itself."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from domain.jobs.eta import Estimate
from domain.jobs.words import VehicleClass, WorkType


@dataclass(frozen=True, slots=True)
class NewCustomer:
    name: str
    phone: str
    mail: str = ""
    language: str = "en"
    agrees_to_notices: bool = False


@dataclass(frozen=True, slots=True)
class NewVehicle:
    plate: str
    make: str
    model: str
    colour: str = ""
    vehicle_class: VehicleClass = VehicleClass.SEDAN
    vin: str = ""


async def hold_key(tx: AsyncSession, tenant_id: UUID, key: UUID) -> bool:
    """Keeps others with the same key waiting until the transaction ends; True: a job was made with it before."""
    await tx.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": f"job:{tenant_id}:{key}"})
    return await exists(tx, tenant_id, key)


async def exists(tx: AsyncSession, tenant_id: UUID, job_id: UUID) -> bool:
    found = await tx.execute(
        text("SELECT 1 FROM job WHERE tenant_id = :tenant AND id = :id"), {"tenant": tenant_id, "id": job_id}
    )
    return found.first() is not None


_KNOWN = """
    SELECT v.id FROM vehicle v JOIN customer c ON c.tenant_id = v.tenant_id AND c.id = v.customer_id
    WHERE v.tenant_id = :tenant AND v.plate_bare <> ''
        AND v.plate_bare = upper(regexp_replace(:plate, '[^[:alnum:]]', '', 'g') COLLATE "C")
        AND c.phone_digits <> '' AND c.phone_digits = regexp_replace(:phone, '[^0-9]', '', 'g')
    ORDER BY v.created_at DESC LIMIT 1"""


async def vehicle_of(
    tx: AsyncSession, tenant_id: UUID, customer: NewCustomer, vehicle: NewVehicle, now: datetime
) -> UUID:
    """The vehicle that came before with this plate and this telephone, or a new one with a new customer."""
    known = await tx.scalar(text(_KNOWN), {"tenant": tenant_id, "plate": vehicle.plate, "phone": customer.phone})
    if known is not None:
        return UUID(str(known))
    customer_id, vehicle_id = uuid4(), uuid4()
    await tx.execute(
        text(
            "INSERT INTO customer (id, tenant_id, name, phone, mail, language, notices_agreed_at, created_at)"
            " VALUES (:id, :tenant, :name, :phone, :mail, :language, :agreed, :now)"
        ),
        {
            "id": customer_id, "tenant": tenant_id, "name": customer.name, "phone": customer.phone,
            "mail": customer.mail, "language": customer.language, "now": now,
            "agreed": now if customer.agrees_to_notices else None,
        },
    )  # fmt: skip
    await tx.execute(
        text(
            "INSERT INTO vehicle (id, tenant_id, customer_id, plate, vin, make, model, colour, class, created_at)"
            " VALUES (:id, :tenant, :customer, :plate, :vin, :make, :model, :colour, :class, :now)"
        ),
        {
            "id": vehicle_id, "tenant": tenant_id, "customer": customer_id, "plate": vehicle.plate,
            "vin": vehicle.vin.upper(), "make": vehicle.make, "model": vehicle.model, "colour": vehicle.colour,
            "class": vehicle.vehicle_class, "now": now,
        },
    )  # fmt: skip
    return vehicle_id


async def add(
    tx: AsyncSession, tenant_id: UUID, job_id: UUID, work_type: WorkType, plan: Estimate, **more: Any
) -> None:
    """`more`: vehicle_id, vehicle_class, pit_id, comeback_of, note, received_at, planned_at, promised_at, by."""
    await tx.execute(
        text(
            "INSERT INTO job (id, tenant_id, vehicle_id, vehicle_class, work_type, state, pit_id, comeback_of, note,"
            " median_min, promised_min, learned_from, received_at, planned_at, promised_at, created_by)"
            " VALUES (:id, :tenant, :vehicle_id, :vehicle_class, :work, 'received', :pit_id, :comeback_of, :note,"
            " :median, :promised, :learned, :received_at, :planned_at, :promised_at, :by)"
        ),
        {
            "id": job_id, "tenant": tenant_id, "work": work_type, "median": plan.median_min,
            "promised": plan.promised_min, "learned": plan.learned_from,
        } | more,
    )  # fmt: skip
