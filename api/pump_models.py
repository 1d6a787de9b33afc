"""What the API says of pumps: motors, runs, lines, wallets. The same fields as `storage.pump_views`, documented."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Header, HTTPException
from pydantic import BaseModel, ConfigDict, Field

from api.problems import invalid, refused
from domain.minute_requests import NOTE_CHARS, WAITING_MAX, RequestRefusal, RequestState
from domain.pump.words import Alarm, HoldCause, Mode, PumpRefusal, Reason, RunState, WaitsFor
from domain.refusals import Refusal
from domain.wallet import TransferKind, WalletRefusal
from storage.pump_views import MotorWord

MINUTES_MAX = 366 * 24 * 60
DAYS_MAX = 400

Key = Annotated[
    UUID | None,
    Header(
        alias="Idempotency-Key",
        description="A UUID of your making. Asking again with the same one gets the same answer, and nothing more "
        "happens.",
    ),
]
NeededKey = Annotated[
    UUID,
    Header(alias="Idempotency-Key", description="A UUID of your making: however often it is sent, it is booked once."),
]
Minutes = Annotated[int, Field(strict=True, ge=1, le=MINUTES_MAX, description="Whole minutes.")]

_SAYS: dict[str, str] = {
    Refusal.NOT_FOUND: "There is no such thing.",
    Refusal.NOT_ALLOWED: "The role may not do this.",
    Refusal.PUMP_AWAY: "The motors are not controlled at this moment, as right after a start. Try again in a moment.",
    Refusal.EMPTY: "A reason is needed, in words that can be shown.",
    Refusal.TOO_LONG: "The text is too long.",
    Refusal.NAME_TAKEN: "Another group has this name.",
    Refusal.TOO_MANY: "There are too many of them.",
    Refusal.KEY_USED: "Something else was asked for with this Idempotency-Key.",
    Refusal.NOT_POSSIBLE_NOW: "That can't be meant.",
    Refusal.CARD_KNOWN: "The card is registered to somebody already.",
    Refusal.UNREADABLE: "A card's number is 8 to 20 hexadecimal digits.",
    Refusal.ALREADY_SO: "It is so already.",
    PumpRefusal.UNKNOWN_MOTOR: "There is no such motor.",
    PumpRefusal.UNKNOWN_RUN: "There is no such run, or it is over.",
    PumpRefusal.KEY_REUSED: "Something else was asked for with this Idempotency-Key.",
    PumpRefusal.MEMBER_SUSPENDED: "The member is suspended.",
    PumpRefusal.OPEN_RUN: "The member has a run that is not over.",
    PumpRefusal.AMOUNT_TOO_SMALL: "That is shorter than the shortest run.",
    PumpRefusal.AMOUNT_TOO_LARGE: "That is longer than the longest run.",
    PumpRefusal.LINE_FULL: "The line is full.",
    PumpRefusal.BALANCE_TOO_LOW: "The member does not have so many minutes.",
    PumpRefusal.MOTOR_IN_USE: "Somebody uses the motor, or waits for it.",
    PumpRefusal.NOT_SURELY_OFF: "The motor may still be ON.",
    PumpRefusal.GROUP_IN_USE: "Motors stand in the group: move them first.",
    PumpRefusal.NOT_RUNNING: "Only a running turn can be extended.",
    PumpRefusal.NOT_WAITING: "Only somebody in line can be skipped.",
    PumpRefusal.ALREADY_STOPPING: "The run is being stopped already.",
    WalletRefusal.NOT_POSITIVE: "Only a positive number of minutes can be moved.",
    RequestRefusal.NOTE_TOO_LONG: f"A note has at most {NOTE_CHARS} characters.",
    RequestRefusal.TOO_MANY: f"{WAITING_MAX} requests wait for an answer already.",
    RequestRefusal.NOT_YOURS: "There is no such thing.",
    RequestRefusal.ALREADY_DECIDED: "It was decided already.",
}


def refusal(code: str) -> HTTPException:
    """What to raise for a refusal of the pump's actions."""
    return refused(code, _SAYS[code])


def span(first: date | None, last: date | None, today: date) -> tuple[date, date]:
    """The days that are asked for, by default the last 31; too many, or none, are refused."""
    last = last or today
    first = first or date.fromordinal(max(1, last.toordinal() - 30))
    if not 0 <= (last - first).days <= DAYS_MAX or first.year < 2000 or last.year > 9_000:
        raise invalid("first", f"must be from 2000 on, not after `last`, and at most {DAYS_MAX} days before it")
    return first, last


class _View(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    @classmethod
    def of(cls, view: object) -> Any:
        return cls.model_validate(view)


class Run(_View):
    """One member's turn."""

    id: UUID
    member_id: UUID
    member_name: str
    device_id: str
    motor_name: str
    state: RunState
    mode: Mode
    amount_s: int = Field(description="Seconds that were asked for, with extensions.")
    used_s: int = Field(description="Seconds that the motor was measured ON.")
    left_s: int
    is_counting: bool = Field(description="The motor is ON for it at this moment.")
    heard_at: datetime | None
    hold_cause: HoldCause | None = Field(description="Why it stands still, in state `hold`.")
    end_reason: Reason | None
    since_at: datetime = Field(description="When it came into its state.")
    asked_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    captured_s: int | None = Field(description="What it cost in the end.")


class Place(_View):
    """Somebody in line."""

    number: int = Field(description="From 1, without gaps.")
    run_id: UUID
    member_id: UUID
    member_name: str
    device_id: str
    motor_name: str
    amount_s: int
    mode: Mode
    state: RunState
    waits_for: WaitsFor
    asked_at: datetime
    skips: int = Field(description="How often it was moved to the end.")
    wait_s: int | None = Field(description="An estimate; null: nobody can say.")


class Motor(_View):
    """A motor as its controller last reported it."""

    device_id: str
    name: str
    group_id: UUID
    group_name: str
    word: MotorWord
    online: bool
    heard_at: datetime | None
    motor_on: bool = Field(description="Measured.")
    grid: bool
    ready: bool
    fault: str | None
    alarm: Alarm | None
    lease_left_ms: int
    off_left_ms: int
    current_ma: int | None
    shed_since: datetime | None
    run: Run | None
    waits_for: WaitsFor | None
    waiting: int
    mode: Mode
    enabled: bool


class Wallet(_View):
    """A member's minutes, in seconds."""

    member_id: UUID
    available_s: int
    held_s: int = Field(description="Set aside for a run.")
    balance_s: int
    pending_requests: int


class RunEvent(_View):
    """One transition of a run: who and why."""

    at: datetime
    before: RunState | None
    state: RunState
    reason: Reason
    hold_cause: HoldCause | None
    amount_s: int
    by: str | None = Field(description="Null: the system, or the device.")


class RunHistory(_View):
    """A run with all that happened to it, the oldest first."""

    run: Run
    events: list[RunEvent]


class RunPage(BaseModel):
    """Runs, the newest first."""

    runs: list[Run]
    total: int


class StatementLine(_View):
    """One transfer: `change_s` is what it did to the balance."""

    id: UUID
    at: datetime
    kind: TransferKind
    seconds: int
    change_s: int
    available_s: int
    held_s: int
    balance_s: int
    run_id: UUID | None
    motor_name: str | None
    end_reason: Reason | None
    by: str | None
    reason: str


class Statement(_View):
    """A member's transfers, the oldest first, in which every second is explained."""

    member_id: UUID
    member_name: str
    first: date
    last: date
    opening_s: int
    closing_s: int
    used_s: int
    recharged_s: int
    lines: list[StatementLine]


class MinuteRequest(_View):
    """Minutes that a member asked for."""

    id: UUID
    member_id: UUID
    member_name: str
    seconds: int
    note: str
    asked_at: datetime
    state: RequestState
    decided_by: str | None
    decided_at: datetime | None
    reason: str


class MinuteRequestPage(BaseModel):
    """Requests for minutes, the newest first."""

    requests: list[MinuteRequest]
    total: int
