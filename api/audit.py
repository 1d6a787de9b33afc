"""The audit trail: who changed what, from where. Rows are read page by page after a key, and exported as CSV."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from actions.people import Seat
from api.auth import seat, viewer
from api.context import NOT_KEPT, Now
from api.fields import Moment, Words
from api.openapi import errors
from api.problems import invalid
from api.routes import routes
from domain.access import Intent, Viewer
from domain.audit import Link
from storage.audit_trail import TrailFilter, csv_pages, trail
from storage.session import transaction

router = routes("/audit", tag="audit")
Reader = Annotated[Viewer, Depends(viewer(Intent.SEE_AUDIT))]
Exporter = Annotated[Seat, Depends(seat(Intent.SEE_AUDIT))]

ROW_MAX = 2**63 - 1
NAME_CHARS_MAX = 120
Name = Annotated[Words, Query(min_length=1, max_length=NAME_CHARS_MAX)]


class AuditRow(BaseModel):
    """One intent that changed something."""

    n: int = Field(description="The row's number in the tenant's trail, without gaps.")
    at: datetime
    person_id: UUID | None = Field(description="None for what PitPilot did by itself.")
    person: str = Field(description="The person's name at that time.")
    intent: str
    kind: str = Field(description="What kind of thing was changed.")
    object_id: str
    object: str = Field(description="The thing's name at that time.")
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    address: str = Field(description="The network address that it came from.")
    hash: str = Field(description="SHA-256 of the row and of the one before it, as hexadecimal digits.")


class AuditPage(BaseModel):
    """Rows, the newest first."""

    rows: list[AuditRow]
    next_before: int | None = Field(description="Ask for rows `before` this one; None if these are the last.")


def asked_rows(
    person_id: UUID | None = None,
    intent: Name | None = None,
    kind: Name | None = None,
    object_id: Annotated[Words | None, Query(max_length=NAME_CHARS_MAX, description="Needs `kind`.")] = None,
    since: Annotated[Moment | None, Query(description="Only what was done then or later.")] = None,
    until: Annotated[Moment | None, Query(description="Only what was done before.")] = None,
) -> TrailFilter:
    """A dependency: which rows a request asks for."""
    if object_id is not None and kind is None:
        raise invalid("object_id", "needs kind too")
    return TrailFilter(person_id, intent, kind, object_id, since, until)


Asked = Annotated[TrailFilter, Depends(asked_rows)]


@router.get("", responses=errors(401, 403, 503))
async def read_audit(
    by: Reader,
    asked: Asked,
    before: Annotated[int | None, Query(ge=1, le=ROW_MAX, description="Only rows older than this one.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> AuditPage:
    """What was changed in the tenant, as the filter says."""
    async with transaction(by.tenant_id) as tx:
        found = await trail(tx, asked, before, limit)
    next_before = found[-1].entry.n if len(found) == limit else None
    return AuditPage(rows=[_row(link) for link in found], next_before=next_before)


@router.get(
    "/export.csv",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}, **errors(401, 403, 503)},
)
async def export_audit(seat: Exporter, asked: Asked, now: Now) -> StreamingResponse:
    """Every row that the filter finds, the newest first; times in the tenant's zone."""
    return StreamingResponse(
        csv_pages(seat.viewer.tenant_id, asked, seat.zone),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="audit-{now:%Y-%m-%d}.csv"', **NOT_KEPT},
    )


def _row(link: Link) -> AuditRow:
    e = link.entry
    return AuditRow(
        n=e.n, at=e.at, person_id=e.person_id, person=e.person_name, intent=e.intent, kind=e.kind,
        object_id=e.object_id, object=e.object_name, before=e.before, after=e.after, address=e.address,
        hash=link.hash.hex(),
    )  # fmt: skip
