"""Reads of jobs: pages of the list, the board, one job with its timeline, and search by plate, telephone or VIN."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from domain.jobs.plans import STAGES
from domain.jobs.words import Stage, State, WorkType

PAGE = 50
PAGE_MAX = 200
BOARD_MAX = 500
"""Open jobs that a board shows; no workshop has so many cars at once."""
FOUND_MAX = 20
VEHICLES_MAX = 300
"""Of each way in which a search may fit; whoever types what fits to more has to type on."""
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
    staff_names: tuple[str, ...] = ()
    hold_reason: str | None = None
    held_from: State | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    comeback_of: UUID | None = None
    defects: int = 0
    checked: tuple[str, ...] = ()

    @property
    def car(self) -> str:
        return f"{self.make} {self.model}"

    @property
    def stage(self) -> Stage | None:
        """What is worked on, or would be if the job were not on hold; None: all stages are done."""
        return next((s for s in STAGES[WorkType(self.work_type)] if s not in self.stages_done), None)

    def is_late(self, now: datetime) -> bool:
        """Past what the customer was told, and not ready."""
        is_open = self.state is not State.CANCELLED and self.completed_at is None
        return is_open and self.promised_at is not None and now > self.promised_at


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
    """The last job of the page before: its id and its moment in the order of the list."""

    received_at: datetime
    id: UUID


class Sort(StrEnum):
    """Orders that an index keeps, each with the latest first."""

    RECEIVED = "received_at"
    PLANNED = "planned_at"


_COLUMNS = """
    j.id, j.state, j.version, j.work_type, v.make, v.model, v.colour, v.plate, c.name, j.pit_id, p.name, j.stages_done,
    j.rework, j.received_at, j.planned_at, j.promised_at, j.completed_at,
    ARRAY(SELECT s.person_id FROM job_staff s WHERE s.tenant_id = j.tenant_id AND s.job_id = j.id ORDER BY 1),
    ARRAY(SELECT n.name FROM job_staff s JOIN person n ON n.id = s.person_id
        WHERE s.tenant_id = j.tenant_id AND s.job_id = j.id ORDER BY s.person_id),
    j.hold_reason, j.held_from, j.started_at, j.ended_at, j.comeback_of, j.defects, j.checked"""
_AROUND = """
    JOIN vehicle v ON v.tenant_id = j.tenant_id AND v.id = j.vehicle_id
    JOIN customer c ON c.tenant_id = v.tenant_id AND c.id = v.customer_id
    LEFT JOIN pit p ON p.tenant_id = j.tenant_id AND p.id = j.pit_id"""


SPAN_MOST = "30 days"
_DURING = "coalesce(j.completed_at, greatest(j.promised_at, j.planned_at)) > :since"
CALENDAR = f"""SELECT {_COLUMNS} FROM (
        SELECT * FROM job j WHERE j.tenant_id = :tenant AND j.ended_at IS NULL AND j.planned_at < :until AND {_DURING}
        UNION ALL
        SELECT * FROM job j WHERE j.tenant_id = :tenant AND j.ended_at IS NOT NULL AND j.state <> 'cancelled'
            AND j.planned_at < :until AND j.planned_at > CAST(:since AS timestamptz) - interval '{SPAN_MOST}'
            AND {_DURING}
        ORDER BY planned_at, id LIMIT :most) j {_AROUND} ORDER BY j.planned_at, j.id"""


async def page(
    tx: AsyncSession,
    tenant_id: UUID,
    *,
    state: State | None = None,
    staff: UUID | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    sort: Sort = Sort.RECEIVED,
    after: After | None = None,
    most: int = PAGE,
) -> list[JobRow]:
    """Jobs, latest first, at most `most` (1 to PAGE_MAX); of one state, of one person of the staff, received from
    `since` to before `until`, after a page. One person's jobs come in the order in which they were received.
    """
    statement, bound = page_statement(tenant_id, state, staff, since, until, sort, after, most)
    return await _rows(tx, statement, bound)


def page_statement(
    tenant_id: UUID,
    state: State | None,
    staff: UUID | None,
    since: datetime | None,
    until: datetime | None,
    sort: Sort,
    after: After | None,
    most: int,
) -> tuple[str, dict[str, Any]]:
    """The query of a page and what is bound in it."""
    base, ordered, key = "job j", f"j.{sort}", "j.id"
    where = ["j.tenant_id = :tenant"]
    if staff is not None:
        base = "job_staff s JOIN job j ON j.tenant_id = s.tenant_id AND j.id = s.job_id"
        ordered, key = "s.received_at", "s.job_id"
        where = ["s.tenant_id = :tenant", "s.person_id = :staff"]
    said = {
        "j.state = :state": state,
        f"{'s' if staff else 'j'}.received_at >= :since": since,
        f"{'s' if staff else 'j'}.received_at < :until": until,
        f"({ordered}, {key}) < (:after_at, :after_id)": after,
    }
    where += [condition for condition, value in said.items() if value is not None]
    bound = {
        "tenant": tenant_id, "state": state, "staff": staff, "since": since, "until": until,
        "after_at": after and after.received_at, "after_id": after and after.id, "most": min(max(most, 1), PAGE_MAX),
    }  # fmt: skip
    # The page is cut before anything is joined, so that its cost does not grow with the number of jobs.
    cut = f"SELECT j.* FROM {base} WHERE {' AND '.join(where)} ORDER BY {ordered} DESC, {key} DESC LIMIT :most"
    order = Sort.RECEIVED if staff else sort
    return f"SELECT {_COLUMNS} FROM ({cut}) j {_AROUND} ORDER BY j.{order} DESC, j.id DESC", bound


async def board(tx: AsyncSession, tenant_id: UUID) -> list[JobRow]:
    """All jobs that have not ended, in the order in which they are planned."""
    statement = f"""SELECT {_COLUMNS} FROM job j {_AROUND} WHERE j.tenant_id = :tenant AND j.ended_at IS NULL
        ORDER BY j.planned_at, j.id LIMIT :most"""
    return await _rows(tx, statement, {"tenant": tenant_id, "most": BOARD_MAX})


async def calendar(tx: AsyncSession, tenant_id: UUID, since: datetime, until: datetime) -> list[JobRow]:
    """Jobs that are planned, worked on or promised from `since` to before `until`, but the cancelled ones. An open job
    counts however long it takes, a finished one if it was planned at most SPAN_MOST before.
    """
    return await _rows(tx, CALENDAR, {"tenant": tenant_id, "since": since, "until": until, "most": BOARD_MAX})


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


# Each branch is a range of one index: with row-level security, of plain columns only, since what a function says of a
# row may not be asked before its policy is. People know the beginning or the end of a plate and of a telephone number.
_VEHICLES = "SELECT v.id FROM vehicle v WHERE v.tenant_id = :tenant AND"
_OF_CUSTOMERS = """SELECT v.id FROM customer c JOIN vehicle v ON v.tenant_id = c.tenant_id AND v.customer_id = c.id
    WHERE c.tenant_id = :tenant AND"""
_FOUND = (
    f"{_VEHICLES} v.plate_bare >= :plate AND v.plate_bare < :plate_end",
    f"{_VEHICLES} v.plate_end >= :etalp AND v.plate_end < :etalp_end",
    f"{_VEHICLES} v.vin <> '' AND v.vin >= :plate AND v.vin < :plate_end",
)
_FOUND_BY_PHONE = (
    f"{_OF_CUSTOMERS} c.phone_digits >= :phone AND c.phone_digits < :phone_end",
    f"{_OF_CUSTOMERS} c.phone_end >= :enohp AND c.phone_end < :enohp_end",
)


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
    branches = _FOUND + (_FOUND_BY_PHONE if is_number else ())
    found = " UNION ".join(f"({branch} LIMIT {VEHICLES_MAX})" for branch in branches)
    statement = f"""SELECT {_COLUMNS} FROM (SELECT * FROM job j WHERE j.tenant_id = :tenant
            AND j.vehicle_id = ANY(ARRAY({found})) ORDER BY j.received_at DESC, j.id DESC LIMIT :most) j {_AROUND}
        ORDER BY j.received_at DESC, j.id DESC"""
    return await _rows(tx, statement, bound)


async def _rows(tx: AsyncSession, statement: str, bound: dict[str, Any]) -> list[JobRow]:
    rows = (await tx.execute(text(statement), bound)).all()
    return [_row(list(row)) for row in rows]


def _row(values: list[Any]) -> JobRow:
    row = JobRow(*values)
    return replace(
        row,
        state=State(row.state),
        stages_done=tuple(row.stages_done),
        staff=tuple(row.staff),
        staff_names=tuple(row.staff_names),
        checked=tuple(row.checked),
        held_from=State(row.held_from) if row.held_from else None,
    )
