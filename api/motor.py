"""A member's pump: start, stop and extend the own turn; the line; the own minutes and what became of them."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from actions.pumps import asking, requests
from api.auth import viewer
from api.context import Now
from api.fields import Words
from api.openapi import errors
from api.pump_models import (
    Key,
    MinuteRequest,
    MinuteRequestPage,
    Minutes,
    Motor,
    Place,
    Run,
    RunHistory,
    RunPage,
    Statement,
    Wallet,
    refusal,
    span,
)
from api.routes import routes
from domain import minute_requests
from domain.access import Intent, Viewer
from domain.minute_requests import NOTE_CHARS
from domain.pump import state
from domain.pump.words import PumpRefusal
from domain.refusals import Refusal
from storage import pump_history, pump_lists, pump_reads
from storage.session import transaction

router = routes(tag="pump")
seed_router = routes(tag="pump", version="")
"""The same under the addresses that the first version of the mobile app knows."""
Member = Annotated[Viewer, Depends(viewer(Intent.SEE_OWN_PUMP))]
Runner = Annotated[Viewer, Depends(viewer(Intent.RUN_PUMP))]
Offset = Annotated[int, Query(ge=0, le=1_000_000)]
Limit = Annotated[int, Query(ge=1, le=200)]
_STARTS = errors(401, 403, 404, 409, 413, 503)


class StartRequest(BaseModel):
    """A turn that somebody wants."""

    model_config = ConfigDict(extra="forbid")
    minutes: Minutes
    device_id: str | None = Field(None, max_length=40, description="Null: the only motor.")


class StopRequest(BaseModel):
    """Which turn shall end."""

    model_config = ConfigDict(extra="forbid")
    run_id: UUID | None = Field(None, description="Null: the own open one.")


class ExtendRequest(BaseModel):
    """More minutes for the own running turn."""

    model_config = ConfigDict(extra="forbid")
    minutes: Minutes


class AskRequest(BaseModel):
    """Minutes to ask the owner for."""

    model_config = ConfigDict(extra="forbid")
    minutes: Minutes
    note: Words = Field("", max_length=NOTE_CHARS)


class PumpStatus(BaseModel):
    """All that a member's page shows."""

    wallet: Wallet
    motors: list[Motor]
    run: Run | None = Field(description="The own open run.")
    place: Place | None = Field(description="The own place in line.")
    minimum_s: int
    longest_s: int


class Line(BaseModel):
    """The line, from its head."""

    places: list[Place]


async def start_motor(wanted: StartRequest, by: Runner, now: Now, key: Key = None) -> Run:
    """Asks for a turn: it begins at once, or waits in line. The answer says which."""
    device_id = wanted.device_id or await _only_motor(by)
    return await own_run(by, await asking.start(device_id, wanted.minutes * 60, by, now, key=key or uuid4()))


async def stop_motor(wanted: StopRequest, by: Runner, now: Now) -> Run:
    """Ends the own turn; in line, leaves the line. Answers at once: the motor is OFF when the state says so."""
    run_id = wanted.run_id or await _own_open_run(by)
    return await own_run(by, await asking.stop(run_id, by, now))


async def extend_motor(wanted: ExtendRequest, by: Runner, now: Now, key: Key = None) -> Run:
    """Adds minutes to the own running turn."""
    run_id = await _own_open_run(by)
    return await own_run(by, await asking.extend(run_id, wanted.minutes * 60, by, now, key=key or uuid4()))


_ROUTES: tuple[tuple[str, Callable[..., Awaitable[Run]]], ...] = (
    ("start", start_motor), ("stop", stop_motor), ("extend", extend_motor),
)  # fmt: skip
for _name, _route in _ROUTES:
    router.add_api_route(f"/motor/{_name}", _route, methods=["POST"], responses=_STARTS)
    if _name != "extend":
        seed_router.add_api_route(
            f"/motor/{_name}", _route, methods=["POST"], responses=_STARTS, name=f"{_route.__name__}_of_old"
        )


@router.get("/motor/status", responses=errors(401, 403, 503))
async def read_pump(by: Member, now: Now) -> PumpStatus:
    """The own minutes, the motors, the own turn and place."""
    async with transaction(by.tenant_id) as tx:
        found = await pump_reads.member_pump(tx, by.person_id, now)
    return PumpStatus(
        wallet=Wallet.of(found.wallet),
        motors=[Motor.of(motor) for motor in found.motors],
        run=Run.of(found.run) if found.run else None,
        place=Place.of(found.place) if found.place else None,
        minimum_s=found.minimum_s,
        longest_s=found.longest_s,
    )


@router.get("/motor/queue", responses=errors(401, 403, 503))
async def read_line(by: Member, now: Now, device_id: Annotated[str, Query(max_length=40)] = "") -> Line:
    """The line in which the own run stands, else that of this motor's group, else of the first. Nobody is hidden."""
    async with transaction(by.tenant_id) as tx:
        found = await pump_reads.member_pump(tx, by.person_id, now, device_id)
    return Line(places=[Place.of(place) for place in found.line])


@router.get("/motor/history", responses=errors(401, 403, 503))
async def list_own_runs(by: Member, offset: Offset = 0, limit: Limit = 50) -> RunPage:
    """The own runs."""
    async with transaction(by.tenant_id) as tx:
        page = await pump_history.runs(tx, by.person_id, None, offset, limit)
    return RunPage(runs=[Run.of(run) for run in page.rows], total=page.total)


@router.get("/motor/history/{run_id}", responses=errors(401, 403, 404, 503))
async def read_own_run(run_id: UUID, by: Member) -> RunHistory:
    """One of the own runs with all that happened to it; whoever sees everybody's runs reads any."""
    async with transaction(by.tenant_id) as tx:
        own = None if by.may(Intent.SEE_PUMPS) else by.person_id
        found = await pump_history.run_history(tx, run_id, own)
    if found is None:
        raise refusal(Refusal.NOT_FOUND)
    told: RunHistory = RunHistory.of(found)
    return told


@router.get("/motor/statement", responses=errors(401, 403, 404, 503))
async def read_own_statement(by: Member, now: Now, first: date | None = None, last: date | None = None) -> Statement:
    """The own minutes from `first` to `last`, by default the last 31 days; every second is explained."""
    return await statement_of(by, by.person_id, first, last, now.date())


@router.post("/minute-requests", status_code=201, responses=errors(401, 403, 404, 409, 413, 503))
async def ask_minutes(wanted: AskRequest, by: Runner, now: Now, key: Key = None) -> MinuteRequest:
    """Asks the owner for minutes."""
    answer = await requests.ask(wanted.minutes * 60, wanted.note, by, now, key=key or uuid4())
    return await own_request(by, answer)


@router.get("/minute-requests", responses=errors(401, 403, 503))
async def list_own_requests(by: Member, offset: Offset = 0, limit: Limit = 50) -> MinuteRequestPage:
    """Minutes that the asker has asked for."""
    async with transaction(by.tenant_id) as tx:
        page = await pump_lists.minute_requests(tx, None, by.person_id, offset, limit)
    return MinuteRequestPage(requests=[MinuteRequest.of(row) for row in page.rows], total=page.total)


@router.post("/minute-requests/{request_id}/withdraw", responses=errors(401, 403, 404, 409, 503))
async def withdraw_minutes(request_id: UUID, by: Runner, now: Now) -> MinuteRequest:
    """Takes an own request back that nobody has decided yet."""
    return await own_request(by, await requests.withdraw(request_id, by, now))


async def own_run(by: Viewer, answer: asking.Answer) -> Run:
    """The run as the database has it now, or the refusal raised."""
    if not isinstance(answer, state.Run):
        raise refusal(answer)
    async with transaction(by.tenant_id) as tx:
        found = await pump_history.run_history(tx, answer.id)
    if found is None:
        raise refusal(PumpRefusal.UNKNOWN_RUN)
    run: Run = Run.of(found.run)
    return run


async def own_request(by: Viewer, answer: requests.Answer) -> MinuteRequest:
    if not isinstance(answer, minute_requests.MinuteRequest):
        raise refusal(answer)
    async with transaction(by.tenant_id) as tx:
        found = await pump_lists.minute_request(tx, answer.id)
    request: MinuteRequest = MinuteRequest.of(found)
    return request


async def statement_of(by: Viewer, member_id: UUID, first: date | None, last: date | None, today: date) -> Statement:
    first, last = span(first, last, today)
    async with transaction(by.tenant_id) as tx:
        found = await pump_history.statement(tx, member_id, first, last)
    if found is None:
        raise refusal(Refusal.NOT_FOUND)
    said: Statement = Statement.of(found)
    return said


async def _only_motor(by: Viewer) -> str:
    async with transaction(by.tenant_id) as tx:
        found = await pump_lists.motor_ids(tx)
    if len(found) != 1:
        raise refusal(PumpRefusal.UNKNOWN_MOTOR)
    return found[0]


async def _own_open_run(by: Viewer) -> UUID:
    async with transaction(by.tenant_id) as tx:
        run = await pump_reads.own_run(tx, by.person_id)
    if run is None:
        raise refusal(PumpRefusal.UNKNOWN_RUN)
    return run.id
