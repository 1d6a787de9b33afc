"""What staff do with jobs beside moving them, each entry with a key so that a tablet may send it again; and all that
the tablet shows, in one answer.
"""

from datetime import datetime, timedelta
from typing import Annotated, Self
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from fastapi import Depends, HTTPException, Path
from pydantic import BaseModel, Field

from actions.jobs import notes, ticks
from actions.people import Seat
from api.auth import seat
from api.context import Now
from api.fields import Words
from api.job_models import Defect, JobWithTimeline, Said, Tick, Undo, refusal
from api.jobs import JobWorker, shown
from api.openapi import errors
from api.problems import refused
from api.pump_models import Key
from api.routes import routes
from domain.access import Intent, Role
from domain.jobs import moves
from domain.jobs.job import Job, Refused
from domain.jobs.plans import STAGES, stage_minutes
from domain.jobs.words import Event, HoldReason, Stage, State, WorkType
from domain.refusals import Refusal
from storage import work
from storage.session import transaction
from storage.work import WorkRow

router = routes(tag="jobs")
ITEM_CHARS_MAX = 60


class WorkJob(BaseModel):
    """A job as the tablet shows it."""

    id: UUID
    state: State
    version: int
    work_type: WorkType
    pit_id: UUID | None
    make: str
    model: str
    colour: str
    plate: str
    stages: list[Stage] = Field(description="All that this kind of work has, in order.")
    stages_done: list[Stage]
    stage: Stage | None = Field(description="What is worked on, or would be if it were not on hold.")
    stage_since: datetime | None
    stage_min: int | None = Field(description="Working minutes that the stage usually takes.")
    checks: list[str] = Field(description="What can be ticked off at this moment.")
    checked: list[str]
    defects: int = Field(description="Noted in this quality check.")
    rework: int
    held_from: State | None
    hold_reason: HoldReason | None
    planned_at: datetime
    promised_at: datetime | None
    note: str
    staff: list[UUID]
    staff_names: list[str]
    mine: bool
    photos: int
    other_person: str | None = Field(description="Who else did something with it last.")
    allowed: list[Event]

    @classmethod
    def of(cls, row: WorkRow, person_id: UUID, role: Role) -> Self:
        job = Job(
            row.id, row.work_type, row.state, row.version, row.pit_id, frozenset(row.staff), row.stages_done,
            frozenset(row.checked),
        )  # fmt: skip
        return cls(
            id=row.id, state=row.state, version=row.version, work_type=row.work_type, pit_id=row.pit_id,
            make=row.make, model=row.model, colour=row.colour, plate=row.plate, stages=list(STAGES[row.work_type]),
            stages_done=list(row.stages_done), stage=job.stage, stage_since=row.stage_since,
            stage_min=stage_minutes(row.work_type, job.stage, row.median_min) if job.stage else None,
            checks=list(moves.checks_of(job)), checked=list(row.checked), defects=row.defects, rework=row.rework,
            held_from=row.held_from, hold_reason=row.hold_reason, planned_at=row.planned_at,
            promised_at=row.promised_at, note=row.note, staff=list(row.staff), staff_names=list(row.staff_names),
            mine=person_id in row.staff, photos=row.photos, other_person=row.other_person,
            allowed=list(moves.allowed_moves(job, role)),
        )  # fmt: skip


class Work(BaseModel):
    now: datetime
    jobs: list[WorkJob]


@router.get("/work", responses=errors(401, 403, 503))
async def read_work(by: Annotated[Seat, Depends(seat(Intent.SEE_JOBS))], now: Now) -> Work:
    """Every car in a pit, and those of today, in the order in which they are planned."""
    today = now.astimezone(ZoneInfo(by.zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    viewer = by.viewer
    async with transaction(viewer.tenant_id) as tx:
        rows = await work.today(tx, viewer.tenant_id, viewer.person_id, today, today + timedelta(days=1))
    return Work(now=now, jobs=[WorkJob.of(row, viewer.person_id, viewer.role) for row in rows])


@router.put("/jobs/{job_id}/checks/{item}", responses=errors(401, 403, 404, 409, 413, 422, 503))
async def tick_off(
    job_id: UUID, item: Annotated[Words, Path(max_length=ITEM_CHARS_MAX)], said: Tick, by: JobWorker
) -> JobWithTimeline:
    """Ticks something off of the stage or quality check that the job is in, or not any more."""
    answer = await ticks.tick(job_id, item, said.on, by)
    if isinstance(answer, Refusal | Refused):
        raise refusal(answer)
    return await shown(by, job_id)


@router.post("/jobs/{job_id}/undo", responses=errors(401, 403, 404, 409, 413, 422, 503))
async def undo_stage(job_id: UUID, said: Undo, by: JobWorker, now: Now, key: Key = None) -> JobWithTimeline:
    """Takes back the stage that the same person finished within the last two minutes, if nothing happened since."""
    answer = await ticks.undo_stage(job_id, said.version, by, now, key=key)
    if isinstance(answer, Refusal | Refused):
        raise refusal(answer)
    return await shown(by, job_id)


@router.post("/jobs/{job_id}/notes", status_code=201, responses=errors(401, 403, 404, 409, 413, 422, 503))
async def note_on_job(job_id: UUID, said: Said, by: JobWorker, now: Now, key: Key = None) -> JobWithTimeline:
    """Adds a note to the job's timeline; it stays for ever."""
    if answer := await notes.note(job_id, said.said, by, now, key=key):
        raise _refusal_of_words(answer)
    return await shown(by, job_id)


@router.post("/jobs/{job_id}/defects", status_code=201, responses=errors(401, 403, 404, 409, 413, 422, 503))
async def note_defect(job_id: UUID, said: Defect, by: JobWorker, now: Now, key: Key = None) -> JobWithTimeline:
    """Notes a defect, which stays for ever; a quality check needs one to fail. `Idempotency-Key` becomes its id."""
    answer = await notes.defect(job_id, said.said, by, now, key=key or uuid4(), photo_id=said.photo_id)
    if isinstance(answer, Refusal):
        raise _refusal_of_words(answer)
    return await shown(by, job_id)


def _refusal_of_words(why: Refusal) -> HTTPException:
    says = {Refusal.EMPTY: "Words are needed.", Refusal.NOT_POSSIBLE_NOW: "The job has ended."}
    return refused(why, says[why]) if why in says else refusal(why)
