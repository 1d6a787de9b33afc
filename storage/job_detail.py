"""One job in full: customer, vehicle, what was agreed, the film on it; and writing each of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from domain.jobs.words import VehicleClass


@dataclass(frozen=True, slots=True)
class Roll:
    id: UUID
    maker: str
    film: str
    batch: str
    received_at: datetime
    emptied_at: datetime | None
    warranty_years: int | None
    """What the maker gives; None: nobody said."""
    jobs: int

    @property
    def name(self) -> str:
        return f"{self.maker} {self.film}, {self.batch}"


@dataclass(frozen=True, slots=True)
class Comeback:
    id: UUID
    received_at: datetime
    state: str


async def customer_of(tx: AsyncSession, tenant_id: UUID, job_id: UUID) -> dict[str, Any]:
    """By the fields of NewCustomer."""
    return await _one(
        tx, "SELECT c.name, c.phone, c.mail, c.language, c.notices_agreed_at IS NOT NULL AS agrees_to_notices"
        " FROM job j JOIN vehicle v ON v.tenant_id = j.tenant_id AND v.id = j.vehicle_id"
        " JOIN customer c ON c.tenant_id = v.tenant_id AND c.id = v.customer_id", tenant_id, job_id,
    )  # fmt: skip


async def vehicle_of(tx: AsyncSession, tenant_id: UUID, job_id: UUID) -> dict[str, Any]:
    """By the fields of NewVehicle."""
    return await _one(
        tx, "SELECT v.plate, v.make, v.model, v.colour, v.class AS vehicle_class, v.vin"
        " FROM job j JOIN vehicle v ON v.tenant_id = j.tenant_id AND v.id = j.vehicle_id", tenant_id, job_id,
    )  # fmt: skip


async def agreed_of(tx: AsyncSession, tenant_id: UUID, job_id: UUID) -> dict[str, Any]:
    return await _one(tx, "SELECT j.note, j.video_allowed FROM job j", tenant_id, job_id)


async def _one(tx: AsyncSession, select: str, tenant_id: UUID, job_id: UUID) -> dict[str, Any]:
    """The job must be there."""
    row = await tx.execute(
        text(f"{select} WHERE j.tenant_id = :tenant AND j.id = :job"), {"tenant": tenant_id, "job": job_id}
    )
    return dict(row.mappings().one())


_OF_JOB = "(SELECT j.vehicle_id FROM job j WHERE j.tenant_id = :tenant AND j.id = :job)"


async def save_customer(tx: AsyncSession, tenant_id: UUID, job_id: UUID, said: dict[str, Any]) -> None:
    """All but what was agreed about notices."""
    await tx.execute(
        text(
            "UPDATE customer SET name = :name, phone = :phone, mail = :mail, language = :language"
            " WHERE tenant_id = :tenant"
            f" AND id = (SELECT v.customer_id FROM vehicle v WHERE v.tenant_id = :tenant AND v.id = {_OF_JOB})"
        ),
        said | {"tenant": tenant_id, "job": job_id},
    )


async def save_vehicle(tx: AsyncSession, tenant_id: UUID, job_id: UUID, said: dict[str, Any]) -> None:
    await tx.execute(
        text(
            "UPDATE vehicle SET plate = :plate, make = :make, model = :model, colour = :colour, class = :vehicle_class,"
            f" vin = upper(:vin) WHERE tenant_id = :tenant AND id = {_OF_JOB}"
        ),
        said | {"tenant": tenant_id, "job": job_id, "vehicle_class": VehicleClass(said["vehicle_class"]).value},
    )


async def save_agreed(tx: AsyncSession, tenant_id: UUID, job_id: UUID, said: dict[str, Any]) -> None:
    await tx.execute(
        text("UPDATE job SET note = :note, video_allowed = :video_allowed WHERE tenant_id = :tenant AND id = :job"),
        said | {"tenant": tenant_id, "job": job_id},
    )


async def save_film(tx: AsyncSession, tenant_id: UUID, job_id: UUID, roll_id: UUID | None) -> None:
    await tx.execute(
        text("UPDATE job SET film_roll_id = :roll WHERE tenant_id = :tenant AND id = :job"),
        {"tenant": tenant_id, "job": job_id, "roll": roll_id},
    )


_ROLL = """
    SELECT r.id, r.maker, r.film, r.batch, r.received_at, r.emptied_at, w.years,
        (SELECT count(*) FROM job u WHERE u.tenant_id = r.tenant_id AND u.film_roll_id = r.id)
    FROM film_roll r
    LEFT JOIN film_warranty w ON w.tenant_id = r.tenant_id AND w.maker = r.maker AND w.film = r.film"""


async def rolls(tx: AsyncSession, tenant_id: UUID, *, most: int, with_empty: bool = False) -> list[Roll]:
    """Film rolls, the latest first; without `with_empty` those that still have film."""
    rows = await tx.execute(
        text(
            f"{_ROLL} WHERE r.tenant_id = :tenant AND (:with_empty OR r.emptied_at IS NULL)"
            " ORDER BY r.emptied_at IS NOT NULL, r.received_at DESC, r.id LIMIT :most"
        ),
        {"tenant": tenant_id, "with_empty": with_empty, "most": most},
    )
    return [Roll(*row) for row in rows.all()]


async def roll(tx: AsyncSession, tenant_id: UUID, roll_id: UUID) -> Roll | None:
    row = await tx.execute(
        text(f"{_ROLL} WHERE r.tenant_id = :tenant AND r.id = :id"), {"tenant": tenant_id, "id": roll_id}
    )
    found = row.first()
    return Roll(*found) if found else None


async def film_of(tx: AsyncSession, tenant_id: UUID, job_id: UUID) -> Roll | None:
    """The roll from which the job's film comes."""
    row = await tx.execute(
        text(
            f"{_ROLL} JOIN job j ON j.tenant_id = r.tenant_id AND j.film_roll_id = r.id"
            " WHERE j.tenant_id = :tenant AND j.id = :job"
        ),
        {"tenant": tenant_id, "job": job_id},
    )
    found = row.first()
    return Roll(*found) if found else None


async def comebacks(tx: AsyncSession, tenant_id: UUID, job_id: UUID) -> list[Comeback]:
    """Jobs that do this one's work again."""
    rows = await tx.execute(
        text(
            "SELECT id, received_at, state FROM job WHERE tenant_id = :tenant AND comeback_of = :job"
            " ORDER BY received_at LIMIT 50"
        ),
        {"tenant": tenant_id, "job": job_id},
    )
    return [Comeback(*row) for row in rows.all()]
