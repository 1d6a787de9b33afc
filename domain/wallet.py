"""Prepaid seconds: a double-entry ledger. Nothing is ever changed or deleted; every second has two sides.

    issued ──recharge──> available ──hold──> held ──capture──> consumed
       <────reversal────           <─release──
    adjustment <──> available: given or taken by the owner, with a reason

A member's balance is available + held. A run's hold ends once, and then captured + released = what was held. A
transfer's id is its idempotency key: the same key and payload get the same answer and move nothing, the same key with
another payload is refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid5

LONGEST_S = 366 * 24 * 3600
"""The most that one transfer moves: more is a slip of the finger."""


class Account(StrEnum):
    """The first two are a member's, the others the tenant's."""

    AVAILABLE = "available"
    HELD = "held"
    ISSUED = "issued"
    """Seconds sold: as far below zero as seconds are in the members' hands or were used."""
    CONSUMED = "consumed"
    ADJUSTMENT = "adjustment"


class TransferKind(StrEnum):
    RECHARGE = "recharge"
    REVERSAL = "reversal"
    """A recharge taken back, at most what is available."""
    HOLD = "hold"
    CAPTURE = "capture"
    RELEASE = "release"
    GIFT = "gift"
    """Given by the owner: a refund, goodwill."""
    DEDUCTION = "deduction"


SIDES: Mapping[TransferKind, tuple[Account, Account]] = {
    TransferKind.RECHARGE: (Account.ISSUED, Account.AVAILABLE),
    TransferKind.REVERSAL: (Account.AVAILABLE, Account.ISSUED),
    TransferKind.HOLD: (Account.AVAILABLE, Account.HELD),
    TransferKind.CAPTURE: (Account.HELD, Account.CONSUMED),
    TransferKind.RELEASE: (Account.HELD, Account.AVAILABLE),
    TransferKind.GIFT: (Account.ADJUSTMENT, Account.AVAILABLE),
    TransferKind.DEDUCTION: (Account.AVAILABLE, Account.ADJUSTMENT),
}
"""From which account (debit) to which (credit)."""


class WalletRefusal(StrEnum):
    """In the order in which it is checked."""

    KEY_REUSED = "key_reused"
    NOT_POSITIVE = "not_positive"
    AMOUNT_TOO_LARGE = "amount_too_large"
    BALANCE_TOO_LOW = "balance_too_low"
    NO_HOLD = "no_hold"
    """The run has nothing set aside, or it was settled."""
    MORE_THAN_HELD = "more_than_held"


@dataclass(frozen=True, slots=True)
class Transfer:
    """One row of the ledger; `seconds` is above zero and goes from `debit` to `credit`."""

    id: UUID
    member_id: UUID
    kind: TransferKind
    seconds: int
    run_id: UUID | None
    by: UUID | None
    reason: str
    at: datetime

    @property
    def debit(self) -> Account:
        return SIDES[self.kind][0]

    @property
    def credit(self) -> Account:
        return SIDES[self.kind][1]


@dataclass(frozen=True, slots=True)
class Wallet:
    """One member's, as its locked rows say."""

    member_id: UUID
    available_s: int = 0
    held_s: int = 0
    holds: Mapping[UUID, int] = field(default_factory=dict)
    """Run → seconds set aside; settled ones are not in it."""
    known: Mapping[UUID, Transfer] = field(default_factory=dict)
    """Those transfers whose ids the events may name: looked up by id before stepping."""

    @property
    def balance_s(self) -> int:
        return self.available_s + self.held_s


@dataclass(frozen=True, slots=True)
class Move:
    """Seconds between two accounts: every kind but the two that end a hold. `id` is the idempotency key."""

    id: UUID
    kind: TransferKind
    seconds: int
    by: UUID | None
    reason: str = ""
    run_id: UUID | None = None
    """For HOLD, and only there: the run that they are set aside for."""

    def __post_init__(self) -> None:
        """Raises ValueError for what would bypass a hold: those are mistakes of ours, not of people."""
        if SIDES[self.kind][0] is Account.HELD:
            raise ValueError("a hold ends by SettleHold")
        if (self.kind is TransferKind.HOLD) != (self.run_id is not None):
            raise ValueError("a hold is for a run, and nothing else is")


@dataclass(frozen=True, slots=True)
class SettleHold:
    """Ends a run's hold: `captured_s` are consumed, the rest is available again."""

    run_id: UUID
    captured_s: int
    by: UUID | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Repeated:
    """The answer that this key got before; nothing moved."""

    transfers: tuple[Transfer, ...]


Outcome = tuple[Wallet, tuple[Transfer, ...]] | Repeated | WalletRefusal


def capture_id(run_id: UUID) -> UUID:
    """The same for every attempt to settle a run, so it is captured once."""
    return uuid5(run_id, TransferKind.CAPTURE)


def release_id(run_id: UUID) -> UUID:
    return uuid5(run_id, TransferKind.RELEASE)


def ids_of(event: Move | SettleHold) -> tuple[UUID, ...]:
    """The transfers to look up before stepping this event."""
    return (event.id,) if isinstance(event, Move) else (capture_id(event.run_id), release_id(event.run_id))


def step(wallet: Wallet, event: Move | SettleHold, now: datetime) -> Outcome:
    """The wallet after the event and the transfers to write; or the first time's answer; or why nothing is done."""
    return _move(wallet, event, now) if isinstance(event, Move) else _settle(wallet, event, now)


def _move(wallet: Wallet, event: Move, now: datetime) -> Outcome:
    earlier = wallet.known.get(event.id)
    if earlier is not None:
        same = _payload(earlier) == (wallet.member_id, event.kind, event.seconds, event.run_id)
        return Repeated((earlier,)) if same else WalletRefusal.KEY_REUSED
    if event.seconds <= 0:
        return WalletRefusal.NOT_POSITIVE
    if event.seconds > LONGEST_S:
        return WalletRefusal.AMOUNT_TOO_LARGE
    if SIDES[event.kind][0] is Account.AVAILABLE and event.seconds > wallet.available_s:
        return WalletRefusal.BALANCE_TOO_LOW
    transfer = Transfer(
        event.id, wallet.member_id, event.kind, event.seconds, event.run_id, event.by, event.reason, now
    )
    return _written(wallet, (transfer,))


def _settle(wallet: Wallet, event: SettleHold, now: datetime) -> Outcome:
    keys = (capture_id(event.run_id), TransferKind.CAPTURE), (release_id(event.run_id), TransferKind.RELEASE)
    earlier = tuple(wallet.known[key] for key, _ in keys if key in wallet.known)
    if earlier:
        captured_s = sum(transfer.seconds for transfer in earlier if transfer.kind is TransferKind.CAPTURE)
        return Repeated(earlier) if captured_s == event.captured_s else WalletRefusal.KEY_REUSED
    held_s = wallet.holds.get(event.run_id)
    if held_s is None:
        return WalletRefusal.NO_HOLD
    if event.captured_s < 0:
        return WalletRefusal.NOT_POSITIVE
    if event.captured_s > held_s:
        return WalletRefusal.MORE_THAN_HELD
    parts = zip(keys, (event.captured_s, held_s - event.captured_s), strict=True)
    return _written(
        wallet,
        tuple(
            Transfer(key, wallet.member_id, kind, seconds, event.run_id, event.by, event.reason, now)
            for (key, kind), seconds in parts
            if seconds
        ),
    )


def _written(wallet: Wallet, transfers: tuple[Transfer, ...]) -> tuple[Wallet, tuple[Transfer, ...]]:
    available_s, held_s, holds = wallet.available_s, wallet.held_s, dict(wallet.holds)
    for transfer in transfers:
        available_s += _change(transfer, Account.AVAILABLE)
        held_s += _change(transfer, Account.HELD)
        if transfer.kind is TransferKind.HOLD and transfer.run_id:
            holds[transfer.run_id] = holds.get(transfer.run_id, 0) + transfer.seconds
        elif transfer.run_id:
            holds.pop(transfer.run_id, None)
    known = {**wallet.known, **{transfer.id: transfer for transfer in transfers}}
    return replace(wallet, available_s=available_s, held_s=held_s, holds=holds, known=known), transfers


def _change(transfer: Transfer, account: Account) -> int:
    return transfer.seconds * ((transfer.credit is account) - (transfer.debit is account))


def _payload(transfer: Transfer) -> tuple[UUID, TransferKind, int, UUID | None]:
    return transfer.member_id, transfer.kind, transfer.seconds, transfer.run_id
