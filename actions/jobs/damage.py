"""Marks on the drawing of a car: what was damaged when it came."""

from datetime import datetime
from uuid import UUID

from actions.jobs.notes import refusal_of_words
from actions.jobs.trail import Deed, tell
from domain.access import Intent, Viewer
from domain.jobs.words import ENDED
from domain.refusals import Refusal
from storage import job_damage, job_rows
from storage.session import transaction

DRAWING = 1_000  # a point is said in thousandths of the drawing's width and height
MARKS_MAX = 60


async def mark(
    job_id: UUID, x: int, y: int, said: str, by: Viewer, now: datetime, *, key: UUID, photo_id: UUID | None = None
) -> Refusal | UUID:
    """Adds a mark at a point, each coordinate 0 to DRAWING; `key` becomes its id, and sent twice marks once. NOT_FOUND:
    no such job, or the photo is not this job's.
    """
    if refusal := refusal_of_words(said, by):
        return refusal
    if not (0 <= x <= DRAWING and 0 <= y <= DRAWING):
        return Refusal.NOT_FOUND
    async with transaction(by.tenant_id) as tx:
        locked = await job_rows.lock(tx, by.tenant_id, job_id)
        if locked is None or (photo_id and not await job_damage.has_photo(tx, by.tenant_id, job_id, photo_id)):
            return Refusal.NOT_FOUND
        if locked.job.state in ENDED:
            return Refusal.NOT_POSSIBLE_NOW
        if await job_damage.count(tx, by.tenant_id, job_id) >= MARKS_MAX:
            return Refusal.TOO_MANY
        if await job_damage.add(tx, by.tenant_id, job_id, key, x, y, said.strip(), photo_id, now, by.person_id):
            after = {"damage": said.strip()}
            await tell(
                tx, Deed.MARK_DAMAGE, locked.job, locked.name, by, now, after=after, said=said.strip()
            )  # fmt: skip
    return key


async def unmark(job_id: UUID, mark_id: UUID, by: Viewer, now: datetime) -> Refusal | None:
    """Takes a mark off the drawing; the timeline keeps that it was there."""
    if not by.may(Intent.WORK_ON_JOBS):
        return Refusal.NOT_ALLOWED
    async with transaction(by.tenant_id) as tx:
        locked = await job_rows.lock(tx, by.tenant_id, job_id)
        if locked is None:
            return Refusal.NOT_FOUND
        if locked.job.state in ENDED:
            return Refusal.NOT_POSSIBLE_NOW
        said = await job_damage.remove(tx, by.tenant_id, job_id, mark_id, now)
        if said is None:
            return Refusal.NOT_FOUND
        await tell(tx, Deed.UNMARK_DAMAGE, locked.job, locked.name, by, now, before={"damage": said}, said=said)
    return None
