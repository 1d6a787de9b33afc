"""What the API says of jobs, and what it takes."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from fastapi import HTTPException
from pydantic import BaseModel, Field

from actions.jobs import create, tracked
from actions.jobs.notes import SAID_CHARS
from api.fields import Moment, Words
from api.problems import refused
from domain.jobs.job import Refused
from domain.jobs.moves import REASON_CHARS
from domain.jobs.phases import At, Phase
from domain.jobs.words import Event, HoldReason, JobRefusal, Stage, State, VehicleClass, WorkType
from domain.refusals import Refusal
from storage.job_intake import NewCustomer, NewVehicle
from storage.jobs import JobEventRow, JobRow

CHECKED_MAX, STAFF_MAX = 50, 20
VERSION_MAX = 2_000_000_000
OWN_MINUTES_MAX = 100_000

_SAYS: dict[str, str] = {
    Refusal.NOT_FOUND: "There is no such thing.",
    Refusal.NOT_ALLOWED: "The role may not do this.",
    Refusal.KEY_USED: "Something else was done with this Idempotency-Key already.",
    Refusal.EMPTY: "Name, make and model are needed, and every text in characters that can be shown.",
    Refusal.TOO_LONG: "A text is too long.",
    Refusal.NOT_POSSIBLE_NOW: f"A job is planned for at most {create.PLANNED_WITHIN.days} days ahead.",
    Refusal.ALREADY_SO: "It is so already.",
    Refusal.UNREADABLE: "The signature is no path of lines.",
    Refusal.TOO_MANY: "There are too many already.",
    Refusal.LINK_UNKNOWN: "There is no such link, or it works no more.",
    JobRefusal.MOVED_MEANWHILE: "Somebody else changed the job in the meantime.",
    JobRefusal.NO_SUCH_MOVE: "The job's state has no such move.",
    JobRefusal.ONLY_THE_OWNER: "Only the owner may do this.",
    JobRefusal.PIT_NEEDED: "The job needs a pit.",
    JobRefusal.PIT_TAKEN: "Another car stands in the pit.",
    JobRefusal.STAFF_NEEDED: "The job needs somebody who works on it.",
    JobRefusal.CLIMATE_OUT: "The climate in the pit is, or was a moment ago, outside its limits.",
    JobRefusal.CLIMATE_UNKNOWN: "Nobody measures the climate in the pit.",
    JobRefusal.OTHER_STAGE: "That is not the stage that is being worked on.",
    JobRefusal.STAGES_OPEN: "Stages are not finished:",
    JobRefusal.STAGES_DONE: "All stages are finished.",
    JobRefusal.CHECKLIST_OPEN: "The checklist is not complete:",
    JobRefusal.NO_SUCH_CHECK: "Nothing of that name is ticked off at this moment.",
    JobRefusal.DEFECT_NEEDED: "A defect must be noted first.",
    JobRefusal.HOLD_REASON_NEEDED: "What the job waits for is needed.",
    JobRefusal.REASON_NEEDED: "A reason is needed.",
    JobRefusal.REASON_TOO_LONG: f"A reason has at most {REASON_CHARS} characters.",
}


def refusal(why: Refusal | Refused) -> HTTPException:
    """What to raise for a refusal of the jobs' actions."""
    if isinstance(why, Refusal):
        return refused(why, _SAYS[why])
    said = " ".join((_SAYS[why.why], ", ".join(why.missing))).strip()
    return refused(why.why, f"{said} Allowed now: {', '.join(why.allowed) or 'nothing'}.")


Word = Annotated[Words, Field(max_length=create.WORD_CHARS)]


class Customer(BaseModel):
    """Whose car it is; somebody who came before with the same telephone and plate is known again."""

    name: Word
    phone: Word = ""
    mail: Word = ""
    language: Annotated[str, Field(pattern="^[a-z]{2}$")] = "en"
    agrees_to_notices: bool = False


class Vehicle(BaseModel):
    make: Word
    model: Word
    plate: Word = ""
    colour: Word = ""
    vehicle_class: VehicleClass = VehicleClass.SEDAN
    vin: Word = ""


class NewJob(BaseModel):
    """A car that arrives or is booked."""

    customer: Customer
    vehicle: Vehicle
    work_type: WorkType
    pit_id: UUID | None = None
    staff: Annotated[list[UUID], Field(max_length=STAFF_MAX)] = Field(default_factory=list)
    planned_at: Moment | None = None
    minutes: Annotated[int | None, Field(strict=True, ge=1, le=OWN_MINUTES_MAX)] = Field(
        None, description="Working minutes, where they are known better than what was learned from other jobs."
    )
    note: Annotated[Words, Field(max_length=create.NOTE_CHARS)] = ""
    comeback_of: UUID | None = Field(None, description="The job whose work is done again under warranty.")

    def meant(self) -> create.NewJob:
        return create.NewJob(
            NewCustomer(**self.customer.model_dump()),
            NewVehicle(**self.vehicle.model_dump()),
            self.work_type,
            self.pit_id,
            frozenset(self.staff),
            self.planned_at,
            self.minutes,
            self.note,
            self.comeback_of,
        )


class Created(BaseModel):
    """A fresh job; the token is shown once."""

    job_id: UUID
    token: str = Field(description="The customer's page is `/t/{token}`.")
    promised_at: datetime | None


Version = Annotated[int, Field(strict=True, ge=0, le=VERSION_MAX, description="The `version` that was read.")]


class Move(BaseModel):
    event: Event
    version: Version
    reason: Annotated[Words, Field(max_length=REASON_CHARS)] = ""
    stage: Stage | None = Field(None, description="Which was finished; of a failed check, from which it is done again.")
    checked: Annotated[list[Words], Field(max_length=CHECKED_MAX)] = Field(default_factory=list)
    hold_reason: HoldReason | None = None
    overrides_climate: bool = False


class Said(BaseModel):
    """A note."""

    said: Annotated[Words, Field(max_length=SAID_CHARS)]


class Defect(Said):
    photo_id: UUID | None = Field(None, description="A photo of the same job that shows it.")


class Tick(BaseModel):
    on: bool


class Undo(BaseModel):
    version: Version


class Assignment(BaseModel):
    version: Version
    pit_id: UUID | None
    staff: Annotated[list[UUID], Field(max_length=STAFF_MAX)]


class Job(BaseModel):
    """A job as lists show it."""

    id: UUID
    state: State
    version: int
    work_type: WorkType
    make: str
    model: str
    colour: str
    plate: str
    customer: str
    pit_id: UUID | None
    pit: str | None
    stages_done: list[Stage]
    rework: int = Field(description="How often a quality check failed.")
    received_at: datetime
    planned_at: datetime
    promised_at: datetime | None
    completed_at: datetime | None
    staff: list[UUID]

    @classmethod
    def of(cls, row: JobRow) -> Self:
        return cls.model_validate(asdict(row))


class JobPage(BaseModel):
    jobs: list[Job]


class JobEvent(BaseModel):
    at: datetime
    kind: str
    before: str | None
    state: str
    stage: str | None
    said: str
    person: str | None


class JobWithTimeline(Job):
    timeline: list[JobEvent] = Field(description="Oldest first.")

    @classmethod
    def shown(cls, row: JobRow, events: list[JobEventRow]) -> Self:
        said: dict[str, Any] = asdict(row)
        return cls.model_validate(said | {"timeline": [asdict(event) for event in events]})


class TrackedStep(BaseModel):
    """A phase of the work."""

    phase: Phase
    at: At
    when: datetime | None = Field(description="When it was done, since when it goes on, or when it may begin.")


class TrackedAir(BaseModel):
    """Relative humidity in per cent during the work, at even distances; null where nobody measured."""

    since: datetime
    until: datetime
    values: list[float | None]
    low: float | None
    high: float | None = Field(description="What the pit allows.")


class TrackedPhoto(BaseModel):
    key: str = Field(description="The picture is `/t/{token}/photos/{key}`, a small one with `?size=small`.")
    width: int
    height: int


class Tracked(BaseModel):
    """A job as its customer sees it."""

    state: State
    stage: Stage | None
    phase: Phase
    hold_reason: HoldReason | None
    workshop: str
    zone: str
    language: str
    steps: list[TrackedStep]
    air: TrackedAir | None
    photos: list[TrackedPhoto]
    video_allowed: bool
    passport_id: UUID | None = Field(description="`/p/{passport_id}` shows and checks it.")
    link_ends_at: datetime | None
    make: str
    model: str
    colour: str
    plate: str = Field(description="Masked.")
    climate_share: float | None = Field(description="0 to 1: the measured minutes of work inside the limits.")
    progress: float = Field(description="0 to 1; never 1 before the job is complete.")
    ready_at: datetime | None = Field(description="When it is likely to be ready, or was; null: nobody can say.")
    promised_at: datetime | None
    is_overdue: bool
    overdue_min: int

    @classmethod
    def of(cls, seen: tracked.Tracked) -> Self:
        said = asdict(seen)
        return cls.model_validate(said | said.pop("forecast"))
