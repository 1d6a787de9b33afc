"""A member asks the owner for minutes; the owner says yes or no, once."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from domain.wallet import LONGEST_S, Move, TransferKind

WAITING_MAX = 3
"""Of one member: an owner shall not be flooded."""
NOTE_CHARS = 200


class RequestState(StrEnum):
    PENDING = "pending"
    APPROVED = "approved"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class RequestRefusal(StrEnum):
    NOT_POSITIVE = "not_positive"
    AMOUNT_TOO_LARGE = "amount_too_large"
    NOTE_TOO_LONG = "note_too_long"
    TOO_MANY = "too_many"
    NOT_YOURS = "not_yours"
    ALREADY_DECIDED = "already_decided"


@dataclass(frozen=True, slots=True)
class MinuteRequest:
    id: UUID
    """The idempotency key of asking, and of the recharge that an approval makes."""
    member_id: UUID
    seconds: int
    note: str
    asked_at: datetime
    state: RequestState = RequestState.PENDING
    decided_by: UUID | None = None
    decided_at: datetime | None = None
    reason: str = ""


def ask(
    request_id: UUID, member_id: UUID, seconds: int, note: str, pending: int, now: datetime
) -> MinuteRequest | RequestRefusal:
    """`pending`: how many of the member's requests nobody has decided yet."""
    if seconds <= 0:
        return RequestRefusal.NOT_POSITIVE
    if seconds > LONGEST_S:
        return RequestRefusal.AMOUNT_TOO_LARGE
    if len(note) > NOTE_CHARS:
        return RequestRefusal.NOTE_TOO_LONG
    if pending >= WAITING_MAX:
        return RequestRefusal.TOO_MANY
    return MinuteRequest(request_id, member_id, seconds, note, now)


def approve(request: MinuteRequest, by: UUID, now: datetime) -> tuple[MinuteRequest, Move] | RequestRefusal:
    """The decided request, and the recharge that goes with it in the same transaction."""
    if request.state is not RequestState.PENDING:
        return RequestRefusal.ALREADY_DECIDED
    decided = replace(request, state=RequestState.APPROVED, decided_by=by, decided_at=now)
    return decided, Move(request.id, TransferKind.RECHARGE, request.seconds, by, request.note)


def decline(request: MinuteRequest, by: UUID, reason: str, now: datetime) -> MinuteRequest | RequestRefusal:
    if request.state is not RequestState.PENDING:
        return RequestRefusal.ALREADY_DECIDED
    return replace(request, state=RequestState.DECLINED, decided_by=by, decided_at=now, reason=reason)


def withdraw(request: MinuteRequest, by: UUID, now: datetime) -> MinuteRequest | RequestRefusal:
    """The member has thought better of it."""
    if request.member_id != by:
        return RequestRefusal.NOT_YOURS
    if request.state is not RequestState.PENDING:
        return RequestRefusal.ALREADY_DECIDED
    return replace(request, state=RequestState.WITHDRAWN, decided_by=by, decided_at=now)
