"""Members' minutes, as their owner sells them and decides about those that are asked for."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from actions.pumps import requests, wallets
from api.auth import viewer
from api.context import Now
from api.fields import Words
from api.motor import Limit, Offset, own_request, statement_of
from api.openapi import errors
from api.pump_models import (
    MINUTES_MAX,
    MinuteRequest,
    MinuteRequestPage,
    Minutes,
    NeededKey,
    Statement,
    refusal,
)
from api.routes import routes
from domain import wallet
from domain.access import Intent, Viewer
from domain.minute_requests import RequestState
from domain.pump.words import RunState
from storage import pump_lists
from storage.session import transaction

router = routes(tag="wallets")
WalletViewer = Annotated[Viewer, Depends(viewer(Intent.SEE_WALLETS))]
Banker = Annotated[Viewer, Depends(viewer(Intent.CHANGE_WALLETS))]
_MOVES = errors(401, 403, 404, 409, 413, 503)


class Balance(BaseModel):
    """A member's minutes, in seconds."""

    member_id: UUID
    available_s: int
    held_s: int
    balance_s: int


class Member(BaseModel):
    """A member in the owner's list."""

    member_id: UUID
    name: str
    login: str
    available_s: int
    held_s: int
    is_suspended: bool
    open_state: RunState | None
    last_run_at: datetime | None
    cards: int


class Members(BaseModel):
    """Members by name."""

    members: list[Member]
    total: int


class RechargeRequest(BaseModel):
    """Minutes that a member has bought."""

    model_config = ConfigDict(extra="forbid")
    minutes: Minutes
    reason: Words = Field("", max_length=wallets.REASON_CHARS_MAX)


class ReversalRequest(BaseModel):
    """Minutes to take back, at most what is available."""

    model_config = ConfigDict(extra="forbid")
    minutes: Minutes
    reason: Words = Field(min_length=1, max_length=wallets.REASON_CHARS_MAX)


class AdjustmentRequest(BaseModel):
    """Minutes to give (above zero) or to take (below zero)."""

    model_config = ConfigDict(extra="forbid")
    minutes: Annotated[int, Field(strict=True, ge=-MINUTES_MAX, le=MINUTES_MAX)]
    reason: Words = Field(min_length=1, max_length=wallets.REASON_CHARS_MAX)


class DeclineRequest(BaseModel):
    """Why not."""

    model_config = ConfigDict(extra="forbid")
    reason: Words = Field("", max_length=requests.REASON_CHARS_MAX)


@router.get("/wallets", responses=errors(401, 403, 503))
async def list_wallets(
    by: WalletViewer, search: Annotated[Words, Query(max_length=100)] = "", offset: Offset = 0, limit: Limit = 50
) -> Members:
    """Members with their minutes."""
    async with transaction(by.tenant_id) as tx:
        page = await pump_lists.balances(tx, search, offset, limit)
    return Members(members=[Member.model_validate(row, from_attributes=True) for row in page.rows], total=page.total)


@router.get("/wallets/{member_id}/statement", responses=errors(401, 403, 404, 503))
async def read_statement(
    member_id: UUID, by: WalletViewer, now: Now, first: date | None = None, last: date | None = None
) -> Statement:
    """A member's minutes from `first` to `last`, by default the last 31 days."""
    return await statement_of(by, member_id, first, last, now.date())


@router.post("/wallets/{member_id}/recharge", responses=_MOVES)
async def recharge_wallet(member_id: UUID, wanted: RechargeRequest, by: Banker, now: Now, key: NeededKey) -> Balance:
    """Sells minutes to a member."""
    return _balance(await wallets.recharge(member_id, wanted.minutes * 60, by, now, key=key, reason=wanted.reason))


@router.post("/wallets/{member_id}/reverse", responses=_MOVES)
async def reverse_recharge(member_id: UUID, wanted: ReversalRequest, by: Banker, now: Now, key: NeededKey) -> Balance:
    """Takes minutes back that were sold."""
    return _balance(await wallets.reverse(member_id, wanted.minutes * 60, wanted.reason, by, now, key=key))


@router.post("/wallets/{member_id}/adjust", responses=_MOVES)
async def adjust_wallet(member_id: UUID, wanted: AdjustmentRequest, by: Banker, now: Now, key: NeededKey) -> Balance:
    """Gives or takes minutes, for a reason."""
    return _balance(await wallets.adjust(member_id, wanted.minutes * 60, wanted.reason, by, now, key=key))


@router.get("/wallets/minute-requests", responses=errors(401, 403, 503))
async def list_minute_requests(
    by: WalletViewer, state: RequestState | None = None, offset: Offset = 0, limit: Limit = 50
) -> MinuteRequestPage:
    """Minutes that members asked for."""
    async with transaction(by.tenant_id) as tx:
        page = await pump_lists.minute_requests(tx, state, None, offset, limit)
    return MinuteRequestPage(requests=[MinuteRequest.of(row) for row in page.rows], total=page.total)


@router.post("/wallets/minute-requests/{request_id}/approve", responses=errors(401, 403, 404, 409, 503))
async def approve_minutes(request_id: UUID, by: Banker, now: Now) -> MinuteRequest:
    """Recharges what was asked for."""
    return await own_request(by, await requests.approve(request_id, by, now))


@router.post("/wallets/minute-requests/{request_id}/decline", responses=_MOVES)
async def decline_minutes(request_id: UUID, why: DeclineRequest, by: Banker, now: Now) -> MinuteRequest:
    """Says no."""
    return await own_request(by, await requests.decline(request_id, why.reason, by, now))


def _balance(answer: wallets.Answer) -> Balance:
    if not isinstance(answer, wallet.Wallet):
        raise refusal(answer)
    return Balance.model_validate(answer, from_attributes=True)
