"""One job's rows: locked, written, and what stands around it: its pit, the workshop's hours, what others took."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from domain.jobs.calendar import DEFAULT_HOURS, Span, WorkingCalendar
from domain.jobs.eta import MEMORY, Estimate
from domain.jobs.job import Job
from domain.jobs.words import HoldReason, Stage, State, VehicleClass, WorkType


@dataclass(frozen=True, slots=True)
class LockedJob:
    job: Job
    name: str
    """Make, model and plate."""
    plan: Estimate
    worked_min: int
    working_since: datetime | None


_READ = """
    SELECT j.id, j.work_type, j.state, j.version, j.pit_id, j.stages_done, j.checked, j.defects, j.rework, j.held_from,
        j.hold_reason, j.started_at, j.completed_at, j.ended_at, concat_ws(' ', v.make, v.model, v.plate) AS name,
        j.median_min, j.promised_min, j.learned_from, j.worked_min, j.working_since
    FROM job j JOIN vehicle v ON v.tenant_id = j.tenant_id AND v.id = j.vehicle_id
    WHERE j.tenant_id = :tenant AND j.id = :id"""


async def lock(tx: AsyncSession, tenant_id: UUID, job_id: UUID) -> LockedJob | None:
    """A job, locked until the transaction ends."""
    return await _read(tx, _READ + " FOR UPDATE OF j", tenant_id, job_id)


async def read(tx: AsyncSession, tenant_id: UUID, job_id: UUID) -> LockedJob | None:
    """The same without the lock: to show, not to change."""
    return await _read(tx, _READ, tenant_id, job_id)


async def _read(tx: AsyncSession, statement: str, tenant_id: UUID, job_id: UUID) -> LockedJob | None:
    row = (await tx.execute(text(statement), {"tenant": tenant_id, "id": job_id})).first()
    if row is None:
        return None
    staff = await tx.execute(
        text("SELECT person_id FROM job_staff WHERE tenant_id = :tenant AND job_id = :id"),
        {"tenant": tenant_id, "id": job_id},
    )
    job = Job(
        row.id,
        WorkType(row.work_type),
        State(row.state),
        row.version,
        row.pit_id,
        frozenset(staff.scalars()),
        tuple(Stage(stage) for stage in row.stages_done),
        frozenset(row.checked),
        row.defects,
        row.rework,
        State(row.held_from) if row.held_from else None,
        HoldReason(row.hold_reason) if row.hold_reason else None,
        row.started_at,
        row.completed_at,
        row.ended_at,
    )
    plan = Estimate(row.median_min, row.promised_min, row.learned_from)
    return LockedJob(job, row.name, plan, row.worked_min, row.working_since)


async def save(tx: AsyncSession, tenant_id: UUID, job: Job, worked_min: int, working_since: datetime | None) -> None:
    """Writes a locked job."""
    await tx.execute(
        text(
            "UPDATE job SET state = :state, version = :version, pit_id = :pit, stages_done = :stages_done,"
            " checked = :checked, defects = :defects, rework = :rework, held_from = :held_from,"
            " hold_reason = :hold_reason, started_at = :started_at, completed_at = :completed_at, ended_at = :ended_at,"
            " worked_min = :worked_min, working_since = :working_since WHERE tenant_id = :tenant AND id = :id"
        ),
        {
            "tenant": tenant_id, "id": job.id, "state": job.state, "version": job.version, "pit": job.pit_id,
            "stages_done": [stage.value for stage in job.stages_done], "checked": sorted(job.checked),
            "defects": job.defects, "rework": job.rework, "held_from": job.held_from, "hold_reason": job.hold_reason,
            "started_at": job.started_at, "completed_at": job.completed_at, "ended_at": job.ended_at,
            "worked_min": worked_min, "working_since": working_since,
        },
    )  # fmt: skip


async def plan_of(tx: AsyncSession, tenant_id: UUID, job_id: UUID) -> tuple[datetime, datetime | None]:
    """When a job is planned and promised; it must be there."""
    row = await tx.execute(
        text("SELECT planned_at, promised_at FROM job WHERE tenant_id = :tenant AND id = :id"),
        {"tenant": tenant_id, "id": job_id},
    )
    planned_at, promised_at = row.one()
    return planned_at, promised_at


async def save_plan(
    tx: AsyncSession, tenant_id: UUID, job_id: UUID, planned_at: datetime, promised_at: datetime | None
) -> None:
    await tx.execute(
        text("UPDATE job SET planned_at = :planned, promised_at = :promised WHERE tenant_id = :tenant AND id = :id"),
        {"tenant": tenant_id, "id": job_id, "planned": planned_at, "promised": promised_at},
    )


async def save_staff(tx: AsyncSession, tenant_id: UUID, job_id: UUID, staff: Iterable[UUID]) -> None:
    """Everybody who works on the job; whoever is not named does so no longer."""
    bound = {"tenant": tenant_id, "id": job_id, "staff": list(staff)}
    await tx.execute(
        text("DELETE FROM job_staff WHERE tenant_id = :tenant AND job_id = :id AND person_id <> ALL(:staff)"), bound
    )
    await tx.execute(
        text(
            "INSERT INTO job_staff (tenant_id, job_id, person_id, received_at)"
            " SELECT j.tenant_id, j.id, unnest(CAST(:staff AS uuid[])), j.received_at FROM job j"
            " WHERE j.tenant_id = :tenant AND j.id = :id ON CONFLICT DO NOTHING"
        ),
        bound,
    )


async def end_stage(tx: AsyncSession, tenant_id: UUID, job_id: UUID, at: datetime) -> None:
    await tx.execute(
        text(
            "UPDATE job_stage SET until = greatest(since, :at)"
            " WHERE tenant_id = :tenant AND job_id = :id AND until IS NULL"
        ),
        {"tenant": tenant_id, "id": job_id, "at": at},
    )


async def begin_stage(
    tx: AsyncSession, tenant_id: UUID, job_id: UUID, pit_id: UUID, stage: Stage, at: datetime
) -> None:
    await tx.execute(
        text(
            "INSERT INTO job_stage (tenant_id, job_id, pit_id, stage, since) VALUES (:tenant, :id, :pit, :stage, :at)"
        ),
        {"tenant": tenant_id, "id": job_id, "pit": pit_id, "stage": stage, "at": at},
    )


async def stage_spans(
    tx: AsyncSession, tenant_id: UUID, job_id: UUID
) -> list[tuple[UUID, Stage, datetime, datetime | None]]:
    """When each stage was worked on and in which pit, in order."""
    rows = await tx.execute(
        text(
            "SELECT pit_id, stage, since, until FROM job_stage WHERE tenant_id = :tenant AND job_id = :id ORDER BY id"
        ),
        {"tenant": tenant_id, "id": job_id},
    )
    return [(pit_id, Stage(stage), since, until) for pit_id, stage, since, until in rows.all()]


async def add_event(tx: AsyncSession, tenant_id: UUID, job: Job, kind: str, **more: Any) -> None:
    """A row of the timeline. `more`: `at` and `by`, and if there are any, `before`, `said` and `key`."""
    await tx.execute(
        text(
            "INSERT INTO job_event (tenant_id, job_id, at, kind, before, state, stage, said, by, key)"
            " VALUES (:tenant, :id, :at, :kind, :before, :state, :stage, :said, :by, :key)"
        ),
        {
            "tenant": tenant_id, "id": job.id, "kind": kind, "state": job.state, "stage": job.stage, "before": None,
            "said": "", "key": None,
        } | more,
    )  # fmt: skip


async def done_with(tx: AsyncSession, tenant_id: UUID, key: UUID) -> tuple[UUID, str] | None:
    """Of which job and what kind the timeline's row with this idempotency key is."""
    row = await tx.execute(
        text("SELECT job_id, kind FROM job_event WHERE tenant_id = :tenant AND key = :key"),
        {"tenant": tenant_id, "key": key},
    )
    found = row.first()
    return None if found is None else (found.job_id, found.kind)


async def last_event(tx: AsyncSession, tenant_id: UUID, job_id: UUID) -> tuple[str, UUID | None, datetime] | None:
    """Kind, person and moment of the latest row of a job's timeline."""
    row = await tx.execute(
        text("SELECT kind, by, at FROM job_event WHERE tenant_id = :tenant AND job_id = :id ORDER BY id DESC LIMIT 1"),
        {"tenant": tenant_id, "id": job_id},
    )
    found = row.first()
    return None if found is None else (found.kind, found.by, found.at)


async def save_checked(tx: AsyncSession, tenant_id: UUID, job: Job) -> None:
    """What is ticked off, of a locked job."""
    await tx.execute(
        text("UPDATE job SET checked = :checked WHERE tenant_id = :tenant AND id = :id"),
        {"tenant": tenant_id, "id": job.id, "checked": sorted(job.checked)},
    )


async def add_defect(
    tx: AsyncSession, tenant_id: UUID, job: Job, defect_id: UUID, said: str, by: UUID, at: datetime,
    photo_id: UUID | None = None,
) -> bool:  # fmt: skip
    """False: it is there already."""
    added = await tx.execute(
        text(
            "INSERT INTO defect (id, tenant_id, job_id, said, rework, noted_at, noted_by, photo_id)"
            " VALUES (:id, :tenant, :job, :said, :rework, :at, :by, :photo)"
            " ON CONFLICT (tenant_id, id) DO NOTHING RETURNING id"
        ),
        {
            "id": defect_id, "tenant": tenant_id, "job": job.id, "said": said, "rework": job.rework, "at": at, "by": by,
            "photo": photo_id,
        },
    )  # fmt: skip
    return added.first() is not None


async def lock_pit(tx: AsyncSession, pit_id: UUID) -> bool:
    """Keeps others from taking the pit until the transaction ends; False: there is no such pit, or it is closed.
    Locked after the job.
    """
    found = await tx.execute(
        text("SELECT 1 FROM pit WHERE id = :id AND archived_at IS NULL FOR UPDATE"), {"id": pit_id}
    )
    return found.first() is not None


async def is_pit_free(tx: AsyncSession, tenant_id: UUID, pit_id: UUID, job_id: UUID) -> bool:
    """Whether no other job's car stands in the pit."""
    found = await tx.execute(
        text(
            "SELECT 1 FROM job WHERE tenant_id = :tenant AND pit_id = :pit AND id <> :id"
            " AND state IN ('in_progress', 'quality_check', 'on_hold')"
        ),
        {"tenant": tenant_id, "pit": pit_id, "id": job_id},
    )
    return found.first() is None


async def crew_among(tx: AsyncSession, tenant_id: UUID, people: Iterable[UUID]) -> set[UUID]:
    """Those of the people who may work on jobs here."""
    found = await tx.execute(
        text(
            "SELECT m.person_id FROM membership m JOIN person p ON p.id = m.person_id WHERE m.tenant_id = :tenant"
            " AND m.role IN ('owner', 'staff') AND p.suspended_at IS NULL AND m.person_id = ANY(:people)"
        ),
        {"tenant": tenant_id, "people": list(people)},
    )
    return set(found.scalars())


async def calendar(tx: AsyncSession, tenant_id: UUID) -> WorkingCalendar:
    """The workshop's hours and holidays in its zone; the usual hours where nobody has said any."""
    bound = {"tenant": tenant_id}
    zone = await tx.scalar(text("SELECT zone FROM tenant WHERE id = :tenant"), bound)
    rows = await tx.execute(
        text(
            "SELECT weekday, from_minute, until_minute FROM working_hours WHERE tenant_id = :tenant"
            " ORDER BY weekday, from_minute"
        ),
        bound,
    )
    hours: dict[int, tuple[Span, ...]] = {}
    for weekday, begin, end in rows.all():
        hours[weekday] = (*hours.get(weekday, ()), (begin, end))
    days = await tx.execute(text("SELECT day FROM holiday WHERE tenant_id = :tenant"), bound)
    return WorkingCalendar(ZoneInfo(str(zone)), hours or DEFAULT_HOURS, frozenset(days.scalars()))


async def finished_minutes(
    tx: AsyncSession, tenant_id: UUID, work_type: WorkType, vehicle_class: VehicleClass
) -> list[int]:
    """Working minutes of finished jobs, latest first."""
    found = await tx.execute(
        text(
            "SELECT worked_min FROM job WHERE tenant_id = :tenant AND work_type = :work AND vehicle_class = :class"
            " AND completed_at IS NOT NULL ORDER BY completed_at DESC LIMIT :most"
        ),
        {"tenant": tenant_id, "work": work_type, "class": vehicle_class, "most": MEMORY},
    )
    return list(found.scalars())
