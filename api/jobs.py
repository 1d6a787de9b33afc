"""Jobs: taken in, listed, moved and assigned; and what the holder of a customer's link sees."""

from typing import Annotated
from uuid import UUID, uuid4

from fastapi import Depends, Path, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field
from starlette.requests import Request

from actions.jobs import assign, create, links, move, tracked
from actions.people import Seat
from api.auth import seat, viewer
from api.context import NOT_KEPT, Now
from api.fields import Moment, Words
from api.job_models import Assignment, Created, Job, JobPage, JobWithTimeline, Move, NewJob, Tracked, refusal
from api.openapi import errors
from api.problems import try_later
from api.pump_models import Key
from api.routes import routes
from domain.access import Intent, Viewer
from domain.jobs.job import Ask, Refused
from domain.jobs.words import State
from domain.refusals import Refusal, TryLater
from storage import job_csv, jobs
from storage.session import transaction

router = routes(tag="jobs")
JobViewer = Annotated[Viewer, Depends(viewer(Intent.SEE_JOBS))]
JobWorker = Annotated[Viewer, Depends(viewer(Intent.WORK_ON_JOBS))]
JobExporter = Annotated[Seat, Depends(seat(Intent.EXPORT_JOBS))]
TOKEN_CHARS_MAX = 100
SHOWN_TO_ITS_HOLDER = {"X-Robots-Tag": "noindex, nofollow", "Referrer-Policy": "no-referrer"}


class Link(BaseModel):
    """A fresh link for the customer; it is shown once."""

    token: str = Field(description="The customer's page is `/t/{token}`.")


@router.post("/workshops/{tenant_id}/jobs", status_code=201, responses=errors(401, 403, 404, 409, 413, 422, 503))
async def create_job(tenant_id: UUID, new: NewJob, by: JobWorker, now: Now, key: Key = None) -> Created:
    """Takes in a car, or books it: customer, vehicle and job in one step, and the customer's link with them.

    `Idempotency-Key` becomes the job's id: sent again, it is refused with `key_used`, and nothing is made twice.
    """
    if tenant_id != by.tenant_id:
        raise refusal(Refusal.NOT_FOUND)
    answer = await create.create(new.meant(), by, now, key=key or uuid4())
    if isinstance(answer, Refusal):
        raise refusal(answer)
    return Created(job_id=answer.job_id, token=answer.token, promised_at=answer.promised_at)


@router.get("/workshops/{tenant_id}/jobs", responses=errors(401, 403, 404, 422, 503))
async def list_jobs(
    tenant_id: UUID,
    by: JobViewer,
    state: State | None = None,
    staff_id: UUID | None = None,
    search: Annotated[
        Words, Query(max_length=60, description="Plate, telephone or VIN; then nothing else counts.")
    ] = "",
    since: Annotated[Moment | None, Query(description="Received then or later.")] = None,
    until: Annotated[Moment | None, Query(description="Received before.")] = None,
    after_at: Annotated[Moment | None, Query(description="`received_at` of the last job of the page before.")] = None,
    after_id: Annotated[UUID | None, Query(description="Its `id`.")] = None,
    limit: Annotated[int, Query(ge=1, le=jobs.PAGE_MAX)] = jobs.PAGE,
) -> JobPage:
    """The workshop's jobs, newest first, page by page."""
    if tenant_id != by.tenant_id:
        raise refusal(Refusal.NOT_FOUND)
    after = jobs.After(after_at, after_id) if after_at and after_id else None
    async with transaction(by.tenant_id) as tx:
        if search:
            rows = await jobs.search(tx, by.tenant_id, search)
        else:
            rows = await jobs.page(
                tx, by.tenant_id, state=state, staff=staff_id, since=since, until=until, after=after, most=limit
            )
    return JobPage(jobs=[Job.of(row) for row in rows])


@router.get(
    "/workshops/{tenant_id}/jobs/export.csv",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}, **errors(401, 403, 404, 422, 503)},
)
async def export_jobs(
    tenant_id: UUID,
    seat: JobExporter,
    now: Now,
    state: State | None = None,
    staff_id: UUID | None = None,
    since: Annotated[Moment | None, Query(description="Received then or later.")] = None,
    until: Annotated[Moment | None, Query(description="Received before.")] = None,
) -> StreamingResponse:
    """Every job that the filter finds, the newest first; times in the workshop's zone."""
    if tenant_id != seat.viewer.tenant_id:
        raise refusal(Refusal.NOT_FOUND)
    return StreamingResponse(
        job_csv.csv_pages(tenant_id, seat.zone, state=state, staff=staff_id, since=since, until=until),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="jobs-{now:%Y-%m-%d}.csv"', **NOT_KEPT},
    )


@router.get("/jobs/{job_id}", responses=errors(401, 403, 404, 422, 503))
async def read_job(job_id: UUID, by: JobViewer) -> JobWithTimeline:
    """One job with all that happened to it."""
    return await shown(by, job_id)


@router.post("/jobs/{job_id}/move", responses=errors(401, 403, 404, 409, 413, 422, 503))
async def move_job(job_id: UUID, said: Move, by: JobWorker, now: Now, key: Key = None) -> JobWithTimeline:
    """Moves a job from one state or stage to the next. Who moved it as it was before somebody else did is refused with
    `moved_meanwhile`; each refusal says which moves are allowed.
    """
    ask = Ask(
        said.event, said.version, by.role, said.reason, said.stage, frozenset(said.checked), said.hold_reason,
        said.overrides_climate,
    )  # fmt: skip
    answer = await move.move(job_id, ask, by, now, key=key)
    if isinstance(answer, Refusal | Refused):
        raise refusal(answer)
    return await shown(by, job_id)


@router.put("/jobs/{job_id}/assignment", responses=errors(401, 403, 404, 409, 413, 422, 503))
async def assign_job(job_id: UUID, said: Assignment, by: JobWorker, now: Now, key: Key = None) -> JobWithTimeline:
    """Gives a job its pit and its people; whoever is not named works on it no longer."""
    answer = await assign.assign(job_id, said.version, said.pit_id, frozenset(said.staff), by, now, key=key)
    if isinstance(answer, Refusal | Refused):
        raise refusal(answer)
    return await shown(by, job_id)


@router.post("/jobs/{job_id}/link", status_code=201, responses=errors(401, 403, 404, 413, 422, 503))
async def replace_tracking_link(job_id: UUID, by: JobWorker, now: Now) -> Link:
    """Makes a new link for the customer; the one before works no more."""
    answer = await links.rotate(job_id, by, now)
    if isinstance(answer, Refusal):
        raise refusal(answer)
    return Link(token=answer)


@router.delete("/jobs/{job_id}/link", status_code=204, responses=errors(401, 403, 404, 409, 422, 503))
async def end_tracking_link(job_id: UUID, by: JobWorker, now: Now) -> None:
    """Ends the customer's link."""
    if answer := await links.revoke(job_id, by, now):
        raise refusal(answer)


@router.get("/track/{token}", responses=errors(404, 422, 429, 503))
async def track_job(
    token: Annotated[Words, Path(max_length=TOKEN_CHARS_MAX)], request: Request, response: Response, now: Now
) -> Tracked:
    """What a customer sees of the own car, by the link's token alone. An unknown link, one that is over and one that
    was ended are all the same `link_unknown`.
    """
    answer = await tracked.track(token, request.client.host if request.client else "", now)
    if isinstance(answer, TryLater):
        raise try_later(answer)
    if isinstance(answer, Refusal):
        error = refusal(answer)
        error.status_code = 404
        raise error
    response.headers.update(SHOWN_TO_ITS_HOLDER)
    return Tracked.of(answer)


async def shown(by: Viewer, job_id: UUID) -> JobWithTimeline:
    """The job as it is now, as an answer."""
    async with transaction(by.tenant_id) as tx:
        row = await jobs.one(tx, by.tenant_id, job_id)
        if row is None:
            raise refusal(Refusal.NOT_FOUND)
        events = await jobs.timeline(tx, by.tenant_id, job_id)
    return JobWithTimeline.shown(row, events)
