"""A job with all that its page shows, read in one transaction."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from domain.jobs.calendar import WorkingCalendar
from domain.jobs.eta import Forecast, forecast, goes_on_at
from domain.jobs.words import Stage
from storage import job_damage, job_detail, job_papers, job_rows, job_timeline, jobs
from storage.job_damage import DefectRow, MarkRow
from storage.job_detail import Comeback, Roll
from storage.job_papers import HandOver, Warranty
from storage.job_rows import LockedJob
from storage.job_timeline import Happening
from storage.jobs import JobRow

StageTime = tuple[UUID, Stage, datetime, datetime | None]
"""Pit, stage, since when and until when it was worked on."""


@dataclass(frozen=True, slots=True)
class WholeJob:
    row: JobRow
    read: LockedJob
    """As the rules see it."""
    calendar: WorkingCalendar
    customer: dict[str, Any]
    vehicle: dict[str, Any]
    agreed: dict[str, Any]
    film: Roll | None
    stages: list[StageTime]
    happenings: list[Happening]
    marks: list[MarkRow]
    defects: list[DefectRow]
    hand_over: HandOver | None
    warranty: Warranty | None
    comebacks: list[Comeback]

    def worked_min(self, now: datetime) -> int:
        since = self.read.working_since
        return self.read.worked_min + (self.calendar.between(since, now) if since else 0)

    def forecast(self, now: datetime) -> Forecast:
        row, worked_min = self.row, self.worked_min(now)
        return forecast(
            self.read.job, self.read.plan, worked_min, row.promised_at, self.calendar, now, planned_at=row.planned_at
        )

    def goes_on_at(self, now: datetime) -> datetime:
        return goes_on_at(self.read.job, self.row.planned_at, now)


async def read(tx: AsyncSession, tenant_id: UUID, job_id: UUID) -> WholeJob | None:
    row, locked = await jobs.one(tx, tenant_id, job_id), await job_rows.read(tx, tenant_id, job_id)
    if row is None or locked is None:
        return None
    key = (tx, tenant_id, job_id)
    return WholeJob(
        row,
        locked,
        await job_rows.calendar(tx, tenant_id),
        await job_detail.customer_of(*key),
        await job_detail.vehicle_of(*key),
        await job_detail.agreed_of(*key),
        await job_detail.film_of(*key),
        await job_rows.stage_spans(*key),
        await job_timeline.happenings(*key),
        await job_damage.marks(*key),
        await job_damage.defects(*key),
        await job_papers.hand_over_of(*key),
        await job_papers.warranty_of(*key),
        await job_detail.comebacks(*key),
    )
