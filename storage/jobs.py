"""Reads of jobs: pages of the list, the board, one job with its timeline, and search by plate, telephone or VIN."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from domain.jobs.words import State

PAGE = 50
PAGE_MAX = 200
BOARD_MAX = 500
"""Open jobs that a board shows; no workshop has so many cars at once."""
FOUND_MAX = 20
SEARCH_CHARS_LEAST = 3


@dataclass(frozen=True, slots=True)
class JobRow:
    id: UUID
    state: State
    version: int
    work_type: str
    make: str
    model: str
    colour: str
    plate: str
    customer: str
    pit_id: UUID | None
    pit: str | None
    stages_done: tuple[str, ...]
    rework: int
    received_at: datetime
    planned_at: datetime
    promised_at: datetime | None
    completed_at: datetime | None
    staff: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class JobEventRow:
    at: datetime
    kind: str
    before: str | None
    state: str
    stage: str | None
    said: str
    person: str | None


@dataclass(frozen=True, slots=True)
class After:
    """The last job of the page before."""

    received_at: datetime
    id: UUID


_COLUMNS = """
    j.id, j.state, j.version, j.work_type, v.make, v.model, v.colour, v.plate, c.name, j.pit_id, p.name, j.stages_done,
    j.rework, j.received_at, j.planned_at, j.promised_at, j.completed_at,
    ARRAY(SELECT s.person_id FROM job_staff s WHERE s.tenant_id = j.tenant_id AND s.job_id = j.id ORDER BY 1)"""
_AROUND = """
    JOIN vehicle v ON v.tenant_id = j.tenant_id AND v.id = j.vehicle_id
    JOIN customer c ON c.tenant_id = v.tenant_id AND c.id = v.customer_id
    LEFT JOIN pit p ON p.tenant_id = j.tenant_id AND p.id = j.pit_id"""


async def page(
    tx: AsyncSession,
    tenant_id: UUID,
    *,
    state: State | None = None,
    staff: UUID | None = None,
    after: After | None = None,
    most: int = PAGE,
) -> list[JobRow]:
    """Jobs, newest first, at most `most` (1 to PAGE_MAX); of one state, of one person of the staff, after a page."""
    where = ["j.tenant_id = :tenant"]
    if state is not None:
        where.append("j.state = :state")
    if staff is not None:
        where.append(
            "EXISTS (SELECT 1 FROM job_staff s WHERE s.tenant_id = j.tenant_id AND s.job_id = j.id"
            " AND s.person_id = :staff)"
        )
    if after is not None:
        where.append("(j.received_at, j.id) < (:after_at, :after_id)")
    bound = {
        "tenant": tenant_id, "state": state, "staff": staff, "after_at": after and after.received_at,
        "after_id": after and after.id, "most": min(max(most, 1), PAGE_MAX),
    }  # fmt: skip
    # The page is cut before anything is joined, so that its cost does not grow with the number of jobs.
    statement = f"""SELECT {_COLUMNS} FROM (SELECT * FROM job j WHERE {" AND ".join(where)}
        ORDER BY j.received_at DESC, j.id DESC LIMIT :most) j {_AROUND} ORDER BY j.received_at DESC, j.id DESC"""
    return await _rows(tx, statement, bound)


async def board(tx: AsyncSession, tenant_id: UUID) -> list[JobRow]:
    """All jobs that have not ended, in the order in which they are planned."""
    statement = f"""SELECT {_COLUMNS} FROM job j {_AROUND} WHERE j.tenant_id = :tenant AND j.ended_at IS NULL
        ORDER BY j.planned_at, j.id LIMIT :most"""
    return await _rows(tx, statement, {"tenant": tenant_id, "most": BOARD_MAX})


async def one(tx: AsyncSession, tenant_id: UUID, job_id: UUID) -> JobRow | None:
    statement = f"SELECT {_COLUMNS} FROM job j {_AROUND} WHERE j.tenant_id = :tenant AND j.id = :id"
    found = await _rows(tx, statement, {"tenant": tenant_id, "id": job_id})
    return found[0] if found else None


async def timeline(tx: AsyncSession, tenant_id: UUID, job_id: UUID) -> list[JobEventRow]:
    """What happened to a job, oldest first."""
    rows = await tx.execute(
        text(
            "SELECT e.at, e.kind, e.before, e.state, e.stage, e.said, p.name FROM job_event e"
            " LEFT JOIN person p ON p.id = e.by WHERE e.tenant_id = :tenant AND e.job_id = :id ORDER BY e.id"
        ),
        {"tenant": tenant_id, "id": job_id},
    )
    return [JobEventRow(*row) for row in rows.all()]


# Each branch is a range of one index. People know the beginning or the end of a plate and of a telephone number.
_FOUND = """
    SELECT v.id FROM vehicle v WHERE v.tenant_id = :tenant AND v.plate_bare >= :plate AND v.plate_bare < :plate_end
    UNION SELECT v.id FROM vehicle v WHERE v.tenant_id = :tenant
        AND reverse(v.plate_bare) COLLATE "C" >= :etalp AND reverse(v.plate_bare) COLLATE "C" < :etalp_end
    UNION SELECT v.id FROM vehicle v WHERE v.tenant_id = :tenant AND v.vin <> ''
        AND v.vin >= :plate AND v.vin < :plate_end"""
_FOUND_BY_PHONE = """
    UNION SELECT v.id FROM customer c JOIN vehicle v ON v.tenant_id = c.tenant_id AND v.customer_id = c.id
        WHERE c.tenant_id = :tenant AND c.phone_digits >= :phone AND c.phone_digits < :phone_end
    UNION SELECT v.id FROM customer c JOIN vehicle v ON v.tenant_id = c.tenant_id AND v.customer_id = c.id
        WHERE c.tenant_id = :tenant
        AND reverse(c.phone_digits) COLLATE "C" >= :enohp AND reverse(c.phone_digits) COLLATE "C" < :enohp_end"""


async def search(tx: AsyncSession, tenant_id: UUID, words: str) -> list[JobRow]:
    """The latest jobs whose plate or telephone begins or ends so, or whose VIN begins so; spaces and dashes don't
    count. Fewer than SEARCH_CHARS_LEAST characters find nothing.
    """
    plate = "".join(c for c in words.upper() if c.isalnum())
    phone = "".join(c for c in plate if c.isascii() and c.isdigit())
    if len(plate) < SEARCH_CHARS_LEAST:
        return []
    is_number = phone == plate
    bound: dict[str, Any] = {"tenant": tenant_id, "most": FOUND_MAX}
    ranges = {"plate": plate, "etalp": plate[::-1]}
    if is_number:
        ranges |= {"phone": phone, "enohp": phone[::-1]}
    for name, begin in ranges.items():
        bound |= {name: begin, f"{name}_end": begin[:-1] + chr(ord(begin[-1]) + 1)}
    found = _FOUND + (_FOUND_BY_PHONE if is_number else "")
    statement = f"""SELECT {_COLUMNS} FROM job j {_AROUND} WHERE j.tenant_id = :tenant AND j.vehicle_id IN ({found})
        ORDER BY j.received_at DESC, j.id DESC LIMIT :most"""
    return await _rows(tx, statement, bound)


async def _rows(tx: AsyncSession, statement: str, bound: dict[str, Any]) -> list[JobRow]:
    rows = (await tx.execute(text(statement), bound)).all()
    return [_row(list(row)) for row in rows]


def _row(values: list[Any]) -> JobRow:
    values[1], values[11], values[17] = State(values[1]), tuple(values[11]), tuple(values[17])
    return JobRow(*values)
