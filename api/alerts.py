"""Alerts of a workshop: the inbox, one alert with its history, and its acknowledgement."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from actions.alerts import NOTE_CHARS_MAX, acknowledge
from api.auth import viewer
from api.context import Now
from api.fields import Moment, Words
from api.openapi import errors
from api.problems import refused
from api.routes import routes
from api.views import LEVEL_NAMES, LevelName
from domain.access import Intent, Viewer
from domain.refusals import Refusal
from storage import queries
from storage.session import transaction

router = routes("/alerts", tag="alerts")
AlertViewer = Annotated[Viewer, Depends(viewer(Intent.SEE_ALERTS))]
Acknowledger = Annotated[Viewer, Depends(viewer(Intent.ACKNOWLEDGE_ALERT))]

OFFSET_MAX = 100_000
_LEVELS = {name: level for level, name in LEVEL_NAMES.items()}
_SAYS = {
    Refusal.NOT_FOUND: "There is no such alert.",
    Refusal.ALREADY_RESOLVED: "The alert has cleared by itself already.",
    Refusal.ALREADY_ACKNOWLEDGED: "Somebody has acknowledged it already.",
    Refusal.TOO_LONG: f"A note has at most {NOTE_CHARS_MAX} characters.",
}


class AlertState(StrEnum):
    OPEN = "open"
    UNACKNOWLEDGED = "unacknowledged"
    RESOLVED = "resolved"


class Acknowledgement(BaseModel):
    """Who has seen an alert, and what they noted."""

    at: datetime
    by: str | None = Field(description="The person's name.")
    note: str


class Alert(BaseModel):
    """One time that a rule fired, from raising to clearing."""

    id: UUID
    pit_id: UUID | None
    pit: str | None = Field(description="The pit's name.")
    device_id: str | None = Field(description="Set if the alert is about a device, such as its silence.")
    device: str | None = Field(description="The device's name.")
    rule: str = Field(
        description="A metric's name, `silent`, `camera`, or what is wrong with a motor: `on_after_lease`,"
        " `on_without_run`, `motor_tripped`, `motor_silent`."
    )
    level: LevelName
    detail: str = Field(
        description="With `motor_tripped`: the fault, as the controller names it. With `camera`: the names of those"
        " that send no picture."
    )
    value: float | None = Field(description="The value that raised, moved or cleared it, in the metric's unit.")
    limit: float | None = Field(description="The limit that was crossed.")
    flapping: bool = Field(description="Raised three times within half an hour; it clears more slowly.")
    raised_at: datetime
    changed_at: datetime
    resolved_at: datetime | None
    acknowledged: Acknowledgement | None


class AlertChange(BaseModel):
    """A step in an alert's history."""

    at: datetime
    kind: str = Field(description="`raised`, `escalated`, `eased`, `acknowledged` or `resolved`.")
    value: float | None
    person: str | None
    note: str


class AlertWithHistory(Alert):
    """An alert and what became of it."""

    history: list[AlertChange]


class Alerts(BaseModel):
    """One page of the inbox, the newest first."""

    alerts: list[Alert]
    total: int = Field(description="How many the filter finds in all.")
    offset: int
    limit: int


class Note(BaseModel):
    """What is said with an acknowledgement."""

    model_config = ConfigDict(extra="forbid")
    note: Words = Field("", max_length=NOTE_CHARS_MAX)


@router.get("", responses=errors(401, 403, 503))
async def list_alerts(
    viewer: AlertViewer,
    state: AlertState | None = None,
    level: LevelName | None = None,
    pit_id: UUID | None = None,
    since: Annotated[Moment | None, Query(description="Only what was raised then or later.")] = None,
    offset: Annotated[int, Query(ge=0, le=OFFSET_MAX)] = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Alerts:
    """The workshop's alerts, open and past, as the filter says."""
    by = queries.AlertFilter(state, _LEVELS[level] if level else None, pit_id, since)
    async with transaction(viewer.tenant_id) as tx:
        rows, total = await queries.alerts(tx, by, offset, limit)
    return Alerts(alerts=[Alert(**_fields(row)) for row in rows], total=total, offset=offset, limit=limit)


@router.get("/{alert_id}", responses=errors(401, 403, 404, 503))
async def read_alert(alert_id: UUID, viewer: AlertViewer) -> AlertWithHistory:
    """One alert with its history, oldest step first."""
    async with transaction(viewer.tenant_id) as tx:
        found = await queries.alert(tx, alert_id)
    if found is None:
        raise refused(Refusal.NOT_FOUND, _SAYS[Refusal.NOT_FOUND])
    row, events = found
    steps = [AlertChange(at=e.at, kind=e.kind, value=e.value, person=e.person, note=e.note) for e in events]
    return AlertWithHistory(**_fields(row), history=steps)


@router.post("/{alert_id}/acknowledge", responses=errors(401, 403, 404, 409, 413, 503))
async def acknowledge_alert(alert_id: UUID, said: Note, by: Acknowledger, now: Now) -> AlertWithHistory:
    """Marks an open alert as seen; it goes on until the value is back. Answers the alert as it is then."""
    answer = await acknowledge(alert_id, said.note, by, now)
    if isinstance(answer, Refusal):
        raise refused(answer, _SAYS[answer])
    return await read_alert(alert_id, by)


def _fields(row: queries.AlertRow) -> dict[str, Any]:
    seen = row.acknowledged_at
    return {
        "id": row.id,
        "pit_id": row.pit_id,
        "pit": row.pit_name,
        "device_id": row.device_id,
        "device": row.device_name,
        "rule": row.rule,
        "detail": row.detail,
        "level": LEVEL_NAMES[row.level],
        "value": row.value,
        "limit": row.limit_value,
        "flapping": row.flapping,
        "raised_at": row.raised_at,
        "changed_at": row.changed_at,
        "resolved_at": row.resolved_at,
        "acknowledged": Acknowledgement(at=seen, by=row.acknowledged_by, note=row.note) if seen else None,
    }
