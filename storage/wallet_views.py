"""What pages and API show of members' minutes: wallets, statements, what was asked for, cards, usage.

Like `storage.pump_views`: frozen values, seconds, and the words of the domain as they are.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Generic, TypeVar
from uuid import UUID

from domain.minute_requests import RequestState
from domain.pump.words import Reason, RunState
from domain.wallet import TransferKind

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class WalletView:
    """A member's minutes, in seconds."""

    member_id: UUID
    available_s: int
    held_s: int
    """Set aside for a run."""
    pending_requests: int = 0

    @property
    def balance_s(self) -> int:
        return self.available_s + self.held_s


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One transfer of a member, seen from the member: plus is in, minus is out of the balance.

    HOLD and RELEASE change nothing of the balance; they say what was set aside and given back. CAPTURE is what a run
    cost.
    """

    id: UUID
    at: datetime
    kind: TransferKind
    seconds: int
    """Always above zero; `change_s` has the sign."""
    change_s: int
    """Of the balance (available + held)."""
    available_s: int
    """After it."""
    held_s: int
    run_id: UUID | None
    motor_name: str | None
    end_reason: Reason | None
    """Of the run that a capture or release settles."""
    by: str | None
    reason: str

    @property
    def balance_s(self) -> int:
        return self.available_s + self.held_s


@dataclass(frozen=True, slots=True)
class Statement:
    """A member's transfers in [first, last], the oldest first, and the balance before and after."""

    member_id: UUID
    member_name: str
    first: date
    last: date
    opening_s: int
    closing_s: int
    lines: tuple[StatementLine, ...]

    @property
    def used_s(self) -> int:
        return sum(line.seconds for line in self.lines if line.kind is TransferKind.CAPTURE)

    @property
    def recharged_s(self) -> int:
        return sum(line.seconds for line in self.lines if line.kind is TransferKind.RECHARGE)


@dataclass(frozen=True, slots=True)
class BalanceRow:
    """A member in the owner's list."""

    member_id: UUID
    name: str
    login: str
    available_s: int
    held_s: int
    is_suspended: bool
    open_state: RunState | None
    """Of the member's open run."""
    last_run_at: datetime | None
    cards: int


@dataclass(frozen=True, slots=True)
class MinuteRequestRow:
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


@dataclass(frozen=True, slots=True)
class CardRow:
    uid: str
    member_id: UUID
    member_name: str
    label: str
    registered_at: datetime
    last_seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class UnknownCardRow:
    """A card that nobody registered, for one-click registration."""

    uid: str
    device_id: str
    """The reader that saw it last."""
    motor_name: str
    count: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class UsageDay:
    """Captured seconds by the day on which the run ended, in the tenant's zone."""

    day: date
    seconds: int
    runs: int


@dataclass(frozen=True, slots=True)
class UsageMember:
    member_id: UUID
    name: str
    seconds: int
    runs: int


@dataclass(frozen=True, slots=True)
class Usage:
    """Every day of the span has a row, also those without a run."""

    days: tuple[UsageDay, ...]
    members: tuple[UsageMember, ...]


@dataclass(frozen=True, slots=True)
class Paged(Generic[Row]):
    """Some rows, and how many there are in all."""

    rows: tuple[Row, ...] = field(default=())
    total: int = 0
