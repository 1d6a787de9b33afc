"""The ledger of seconds: each move, each refusal, and that a key counts once."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from domain.wallet import (
    LONGEST_S,
    Account,
    Move,
    Repeated,
    SettleHold,
    Transfer,
    TransferKind,
    Wallet,
    WalletRefusal,
    ids_of,
    step,
)

NOW = datetime(2026, 3, 1, tzinfo=UTC)
MEMBER, OWNER, RUN = uuid4(), uuid4(), uuid4()
K = TransferKind


def done(wallet: Wallet, event: Move | SettleHold) -> tuple[Wallet, tuple[Transfer, ...]]:
    found = step(wallet, event, NOW)
    assert isinstance(found, tuple)
    return found[0], found[1]


def move(kind: TransferKind, seconds: int, run_id: UUID | None = None, key: UUID | None = None) -> Move:
    return Move(key or uuid4(), kind, seconds, OWNER, "because", run_id)


def wallet_with(seconds: int, held_s: int = 0) -> Wallet:
    wallet, _ = done(Wallet(MEMBER), move(K.RECHARGE, seconds))
    return done(wallet, move(K.HOLD, held_s, RUN))[0] if held_s else wallet


@pytest.mark.parametrize(
    ("event", "available_s", "held_s", "sides"),
    [
        (move(K.RECHARGE, 60), 1060, 200, (Account.ISSUED, Account.AVAILABLE)),
        (move(K.REVERSAL, 60), 940, 200, (Account.AVAILABLE, Account.ISSUED)),
        (move(K.GIFT, 60), 1060, 200, (Account.ADJUSTMENT, Account.AVAILABLE)),
        (move(K.DEDUCTION, 60), 940, 200, (Account.AVAILABLE, Account.ADJUSTMENT)),
        (move(K.HOLD, 60, RUN), 940, 260, (Account.AVAILABLE, Account.HELD)),
    ],
)
def test_every_move_has_two_sides(event: Move, available_s: int, held_s: int, sides: tuple[Account, Account]) -> None:
    wallet, (transfer,) = done(wallet_with(1_200, 200), event)
    assert (wallet.available_s, wallet.held_s, wallet.balance_s) == (available_s, held_s, available_s + held_s)
    assert (transfer.debit, transfer.credit) == sides
    assert (transfer.id, transfer.by, transfer.reason, transfer.at) == (event.id, OWNER, "because", NOW)


@pytest.mark.parametrize(
    ("captured_s", "kinds", "available_s"),
    [(0, [K.RELEASE], 1_000), (120, [K.CAPTURE, K.RELEASE], 880), (200, [K.CAPTURE], 800)],
)
def test_a_hold_ends_in_what_was_used_and_what_is_given_back(
    captured_s: int, kinds: Sequence[TransferKind], available_s: int
) -> None:
    wallet, transfers = done(wallet_with(1_000, 200), SettleHold(RUN, captured_s))
    assert [transfer.kind for transfer in transfers] == kinds
    assert sum(transfer.seconds for transfer in transfers) == 200
    assert (wallet.available_s, wallet.held_s, wallet.holds) == (available_s, 0, {})


def test_an_extension_adds_to_the_hold() -> None:
    wallet, _ = done(wallet_with(1_000, 200), move(K.HOLD, 100, RUN))
    assert wallet.holds == {RUN: 300}


@pytest.mark.parametrize(
    ("event", "refusal"),
    [
        (move(K.RECHARGE, 0), WalletRefusal.NOT_POSITIVE),
        (move(K.RECHARGE, -5), WalletRefusal.NOT_POSITIVE),
        (move(K.RECHARGE, LONGEST_S + 1), WalletRefusal.AMOUNT_TOO_LARGE),
        (move(K.REVERSAL, 801), WalletRefusal.BALANCE_TOO_LOW),
        (move(K.DEDUCTION, 801), WalletRefusal.BALANCE_TOO_LOW),
        (move(K.HOLD, 801, uuid4()), WalletRefusal.BALANCE_TOO_LOW),
        (SettleHold(uuid4(), 0), WalletRefusal.NO_HOLD),
        (SettleHold(RUN, -1), WalletRefusal.NOT_POSITIVE),
        (SettleHold(RUN, 201), WalletRefusal.MORE_THAN_HELD),
    ],
)
def test_what_does_not_fit_is_refused(event: Move | SettleHold, refusal: WalletRefusal) -> None:
    assert step(wallet_with(1_000, 200), event, NOW) is refusal


def test_the_same_key_gets_the_same_answer_and_moves_nothing() -> None:
    event = move(K.RECHARGE, 60)
    wallet, transfers = done(wallet_with(100), event)
    assert step(wallet, event, NOW) == Repeated(transfers)


@pytest.mark.parametrize("change", [{"seconds": 61}, {"kind": K.GIFT}])
def test_the_same_key_with_another_payload_is_refused(change: dict[str, object]) -> None:
    event = move(K.RECHARGE, 60)
    wallet, _ = done(wallet_with(100), event)
    assert step(wallet, replace(event, **change), NOW) is WalletRefusal.KEY_REUSED  # type: ignore[arg-type]


def test_a_run_is_settled_once() -> None:
    event = SettleHold(RUN, 150)
    wallet, transfers = done(wallet_with(1_000, 200), event)
    assert step(wallet, event, NOW) == Repeated(transfers)
    assert step(wallet, SettleHold(RUN, 151), NOW) is WalletRefusal.KEY_REUSED
    assert {transfer.id for transfer in transfers} == set(ids_of(event))


@pytest.mark.parametrize(("kind", "run_id"), [(K.CAPTURE, RUN), (K.RELEASE, RUN), (K.HOLD, None), (K.GIFT, RUN)])
def test_nothing_gets_past_a_hold(kind: TransferKind, run_id: UUID | None) -> None:
    with pytest.raises(ValueError, match="hold"):
        move(kind, 60, run_id)
