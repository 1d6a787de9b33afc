"""Silences: until its end, a pit's alerts are recorded but call nobody."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends
from pydantic import BaseModel, ConfigDict, Field

from actions.alerts import NOTE_CHARS_MAX, SILENCE_MAX, end_silence, silence
from api.alerts import AlertViewer
from api.auth import viewer
from api.context import Now
from api.fields import Moment, Words
from api.openapi import errors
from api.pits import existing_pit
from api.problems import refused
from api.routes import routes
from domain.access import Intent, Viewer
from domain.readings import Metric
from domain.refusals import Refusal
from storage import queries
from storage.session import transaction

router = routes(tag="alerts")
Silencer = Annotated[Viewer, Depends(viewer(Intent.SILENCE_ALERTS))]

_SAYS = {
    Refusal.NOT_FOUND: "There is no such pit.",
    Refusal.END_IN_THE_PAST: "The end lies in the past.",
    Refusal.TOO_LONG: f"A silence lasts at most {SILENCE_MAX.days} days.",
}


class NewSilence(BaseModel):
    """Which alerts call nobody, until when, and why."""

    model_config = ConfigDict(extra="forbid")
    rule: Metric | Literal["silent", "camera"] | None = Field(
        None, description="A metric, `silent` or `camera`; null is every rule."
    )
    until: Moment
    note: Words = Field("", max_length=NOTE_CHARS_MAX)


class Silence(BaseModel):
    """A silence in force."""

    id: UUID
    pit_id: UUID
    rule: str | None
    until: datetime
    note: str
    by: str = Field(description="Name of the person who set it.")


class Silences(BaseModel):
    """A pit's silences in force, the one that ends first first."""

    silences: list[Silence]


@router.get("/pits/{pit_id}/silences", responses=errors(401, 403, 404, 503))
async def list_silences(pit_id: UUID, viewer: AlertViewer, now: Now) -> Silences:
    """Silences of a pit that are in force."""
    async with transaction(viewer.tenant_id) as tx:
        await existing_pit(tx, pit_id)
        rows = await queries.silences(tx, pit_id, now)
    return Silences(
        silences=[
            Silence(id=id_, pit_id=pit_id, rule=rule, until=until, note=note, by=by)
            for id_, rule, until, note, by in rows
        ]
    )


@router.post("/pits/{pit_id}/silences", status_code=201, responses=errors(401, 403, 404, 413, 503))
async def silence_pit(pit_id: UUID, wanted: NewSilence, by: Silencer, now: Now) -> Silence:
    """Silences a pit's alerts of one rule, or all, for at most seven days."""
    answer = await silence(pit_id, wanted.rule, wanted.until, wanted.note, by, now)
    if isinstance(answer, Refusal):
        raise refused(answer, _SAYS[answer])
    return Silence(id=answer.id, pit_id=pit_id, rule=answer.rule, until=answer.until, note=answer.note, by=by.name)


@router.delete("/silences/{silence_id}", status_code=204, responses=errors(401, 403, 404, 503))
async def stop_silence(silence_id: UUID, by: Silencer, now: Now) -> None:
    """Ends a silence before its time. One that has ended already is no error."""
    answer = await end_silence(silence_id, by, now)
    if isinstance(answer, Refusal):
        raise refused(answer, "There is no such silence.")
