"""What a workshop has said of itself: hours, holidays, pits, film rolls and the warranty of films."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from domain.jobs.calendar import Span


@dataclass(frozen=True, slots=True)
class Holiday:
    day: date
    name: str


@dataclass(frozen=True, slots=True)
class PitPlace:
    id: UUID
    name: str
    position: int
    open_jobs: int
    devices: int


@dataclass(frozen=True, slots=True)
class FilmYears:
    maker: str
    film: str
    years: int | None
    """None: nobody said."""


async def lock(tx: AsyncSession, tenant_id: UUID) -> None:
    """Keeps others from changing the workshop's settings until the transaction ends."""
    await tx.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": f"workshop:{tenant_id}"})


async def hours(tx: AsyncSession, tenant_id: UUID) -> dict[int, tuple[Span, ...]]:
    """As they were said, by weekday; empty: nobody has said any."""
    rows = await tx.execute(
        text(
            "SELECT weekday, from_minute, until_minute FROM working_hours WHERE tenant_id = :tenant"
            " ORDER BY weekday, from_minute"
        ),
        {"tenant": tenant_id},
    )
    found: dict[int, tuple[Span, ...]] = {}
    for weekday, begin, end in rows.all():
        found[weekday] = (*found.get(weekday, ()), (begin, end))
    return found


async def save_hours(tx: AsyncSession, tenant_id: UUID, said: dict[int, tuple[Span, ...]]) -> None:
    await tx.execute(text("DELETE FROM working_hours WHERE tenant_id = :tenant"), {"tenant": tenant_id})
    for weekday, spans in said.items():
        for begin, end in spans:
            await tx.execute(
                text("INSERT INTO working_hours VALUES (:tenant, :weekday, :begin, :end)"),
                {"tenant": tenant_id, "weekday": weekday, "begin": begin, "end": end},
            )


async def holidays(tx: AsyncSession, tenant_id: UUID) -> list[Holiday]:
    rows = await tx.execute(
        text("SELECT day, name FROM holiday WHERE tenant_id = :tenant ORDER BY day"), {"tenant": tenant_id}
    )
    return [Holiday(*row) for row in rows.all()]


async def save_holiday(tx: AsyncSession, tenant_id: UUID, day: date, name: str) -> None:
    await tx.execute(
        text(
            "INSERT INTO holiday (tenant_id, day, name) VALUES (:tenant, :day, :name)"
            " ON CONFLICT (tenant_id, day) DO UPDATE SET name = excluded.name"
        ),
        {"tenant": tenant_id, "day": day, "name": name},
    )


async def remove_holiday(tx: AsyncSession, tenant_id: UUID, day: date) -> str | None:
    """Its name; None: there was none."""
    name: str | None = await tx.scalar(
        text("DELETE FROM holiday WHERE tenant_id = :tenant AND day = :day RETURNING name"),
        {"tenant": tenant_id, "day": day},
    )
    return name


async def pits(tx: AsyncSession, tenant_id: UUID) -> list[PitPlace]:
    """In their order."""
    rows = await tx.execute(
        text(
            "SELECT p.id, p.name, p.position,"
            " (SELECT count(*) FROM job j WHERE j.tenant_id = p.tenant_id AND j.pit_id = p.id AND j.ended_at IS NULL),"
            " (SELECT count(*) FROM device d WHERE d.tenant_id = p.tenant_id AND d.pit_id = p.id)"
            " FROM pit p WHERE p.tenant_id = :tenant AND p.archived_at IS NULL ORDER BY p.position, p.name"
        ),
        {"tenant": tenant_id},
    )
    return [PitPlace(*row) for row in rows.all()]


async def add_pit(tx: AsyncSession, tenant_id: UUID, pit_id: UUID, name: str, position: int, now: datetime) -> None:
    await tx.execute(
        text(
            "INSERT INTO pit (id, tenant_id, name, position, created_at) VALUES (:id, :tenant, :name, :position, :now)"
        ),
        {"id": pit_id, "tenant": tenant_id, "name": name, "position": position, "now": now},
    )


async def change_pit(
    tx: AsyncSession, tenant_id: UUID, pit_id: UUID, name: str, position: int, archived_at: datetime | None = None
) -> None:
    await tx.execute(
        text(
            "UPDATE pit SET name = :name, position = :position, archived_at = :at"
            " WHERE tenant_id = :tenant AND id = :id"
        ),
        {"id": pit_id, "tenant": tenant_id, "name": name, "position": position, "at": archived_at},
    )


async def add_roll(
    tx: AsyncSession, tenant_id: UUID, roll_id: UUID, maker: str, film: str, batch: str, at: datetime
) -> bool:
    """False: it is there already."""
    added = await tx.execute(
        text(
            "INSERT INTO film_roll (id, tenant_id, maker, film, batch, received_at)"
            " VALUES (:id, :tenant, :maker, :film, :batch, :at) ON CONFLICT DO NOTHING RETURNING id"
        ),
        {"id": roll_id, "tenant": tenant_id, "maker": maker, "film": film, "batch": batch, "at": at},
    )
    return added.first() is not None


async def empty_roll(tx: AsyncSession, tenant_id: UUID, roll_id: UUID, at: datetime | None) -> None:
    await tx.execute(
        text("UPDATE film_roll SET emptied_at = :at WHERE tenant_id = :tenant AND id = :id"),
        {"tenant": tenant_id, "id": roll_id, "at": at},
    )


async def films(tx: AsyncSession, tenant_id: UUID) -> list[FilmYears]:
    """Every film of which there was a roll, and every one whose warranty was said."""
    rows = await tx.execute(
        text(
            "SELECT f.maker, f.film, w.years FROM (SELECT DISTINCT maker, film FROM film_roll WHERE tenant_id = :tenant"
            " UNION SELECT maker, film FROM film_warranty WHERE tenant_id = :tenant) f"
            " LEFT JOIN film_warranty w ON w.tenant_id = :tenant AND w.maker = f.maker AND w.film = f.film"
            " ORDER BY 1, 2"
        ),
        {"tenant": tenant_id},
    )
    return [FilmYears(*row) for row in rows.all()]


async def save_years(tx: AsyncSession, tenant_id: UUID, maker: str, film: str, years: int) -> None:
    await tx.execute(
        text(
            "INSERT INTO film_warranty (tenant_id, maker, film, years) VALUES (:tenant, :maker, :film, :years)"
            " ON CONFLICT (tenant_id, maker, film) DO UPDATE SET years = excluded.years"
        ),
        {"tenant": tenant_id, "maker": maker, "film": film, "years": years},
    )
