"""A wallet under any sequence of events, with keys that come again: its sums are its transfers, always."""

from datetime import UTC, datetime
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from domain.wallet import Account, Move, Repeated, SettleHold, Transfer, TransferKind, Wallet, step

NOW = datetime(2026, 3, 1, tzinfo=UTC)
keys = st.integers(1, 12).map(lambda n: UUID(int=n))
run_ids = st.integers(101, 103).map(lambda n: UUID(int=n))
seconds = st.integers(-5, 500)
plain = st.sampled_from(
    [TransferKind.RECHARGE, TransferKind.REVERSAL, TransferKind.GIFT, TransferKind.DEDUCTION],
)


class Ledger(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.wallet = Wallet(UUID(int=1_000))
        self.transfers: list[Transfer] = []
        self.answers: dict[Move | SettleHold, tuple[Transfer, ...]] = {}

    @rule(key=keys, kind=plain, seconds=seconds)
    def move(self, key: UUID, kind: TransferKind, seconds: int) -> None:
        self._step(Move(key, kind, seconds, None))

    @rule(key=keys, run_id=run_ids, seconds=seconds)
    def hold(self, key: UUID, run_id: UUID, seconds: int) -> None:
        if not any(
            t.run_id == run_id and t.kind in {TransferKind.CAPTURE, TransferKind.RELEASE} for t in self.transfers
        ):
            self._step(Move(key, TransferKind.HOLD, seconds, None, run_id=run_id))

    @rule(run_id=run_ids, seconds=seconds)
    def settle(self, run_id: UUID, seconds: int) -> None:
        self._step(SettleHold(run_id, seconds))

    def _step(self, event: Move | SettleHold) -> None:
        found = step(self.wallet, event, NOW)
        if isinstance(found, Repeated):
            assert self.answers[event] == found.transfers
            return
        assert event not in self.answers
        if isinstance(found, tuple):
            self.wallet, self.answers[event] = found
            self.transfers += self.answers[event]

    @invariant()
    def no_balance_is_below_zero(self) -> None:
        assert self.wallet.available_s >= 0 and self.wallet.held_s >= 0

    @invariant()
    def a_balance_is_the_sum_of_its_transfers(self) -> None:
        sums = dict.fromkeys(Account, 0)
        for transfer in self.transfers:
            assert transfer.seconds > 0
            sums[transfer.debit] -= transfer.seconds
            sums[transfer.credit] += transfer.seconds
        assert sum(sums.values()) == 0
        assert (sums[Account.AVAILABLE], sums[Account.HELD]) == (self.wallet.available_s, self.wallet.held_s)

    @invariant()
    def a_hold_ends_once_and_whole(self) -> None:
        assert sum(self.wallet.holds.values()) == self.wallet.held_s
        for run_id in {transfer.run_id for transfer in self.transfers if transfer.run_id}:
            mine = [transfer for transfer in self.transfers if transfer.run_id == run_id]
            held_s = sum(transfer.seconds for transfer in mine if transfer.kind is TransferKind.HOLD)
            ended_s = sum(transfer.seconds for transfer in mine if transfer.kind is not TransferKind.HOLD)
            assert ended_s in {0, held_s}
            assert (ended_s == 0) is (run_id in self.wallet.holds)

    @invariant()
    def ids_are_unique(self) -> None:
        assert len({transfer.id for transfer in self.transfers}) == len(self.transfers)


TestLedger = Ledger.TestCase
TestLedger.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
