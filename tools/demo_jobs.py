"""The cars of the demo's workshops today: one in each state, with photos, made by the same actions as people's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from uuid import UUID, uuid4

from sqlmodel import SQLModel

from actions.jobs import notes, photos
from actions.jobs.create import Created, NewJob, create
from actions.jobs.move import move
from actions.jobs.ticks import tick
from domain.access import Role, Viewer
from domain.jobs.job import Ask, Job
from domain.jobs.plans import STAGE_CHECKS, STAGES
from domain.jobs.words import Event, HoldReason, Stage, VehicleClass, WorkType
from storage.job_intake import NewCustomer, NewVehicle
from storage.tables import Membership, Person, Pit
from tools.demo_photos import car_photo

WHY = "Inspection and wash only"


@dataclass(frozen=True, slots=True)
class Car:
    """`pit` and `staff` are positions; None: no pit yet, nobody yet. `stages` are finished, each after `stage_min`;
    `then` comes after them.
    """

    make: str
    model: str
    plate: str
    colour: str
    paint: str
    customer: str
    work: WorkType
    pit: int | None = None
    staff: int | None = None
    hours_ago: float = 0.0
    stages: int | None = None
    """None: the work has not begun."""
    then: Event | None = None
    photos: int = 0
    note: str = ""


CARS = (
    Car("Tata", "Nexon", "MH 12 QK 4821", "teal", "#1f6f78", "Anil Deshmukh", WorkType.PARTIAL_PPF, 0, 1, 5, 6,
        Event.SUBMIT, 2),
    Car("Hyundai", "Creta", "MH 14 HG 3307", "white", "#e8ecee", "Sara Kulkarni", WorkType.CERAMIC_COATING, 1, 0, 1.5,
        1, None, 1, "The customer comes at six; the roof has a chip already."),
    Car("Mahindra", "Thar", "MH 12 TR 0912", "red", "#a12a2f", "Vikram Rao", WorkType.PARTIAL_PPF, 2, 1, 4, 2,
        Event.HOLD, 1),
    Car("Toyota", "Fortuner", "MH 01 DX 7070", "black", "#22272b", "Neha Joshi", WorkType.FULL_PPF, 3, 0, 6, 5, None,
        3),
    Car("Kia", "Seltos", "MH 12 PL 5564", "grey", "#7b858b", "Imran Sheikh", WorkType.FULL_PPF, 5, 0, 0.5),
    Car("Skoda", "Octavia", "MH 12 AB 1234", "blue", "#2d4f8e", "Meera Nair", WorkType.CERAMIC_COATING),
)  # fmt: skip


async def add_jobs(rows: Sequence[SQLModel], now: datetime) -> None:
    """Takes the cars in, in the first workshop that has a pit for each."""
    pits = [row for row in rows if isinstance(row, Pit)]
    tenant_id = pits[0].tenant_id
    names = {row.id: row.name for row in rows if isinstance(row, Person)}
    crew = [row for row in rows if isinstance(row, Membership) and row.tenant_id == tenant_id]
    viewers = [Viewer(m.person_id, names[m.person_id], tenant_id, Role(m.role)) for m in crew]
    owner = next(viewer for viewer in viewers if viewer.role is Role.OWNER)
    staff = [viewer for viewer in viewers if viewer.role is Role.STAFF]
    ours = [pit.id for pit in sorted(pits, key=lambda pit: pit.position) if pit.tenant_id == tenant_id]
    for n, car in enumerate(CARS):
        by = staff[car.staff] if car.staff is not None else owner
        await _take_in(car, n, None if car.pit is None else ours[car.pit], by, owner, now)


async def _take_in(car: Car, n: int, pit_id: UUID | None, by: Viewer, owner: Viewer, now: datetime) -> None:
    at = now - timedelta(hours=car.hours_ago)
    crew = frozenset() if car.staff is None else frozenset({by.person_id})
    new = NewJob(
        NewCustomer(car.customer, f"+91 98765 4321{n}"),
        NewVehicle(car.plate, car.make, car.model, car.colour, VehicleClass.SUV),
        car.work, pit_id, crew, at, note=car.note,
    )  # fmt: skip
    made = await create(new, owner, at, key=uuid4())
    if not isinstance(made, Created):
        raise TypeError(f"the demo's car was refused: {made}")
    for k in range(car.photos):
        await photos.take(made.job_id, BytesIO(car_photo(car.paint, 10 * n + k)), None, by, at, key=uuid4())
    if car.stages is not None:
        await _work(car, car.stages, made.job_id, by, at, now)


async def _work(car: Car, stages: int, job_id: UUID, by: Viewer, at: datetime, now: datetime) -> None:
    asks: list[Ask] = [Ask(Event.START, 0, by.role, reason=WHY, overrides_climate=True)]
    done: tuple[Stage, ...] = STAGES[car.work][:stages]
    asks += [Ask(Event.FINISH_STAGE, n, by.role, stage=stage) for n, stage in enumerate(done, start=1)]
    if car.then is not None:
        waits = HoldReason.CLIMATE if car.then is Event.HOLD else None
        asks.append(Ask(car.then, len(asks), by.role, hold_reason=waits))
    step = (now - at) * 0.7 / len(asks)  # the last stage has lasted for a while
    for n, ask in enumerate(asks):
        answer = await move(job_id, ask, by, at + n * step)
        if not isinstance(answer, Job):
            raise TypeError(f"the demo's move was refused: {answer}")
        job = answer
    if car.then is None and job.stage is not None:
        for item in STAGE_CHECKS[job.stage][:-1]:
            await tick(job_id, item, True, by)
        await notes.note(job_id, "Began without problems.", by, now - timedelta(minutes=20))
