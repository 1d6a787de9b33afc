"""A car arrives, or is booked: customer, vehicle and job in one step, and the customer's link with them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from actions.customers.news import tell_customer
from actions.jobs.links import give_link
from actions.jobs.trail import Deed, tell
from domain.access import Intent, Viewer
from domain.customer_news import CustomerNews
from domain.jobs.eta import estimate
from domain.jobs.job import Job
from domain.jobs.words import WorkType
from domain.refusals import Refusal
from storage import job_intake, job_rows
from storage.job_intake import NewCustomer, NewVehicle
from storage.session import transaction

WORD_CHARS, NOTE_CHARS = 60, 2_000
PLANNED_WITHIN = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class NewJob:
    customer: NewCustomer
    vehicle: NewVehicle
    work_type: WorkType
    pit_id: UUID | None = None
    staff: frozenset[UUID] = frozenset()
    planned_at: datetime | None = None
    """When the work shall begin; None: as soon as the workshop is open."""
    own_min: int | None = None
    """Working minutes (more than 0) that somebody knows better than what was learned."""
    note: str = ""
    comeback_of: UUID | None = None


@dataclass(frozen=True, slots=True)
class Created:
    """The token is shown once: the customer's link is `/t/<token>`."""

    job_id: UUID
    token: str
    promised_at: datetime | None


async def create(new: NewJob, by: Viewer, now: datetime, *, key: UUID) -> Refusal | Created:
    """`key` becomes the job's id. KEY_USED: it was made already; its link is not shown again, but can be replaced.
    NOT_POSSIBLE_NOW: planned too far ahead. NOT_FOUND: pit, staff or the earlier job is not there.
    """
    if not by.may(Intent.WORK_ON_JOBS):
        return Refusal.NOT_ALLOWED
    if refusal := _refusal_of_words(new):
        return refusal
    if new.planned_at is not None and new.planned_at > now + PLANNED_WITHIN:
        return Refusal.NOT_POSSIBLE_NOW
    async with transaction(by.tenant_id) as tx:
        if await job_intake.hold_key(tx, by.tenant_id, key):
            return Refusal.KEY_USED
        if new.pit_id is not None and not await job_rows.lock_pit(tx, new.pit_id):
            return Refusal.NOT_FOUND
        if await job_rows.crew_among(tx, by.tenant_id, new.staff) != new.staff:
            return Refusal.NOT_FOUND
        if new.comeback_of is not None and not await job_intake.exists(tx, by.tenant_id, new.comeback_of):
            return Refusal.NOT_FOUND
        learned = await job_rows.finished_minutes(tx, by.tenant_id, new.work_type, new.vehicle.vehicle_class)
        plan = estimate(new.work_type, learned, new.own_min)
        planned_at = max(new.planned_at or now, now)
        promised_at = (await job_rows.calendar(tx, by.tenant_id)).add(planned_at, plan.promised_min)
        vehicle_id = await job_intake.vehicle_of(tx, by.tenant_id, new.customer, new.vehicle, now)
        await job_intake.add(
            tx, by.tenant_id, key, new.work_type, plan, vehicle_id=vehicle_id, pit_id=new.pit_id,
            vehicle_class=new.vehicle.vehicle_class, comeback_of=new.comeback_of, note=new.note.strip(),
            received_at=now, planned_at=planned_at, promised_at=promised_at, by=by.person_id,
        )  # fmt: skip
        await job_rows.save_staff(tx, by.tenant_id, key, new.staff)
        token = await give_link(tx, by.tenant_id, key, now)
        await tell_customer(tx, by.tenant_id, key, CustomerNews.RECEIVED, now)
        name = " ".join(filter(None, (new.vehicle.make, new.vehicle.model, new.vehicle.plate)))
        job = Job(key, new.work_type, pit_id=new.pit_id, staff=new.staff)
        after = {"state": job.state, "work_type": job.work_type, "planned_at": planned_at, "promised_at": promised_at}
        await tell(tx, Deed.CREATE, job, name, by, now, after=after)
    return Created(key, token, promised_at)


def _refusal_of_words(new: NewJob) -> Refusal | None:
    customer, vehicle = new.customer, new.vehicle
    needed = (customer.name, vehicle.make, vehicle.model)
    others = (customer.phone, customer.mail, customer.language, vehicle.plate, vehicle.colour, vehicle.vin)
    if not all(word.strip() for word in needed) or not all(word.isprintable() for word in (*needed, *others)):
        return Refusal.EMPTY
    if max(len(word) for word in (*needed, *others)) > WORD_CHARS or len(new.note) > NOTE_CHARS:
        return Refusal.TOO_LONG
    return None
