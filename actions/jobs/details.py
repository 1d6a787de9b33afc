"""What is known of a job, its vehicle and its customer, corrected; and the film that is used on it."""

from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from actions.customers import consent
from actions.jobs.create import NOTE_CHARS, WORD_CHARS
from actions.jobs.trail import Deed, tell
from domain.access import Intent, Viewer
from domain.jobs.words import ENDED
from domain.refusals import Refusal
from storage import job_detail, job_rows
from storage.job_intake import NewCustomer, NewVehicle
from storage.session import transaction

_NEEDED = ("name", "make", "model")
_CONSENT = "agrees_to_notices"


async def change_customer(job_id: UUID, said: NewCustomer, by: Viewer, now: datetime) -> Refusal | None:
    """Of this job and of every other of the same customer. What was agreed about notices is recorded as consent, which
    also takes back what waits to be sent. EMPTY: no name. ALREADY_SO: nothing would change.
    """
    return await _change(job_id, Deed.CHANGE_CUSTOMER, asdict(said), by, now)


async def change_vehicle(job_id: UUID, said: NewVehicle, by: Viewer, now: datetime) -> Refusal | None:
    """Of this job and of every other of the same vehicle; what was learned from earlier jobs keeps its class."""
    return await _change(job_id, Deed.CHANGE_VEHICLE, asdict(said), by, now)


async def change_job(job_id: UUID, note: str, video_allowed: bool, by: Viewer, now: datetime) -> Refusal | None:
    """What was agreed, and whether the customer sees the pit's camera."""
    if len(note) > NOTE_CHARS:
        return Refusal.TOO_LONG
    said = {"note": note.strip(), "video_allowed": video_allowed}
    return await _change(job_id, Deed.CHANGE_JOB, said, by, now)


async def _change(job_id: UUID, deed: Deed, said: dict[str, Any], by: Viewer, now: datetime) -> Refusal | None:
    if not by.may(Intent.WORK_ON_JOBS):
        return Refusal.NOT_ALLOWED
    if refusal := _refusal_of_words(said):
        return refusal
    async with transaction(by.tenant_id) as tx:
        locked = await job_rows.lock(tx, by.tenant_id, job_id)
        if locked is None:
            return Refusal.NOT_FOUND
        known = await _known(tx, deed, by.tenant_id, job_id)
        changed = {name: value for name, value in said.items() if value != known[name]}
        if not changed:
            return Refusal.ALREADY_SO
        agrees = changed.pop(_CONSENT, None)
        if agrees is not None:
            await consent.record_within(tx, by.tenant_id, job_id, agrees, by, now)
        if not changed:
            return None
        await _save(tx, deed, by.tenant_id, job_id, said)
        before = {name: known[name] for name in changed}
        await tell(tx, deed, locked.job, locked.name, by, now, before=before, after=changed)
    return None


async def _known(tx: Any, deed: Deed, tenant_id: UUID, job_id: UUID) -> dict[str, Any]:
    reads = {
        Deed.CHANGE_CUSTOMER: job_detail.customer_of,
        Deed.CHANGE_VEHICLE: job_detail.vehicle_of,
        Deed.CHANGE_JOB: job_detail.agreed_of,
    }
    return await reads[deed](tx, tenant_id, job_id)


async def _save(tx: Any, deed: Deed, tenant_id: UUID, job_id: UUID, said: dict[str, Any]) -> None:
    match deed:
        case Deed.CHANGE_CUSTOMER:
            await job_detail.save_customer(tx, tenant_id, job_id, said)
        case Deed.CHANGE_VEHICLE:
            await job_detail.save_vehicle(tx, tenant_id, job_id, said)
        case _:
            await job_detail.save_agreed(tx, tenant_id, job_id, said)


def _refusal_of_words(said: dict[str, Any]) -> Refusal | None:
    words = {name: value for name, value in said.items() if isinstance(value, str) and name != "note"}
    if any(not words[name].strip() for name in _NEEDED if name in words):
        return Refusal.EMPTY
    if not all(value.isprintable() for value in words.values()) or "\0" in said.get("note", ""):
        return Refusal.EMPTY
    return Refusal.TOO_LONG if any(len(value) > WORD_CHARS for value in words.values()) else None


async def use_film(job_id: UUID, roll_id: UUID | None, by: Viewer, now: datetime) -> Refusal | None:
    """Says from which roll the film comes; None: from none. NOT_POSSIBLE_NOW: the job has ended, and its warranty is
    written. ALREADY_SO: it is said already.
    """
    if not by.may(Intent.WORK_ON_JOBS):
        return Refusal.NOT_ALLOWED
    async with transaction(by.tenant_id) as tx:
        locked = await job_rows.lock(tx, by.tenant_id, job_id)
        if locked is None:
            return Refusal.NOT_FOUND
        if locked.job.state in ENDED:
            return Refusal.NOT_POSSIBLE_NOW
        roll = await job_detail.roll(tx, by.tenant_id, roll_id) if roll_id else None
        if roll_id is not None and roll is None:
            return Refusal.NOT_FOUND
        was = await job_detail.film_of(tx, by.tenant_id, job_id)
        if (was and was.id) == roll_id:
            return Refusal.ALREADY_SO
        await job_detail.save_film(tx, by.tenant_id, job_id, roll_id)
        before, after = {"film_roll": was and was.name}, {"film_roll": roll and roll.name}
        await tell(
            tx, Deed.USE_FILM, locked.job, locked.name, by, now, before=before, after=after,
            said=roll.name if roll else "",
        )  # fmt: skip
    return None
