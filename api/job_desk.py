"""What the workshop's desk does with a job beside moving it: planned anew, film, damage, hand-over, corrections."""

from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated
from uuid import UUID, uuid4

from pydantic import BaseModel, Field

from actions.jobs import damage, details, hand_over, plan
from actions.jobs.create import NOTE_CHARS
from actions.jobs.notes import SAID_CHARS
from api.context import Now
from api.fields import Moment, Words
from api.job_models import Customer, JobWithTimeline, Vehicle, Version, refusal
from api.jobs import JobViewer, JobWorker, shown
from api.openapi import errors
from api.pump_models import Key
from api.routes import routes
from domain.jobs.job import Refused
from domain.refusals import Refusal
from storage import job_damage, job_papers, jobs
from storage.job_intake import NewCustomer, NewVehicle
from storage.session import transaction

router = routes(tag="jobs")
WRITES = errors(401, 403, 404, 409, 413, 422, 503)
Thousandth = Annotated[int, Field(strict=True, ge=0, le=damage.DRAWING)]


class Plan(BaseModel):
    version: Version
    planned_at: Moment
    pit_id: UUID | None


class FilmRoll(BaseModel):
    roll_id: UUID | None = Field(description="null: no film.")


class NewMark(BaseModel):
    """A point in thousandths of the drawing's width and height, from its upper left corner."""

    x: Thousandth
    y: Thousandth
    said: Annotated[Words, Field(min_length=1, max_length=SAID_CHARS)]
    photo_id: UUID | None = None


class Mark(BaseModel):
    id: UUID
    x: int
    y: int
    said: str
    photo_id: UUID | None
    marked_at: datetime
    person: str | None


class Marks(BaseModel):
    marks: list[Mark]


class MarkMade(BaseModel):
    id: UUID


class HandOver(BaseModel):
    version: Version
    signed_by: Annotated[Words, Field(min_length=1, max_length=hand_over.NAME_CHARS)]
    signature: Annotated[
        str,
        Field(
            max_length=hand_over.SIGNATURE_CHARS,
            pattern=r"^M\d{1,3} \d{1,3}([ML]\d{1,3} \d{1,3})+$",
            description="The path of an SVG drawing of lines in a box of 600 by 200: `M10 20L11 24L15 30`.",
        ),
    ]


class Agreement(BaseModel):
    note: Annotated[Words, Field(max_length=NOTE_CHARS)]
    video_allowed: bool = Field(description="Whether the customer may watch the pit's camera.")


class Warranty(BaseModel):
    maker: str
    film: str
    batch: str
    years: int
    from_day: date
    until_day: date
    issued_at: datetime


@router.put("/jobs/{job_id}/plan", responses=WRITES)
async def reschedule_job(job_id: UUID, said: Plan, by: JobWorker, now: Now) -> JobWithTimeline:
    """Puts a booking to another time and pit; what was promised moves with it. Not once the work has begun."""
    answer = await plan.reschedule(job_id, said.version, said.planned_at, said.pit_id, by, now)
    if isinstance(answer, Refusal | Refused):
        raise refusal(answer)
    return await shown(by, job_id)


@router.put("/jobs/{job_id}/film-roll", status_code=204, responses=WRITES)
async def use_film_roll(job_id: UUID, said: FilmRoll, by: JobWorker, now: Now) -> None:
    """Says from which roll the job's film comes."""
    _check(await details.use_film(job_id, said.roll_id, by, now))


@router.get("/jobs/{job_id}/damage-marks", responses=errors(401, 403, 404, 422, 503))
async def list_damage_marks(job_id: UUID, by: JobViewer) -> Marks:
    """What was damaged when the car came."""
    async with transaction(by.tenant_id) as tx:
        if await jobs.one(tx, by.tenant_id, job_id) is None:
            raise refusal(Refusal.NOT_FOUND)
        found = await job_damage.marks(tx, by.tenant_id, job_id)
    return Marks(marks=[Mark.model_validate(asdict(each)) for each in found])


@router.post("/jobs/{job_id}/damage-marks", status_code=201, responses=WRITES)
async def mark_damage(job_id: UUID, said: NewMark, by: JobWorker, now: Now, key: Key = None) -> MarkMade:
    """Marks a damage on the drawing of the car. `Idempotency-Key` becomes the mark's id."""
    answer = await damage.mark(job_id, said.x, said.y, said.said, by, now, key=key or uuid4(), photo_id=said.photo_id)
    if isinstance(answer, Refusal):
        raise refusal(answer)
    return MarkMade(id=answer)


@router.delete("/jobs/{job_id}/damage-marks/{mark_id}", status_code=204, responses=errors(401, 403, 404, 409, 422, 503))
async def unmark_damage(job_id: UUID, mark_id: UUID, by: JobWorker, now: Now) -> None:
    """Takes a mark off; the timeline keeps that it was there."""
    _check(await damage.unmark(job_id, mark_id, by, now))


@router.post("/jobs/{job_id}/hand-over", responses=WRITES)
async def hand_over_car(job_id: UUID, said: HandOver, by: JobWorker, now: Now) -> JobWithTimeline:
    """The car goes home: the job is delivered, the signature kept, and the warranty of its film written."""
    answer = await hand_over.hand_over(job_id, said.version, said.signed_by, said.signature, by, now)
    if isinstance(answer, Refusal | Refused):
        raise refusal(answer)
    return await shown(by, job_id)


@router.get("/jobs/{job_id}/warranty", responses=errors(401, 403, 404, 422, 503))
async def read_warranty(job_id: UUID, by: JobViewer) -> Warranty:
    """What was promised of the film when the car went home; `not_found` as long as nothing was."""
    async with transaction(by.tenant_id) as tx:
        found = await job_papers.warranty_of(tx, by.tenant_id, job_id)
    if found is None:
        raise refusal(Refusal.NOT_FOUND)
    return Warranty.model_validate(asdict(found))


@router.put("/jobs/{job_id}/agreement", status_code=204, responses=WRITES)
async def change_agreement(job_id: UUID, said: Agreement, by: JobWorker, now: Now) -> None:
    """What was agreed with the customer."""
    _check(await details.change_job(job_id, said.note, said.video_allowed, by, now))


@router.put("/jobs/{job_id}/customer", status_code=204, responses=WRITES)
async def change_customer(job_id: UUID, said: Customer, by: JobWorker, now: Now) -> None:
    """Corrects the customer, also on every other job of theirs."""
    _check(await details.change_customer(job_id, NewCustomer(**said.model_dump()), by, now))


@router.put("/jobs/{job_id}/vehicle", status_code=204, responses=WRITES)
async def change_vehicle(job_id: UUID, said: Vehicle, by: JobWorker, now: Now) -> None:
    """Corrects the vehicle, also on every other job of it."""
    _check(await details.change_vehicle(job_id, NewVehicle(**said.model_dump()), by, now))


def _check(answer: Refusal | None) -> None:
    if answer is not None:
        raise refusal(answer)
