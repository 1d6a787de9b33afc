"""A tenant's pumps as owner and staff see them: motors, everybody's runs, the line; and the platform's look at all."""

from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import Depends, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from actions.pumps import asking
from api.auth import viewer
from api.context import NOT_KEPT, Now
from api.fields import Words
from api.motor import Limit, Offset, own_run
from api.openapi import errors
from api.pump_models import Key, Minutes, Motor, Place, Run, RunPage, span
from api.routes import routes
from api.views import LEVEL_NAMES, LevelName
from domain.access import Intent, Viewer
from domain.pump.motor_alerts import MotorRule
from storage import pump_history, pump_lists, pump_reads
from storage.session import EVERY_TENANT, transaction

router = routes(tag="pump")
PumpViewer = Annotated[Viewer, Depends(viewer(Intent.SEE_PUMPS))]
Operator = Annotated[Viewer, Depends(viewer(Intent.RUN_PUMP_FOR_OTHERS))]
Platform = Annotated[Viewer, Depends(viewer(Intent.SEE_ALL_PUMPS))]


class Group(BaseModel):
    """Motors of which one may be ON at a time, and the line for them."""

    id: UUID
    name: str
    motors: list[Motor]
    line: list[Place]
    shed_since: datetime | None = Field(description="The grid is cut since then.")


class Groups(BaseModel):
    """The tenant's motors."""

    groups: list[Group]


class Reason(BaseModel):
    """Why somebody else's turn is stopped or skipped; the trail keeps it."""

    model_config = ConfigDict(extra="forbid")
    reason: Words = Field(min_length=1, max_length=asking.REASON_CHARS_MAX)


class StartForRequest(Reason):
    """A turn for somebody else."""

    member_id: UUID
    device_id: str = Field(max_length=40)
    minutes: Minutes


class UsedDay(BaseModel):
    """What was used on a day, in the tenant's zone."""

    day: date
    seconds: int
    runs: int


class UsedBy(BaseModel):
    """What a member used."""

    member_id: UUID
    name: str
    seconds: int
    runs: int


class Usage(BaseModel):
    """What was used, by day and by those who used most."""

    days: list[UsedDay]
    members: list[UsedBy]


class Incident(BaseModel):
    """An alert of a motor: ON against the rules, tripped, or its controller missed while members wait."""

    tenant_id: UUID
    tenant_name: str
    device_id: str
    motor_name: str
    rule: MotorRule
    level: LevelName
    detail: str = Field(description="With `motor_tripped`: the fault, as the controller names it.")
    began_at: datetime
    ended_at: datetime | None


class TenantMotors(BaseModel):
    """One tenant's motors at a glance."""

    tenant_id: UUID
    name: str
    motors: list[Motor]
    waiting: int
    incidents: int


class AllPumps(BaseModel):
    """The motors of every tenant, and the last incidents."""

    tenants: list[TenantMotors]
    incidents: list[Incident]


@router.get("/pumps", responses=errors(401, 403, 503))
async def list_pumps(by: PumpViewer, now: Now) -> Groups:
    """Every motor with the run that uses it, and every line."""
    async with transaction(by.tenant_id) as tx:
        found = await pump_reads.groups(tx, now)
    return Groups(
        groups=[
            Group(
                id=group.id,
                name=group.name,
                motors=[Motor.of(motor) for motor in group.motors],
                line=[Place.of(place) for place in group.line],
                shed_since=group.shed_since,
            )
            for group in found
        ]
    )


@router.get("/pumps/runs", responses=errors(401, 403, 503))
async def list_runs(
    by: PumpViewer,
    member_id: UUID | None = None,
    device_id: Annotated[str | None, Query(max_length=40)] = None,
    offset: Offset = 0,
    limit: Limit = 50,
) -> RunPage:
    """Everybody's runs, or those of one member or motor."""
    async with transaction(by.tenant_id) as tx:
        page = await pump_history.runs(tx, member_id, device_id, offset, limit)
    return RunPage(runs=[Run.of(run) for run in page.rows], total=page.total)


@router.post("/pumps/start", responses=errors(401, 403, 404, 409, 413, 503))
async def start_for_member(wanted: StartForRequest, by: Operator, now: Now, key: Key = None) -> Run:
    """Asks for a turn for somebody else."""
    seconds, key = wanted.minutes * 60, key or uuid4()
    answer = await asking.start_for(wanted.member_id, wanted.device_id, seconds, wanted.reason, by, now, key=key)
    return await own_run(by, answer)


@router.post("/pumps/runs/{run_id}/stop", responses=errors(401, 403, 404, 409, 413, 503))
async def stop_run(run_id: UUID, why: Reason, by: Operator, now: Now) -> Run:
    """Ends anybody's turn."""
    return await own_run(by, await asking.stop_for(run_id, why.reason, by, now))


@router.post("/pumps/runs/{run_id}/skip", responses=errors(401, 403, 404, 409, 413, 503))
async def skip_run(run_id: UUID, why: Reason, by: Operator, now: Now) -> Run:
    """Moves somebody to the end of the line, for all to see."""
    return await own_run(by, await asking.skip(run_id, why.reason, by, now))


@router.get("/pumps/usage", responses=errors(401, 403, 503))
async def read_usage(by: PumpViewer, now: Now, first: date | None = None, last: date | None = None) -> Usage:
    """What was used from `first` to `last`, by default in the last 31 days."""
    first, last = span(first, last, now.date())
    async with transaction(by.tenant_id) as tx:
        found = await pump_history.usage(tx, first, last)
    return Usage(
        days=[UsedDay(day=each.day, seconds=each.seconds, runs=each.runs) for each in found.days],
        members=[
            UsedBy(member_id=each.member_id, name=each.name, seconds=each.seconds, runs=each.runs)
            for each in found.members
        ],
    )


@router.get(
    "/pumps/export.csv",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}, **errors(401, 403, 503)},
)
async def export_runs(
    by: PumpViewer, now: Now, first: date | None = None, last: date | None = None
) -> StreamingResponse:
    """Runs from `first` to `last` as CSV, the oldest first."""
    first, last = span(first, last, now.date())
    return StreamingResponse(
        pump_history.csv_pages(by.tenant_id, first, last),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="runs-{last:%Y-%m-%d}.csv"', **NOT_KEPT},
    )


@router.get("/platform/pumps", responses=errors(401, 403, 503))
async def list_all_pumps(by: Platform, now: Now) -> AllPumps:
    """The motors of every tenant, and the last incidents."""
    async with transaction(EVERY_TENANT) as tx:
        tenants, incidents = await pump_reads.all_tenants(tx, now), await pump_lists.incidents(tx)
    return AllPumps(
        tenants=[
            TenantMotors(
                tenant_id=each.tenant_id,
                name=each.name,
                motors=[Motor.of(motor) for motor in each.motors],
                waiting=each.waiting,
                incidents=each.incidents,
            )
            for each in tenants
        ],
        incidents=[Incident(**asdict(row) | {"level": LEVEL_NAMES[row.level]}) for row in incidents],
    )
