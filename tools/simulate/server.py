"""The server of the simulation: the real rules with their state, wallets, and a process that dies and comes back."""

import random
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from domain import wallet as wallets
from domain.pump import due, regroup, runs
from domain.pump.effects import AlarmRaised, Effect, Moved, SendGrant, SendStop, Settle, TakeHold
from domain.pump.events import Event, Requested, Restarted, Ticked
from domain.pump.state import Group, Run, Standing
from domain.pump.words import FINAL
from domain.wallet import Account, Move, Repeated, SettleHold, Transfer, TransferKind, Wallet
from tools.simulate.checks import Checks
from tools.simulate.clockwork import Clockwork

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


class Server:
    """What the database holds, and the process that steps it. `send` takes messages for devices."""

    def __init__(
        self, clockwork: Clockwork, groups: Iterable[Group], members: Iterable[UUID], checks: Checks,
        send: Callable[[SendGrant | SendStop], None],
    ) -> None:  # fmt: skip
        self.clockwork, self.checks, self.send = clockwork, checks, send
        self.is_up = True
        self.stood_still_ms = 0
        self.steps = 0
        self.counts: Counter[str] = Counter()
        self.standings = {member: Standing(0) for member in members}
        self.groups = [replace(group, standings=self.standings) for group in groups]
        self.group_of = {motor.device_id: n for n, group in enumerate(self.groups) for motor in group.motors}
        self.wallets = {member: Wallet(member) for member in self.standings}
        self.ledger: dict[UUID, Transfer] = {}
        self.ended: dict[UUID, Run] = {}
        self.tickets = 0
        self._down_since_ms = 0
        self._ticks = [0] * len(self.groups)

    @property
    def steady_ms(self) -> int:
        """The steady clock: it stands still while no server runs."""
        return self.clockwork.now_ms - self.stood_still_ms

    def die(self) -> None:
        self.is_up = False
        self._down_since_ms = self.clockwork.now_ms

    def come_back(self) -> None:
        self.stood_still_ms += self.clockwork.now_ms - self._down_since_ms
        self.is_up = True
        for n in range(len(self.groups)):
            self.step(n, Restarted())

    def step(self, n: int, event: Event) -> bool:
        """One transaction: nothing happens while the process is down. Says whether the event was taken."""
        if not self.is_up:
            self.counts["lost: no server"] += 1
            return False
        self.steps += 1
        before, now_ms = self.groups[n], self.steady_ms
        found = runs.step(before, event, now_ms)
        if not isinstance(found, tuple):
            self.counts[f"refused: {found}"] += 1
            return False
        self.groups[n], effects = found
        for effect in effects:
            self._follow(effect)
        self.checks.after_step(before, self.groups[n], effects, now_ms)
        self._sleep_until_due(n)
        return True

    def request(self, member: UUID, device_id: str, seconds: int, key: UUID) -> bool:
        self.tickets += 1
        n = self.group_of[device_id]
        elsewhere = any(
            run.member_id == member for m, group in enumerate(self.groups) if m != n for run in open_runs(group)
        )
        event = Requested(
            key, member, device_id, seconds, self.tickets, member, earlier=self.ended.get(key), has_open_run=elsewhere
        )
        return self.step(n, event)

    def move(self, device_id: str, n: int) -> bool:
        """Puts a motor into another group, if the rules let it go."""
        now_ms, old = self.steady_ms, self.group_of[device_id]
        if not self.is_up or old == n:
            return False
        if (refusal := regroup.refusal(self.groups[old], device_id, now_ms)) is not None:
            self.counts[f"not moved: {refusal}"] += 1
            return False
        motor = next(motor for motor in self.groups[old].motors if motor.device_id == device_id)
        left = tuple(other for other in self.groups[old].motors if other is not motor)
        self.groups[old] = replace(self.groups[old], motors=left)
        self.groups[n] = replace(self.groups[n], motors=(*self.groups[n].motors, motor))
        self.group_of[device_id] = n
        self.counts["a motor in another group"] += 1
        for each in (old, n):
            self.step(each, Ticked())
        return True

    def limit(self, n: int, **limits: Any) -> None:
        """Other limits of the tenant hold from now on, also for runs that are under way."""
        if self.is_up:
            self.groups[n] = replace(self.groups[n], limits=replace(self.groups[n].limits, **limits))
            self.counts["other limits"] += 1
            self.step(n, Ticked())

    def book(self, member: UUID, event: Move | SettleHold) -> bool:
        """One transaction on a wallet, by itself or inside a step."""
        if not self.is_up:
            return False
        known = {key: self.ledger[key] for key in wallets.ids_of(event) if key in self.ledger}
        found = wallets.step(
            replace(self.wallets[member], known=known), event, BEGAN + timedelta(milliseconds=self.clockwork.now_ms)
        )
        if not isinstance(found, tuple):
            self.counts["wallet: repeated" if isinstance(found, Repeated) else f"wallet: {found}"] += 1
            return False
        wallet, transfers = found
        self.wallets[member] = replace(wallet, known={})
        self.ledger.update((transfer.id, transfer) for transfer in transfers)
        self.standings[member] = replace(self.standings[member], available_s=wallet.available_s)
        self.checks.after_booking(wallet, transfers)
        return True

    def sums(self, member: UUID) -> tuple[int, int]:
        """(available, held) as the ledger alone says: slow, for the end."""
        available_s, held_s = (
            sum(
                transfer.seconds * ((transfer.credit is account) - (transfer.debit is account))
                for transfer in self.ledger.values()
                if transfer.member_id == member
            )
            for account in (Account.AVAILABLE, Account.HELD)
        )
        return available_s, held_s

    def _follow(self, effect: Effect) -> None:
        if isinstance(effect, SendGrant | SendStop):
            self.send(effect)
        elif isinstance(effect, TakeHold):
            taken = self.book(
                effect.member_id, Move(effect.id, TransferKind.HOLD, effect.seconds, None, run_id=effect.run_id)
            )
            self.checks.expect(taken, "a hold that was promised could not be taken")
        elif isinstance(effect, Settle):
            settled = self.book(effect.member_id, SettleHold(effect.run_id, effect.captured_s))
            self.checks.expect(settled, "a run could not be settled")
            self.checks.expect(effect.run_id not in self.wallets[effect.member_id].holds, "a hold outlived its run")
        elif isinstance(effect, AlarmRaised):
            self.counts[f"alarm: {effect.alarm}"] += 1
        elif isinstance(effect, Moved):
            self.counts[f"moved: {effect.run.state}"] += 1
            if effect.run.state in FINAL:
                self.counts[f"ended: {effect.run.end_reason}"] += 1
                self.ended[effect.run.id] = effect.run

    def _sleep_until_due(self, n: int) -> None:
        """The ticker: the next moment at which time alone changes something, and no other."""
        next_ms = due.next_at_ms(self.groups[n], self.steady_ms)
        if next_ms is None:
            return
        self._ticks[n] += 1
        ticket = self._ticks[n]

        def tick() -> None:
            if ticket == self._ticks[n] and self.is_up:
                self.step(n, Ticked())

        self.clockwork.at(next_ms + self.stood_still_ms, tick)


def open_runs(group: Group) -> tuple[Run, ...]:
    return (*group.active, *group.waiting)


def chosen(chance: random.Random, group: Group) -> Run | None:
    """Any open run of a group."""
    found = open_runs(group)
    return chance.choice(found) if found else None
