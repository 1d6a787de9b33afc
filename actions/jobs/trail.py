"""What everybody hears of a job's change, what its timeline keeps of it, and what the audit trail does."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from actions import audit
from actions.announce import Announcement, Topic, announce
from domain.access import Viewer
from domain.jobs.job import Job
from domain.jobs.words import State
from storage import job_rows


class Deed(StrEnum):
    """What was done, as timeline and trail call it."""

    CREATE = "create_job"
    MOVE = "move_job"
    ASSIGN = "assign_job"
    NOTE = "note_on_job"
    DEFECT = "note_defect"
    TICK = "tick_off"
    UNDO_STAGE = "undo_stage"
    ROTATE_LINK = "rotate_tracking_link"
    REVOKE_LINK = "revoke_tracking_link"
    SEND_LINK = "send_tracking_link"
    RESCHEDULE = "reschedule_job"
    USE_FILM = "use_film_roll"
    MARK_DAMAGE = "mark_damage"
    UNMARK_DAMAGE = "unmark_damage"
    HAND_OVER = "hand_over_car"
    CHANGE_JOB = "change_job"
    CHANGE_VEHICLE = "change_vehicle"
    CHANGE_CUSTOMER = "change_customer"
    TAKE_PHOTO = "take_photo"
    RELEASE_PHOTO = "release_photo"
    WITHDRAW_PHOTO = "withdraw_photo"
    REMOVE_PHOTO = "remove_photo"


async def tell(
    tx: AsyncSession,
    deed: Deed,
    job: Job,
    name: str,
    by: Viewer,
    now: datetime,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    was: State | None = None,
    kind: str = "",
    said: str = "",
    key: UUID | None = None,
) -> None:
    """Call it last. `kind` names the timeline's row where the deed alone does not say enough; `key` is the idempotency
    key of the request.
    """
    tenant_id: UUID = by.tenant_id
    await job_rows.add_event(tx, tenant_id, job, kind or deed, at=now, by=by.person_id, before=was, said=said, key=key)
    await tell_quietly(tx, deed, job, name, by, before=before, after=after)


async def tell_quietly(
    tx: AsyncSession,
    deed: Deed,
    job: Job,
    name: str,
    by: Viewer,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """The same without a row in the timeline, for what happens too often to be worth one."""
    tenant_id: UUID = by.tenant_id
    await announce(tx, Announcement(Topic.JOB, tenant_id, pit_id=job.pit_id, id=str(job.id)))
    await audit.record(
        tx,
        tenant_id=tenant_id,
        by=by,
        intent=deed,
        kind="job",
        object_id=str(job.id),
        object_name=name,
        before=before,
        after=after,
    )
