"""A small world of money: one member, an owner, a motor that obeys, and every click may come twice.

The recharge, its reversal, the request of a turn and its settlement are messages with idempotency keys; each is
delivered up to twice, at any moment. The real wallet and the real runs decide.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from domain import wallet as wallets
from domain.pump import runs
from domain.pump.effects import Effect, Moved, Settle, TakeHold
from domain.pump.events import Reported, Requested, StopAsked, Ticked
from domain.pump.limits import PumpLimits
from domain.pump.state import Group, Motor, Report, Run, Standing
from domain.pump.words import FINAL, SHALL_BE_ON
from domain.wallet import Move, SettleHold, Transfer, TransferKind, Wallet

MEMBER, OWNER, RUN = UUID(int=1), UUID(int=2), UUID(int=3)
SECONDS = 3
LIMITS = PumpLimits(minimum_run_s=1, stable_for_ms=0, restart_spread_ms=0, silent_after_ms=10**9, wait_limit_ms=10**9)
AT = datetime(2026, 1, 1, tzinfo=UTC)
CLICKS = {"recharge": UUID(int=11), "reversal": UUID(int=12)}
TWICE = 2


class MoneyWorld(NamedTuple):
    available_s: int
    held_s: int
    hold_s: int
    """Set aside for the run; 0: nothing."""
    known: frozenset[Transfer]
    group: Group
    ended: Run | None
    deliveries: tuple[int, int, int, int]
    """How often the recharge, the reversal, the request and the settlement may still be delivered."""
    starts: int
    consumed_s: int
    issued_s: int
    measured_ms: int


def start() -> MoneyWorld:
    motor = Motor("A", boot_id=1, heard_at_ms=0, off_since_at_ms=0, grid=True, ready=True, may_start_at_ms=0)
    twice = (TWICE, TWICE, TWICE, TWICE)
    return MoneyWorld(0, 0, 0, frozenset(), Group((motor,), limits=LIMITS), None, twice, 0, 0, 0, 0)


def fault_of(world: MoneyWorld) -> str | None:
    """What is wrong with the money."""
    if world.available_s < 0 or world.held_s < 0:
        return "a balance is below zero"
    if world.issued_s != world.available_s + world.held_s + world.consumed_s:
        return "seconds came from nowhere, or went there"
    if not 0 <= world.issued_s <= SECONDS:
        return "one recharge or its reversal counted twice"
    if world.starts > 1:
        return "one request began two turns"
    if world.consumed_s * 1000 > world.measured_ms:
        return "more was consumed than measured"
    return None


@dataclass(frozen=True, slots=True)
class Money:
    """What the search looks at, and the rules that a mutant leaves out."""

    takes_holds: bool = True
    knows_keys: bool = True

    def successors(self, world: MoneyWorld) -> Iterator[tuple[str, MoneyWorld]]:
        recharges, reversals, requests, settlements = world.deliveries
        if recharges:
            left = world._replace(deliveries=(recharges - 1, reversals, requests, settlements))
            move = Move(CLICKS["recharge"], TransferKind.RECHARGE, SECONDS, OWNER)
            yield "the recharge arrives", self._booked(left, move)
        if reversals:
            left = world._replace(deliveries=(recharges, reversals - 1, requests, settlements))
            yield (
                "the reversal arrives",
                self._booked(left, Move(CLICKS["reversal"], TransferKind.REVERSAL, SECONDS, OWNER)),
            )
        if requests:
            left = world._replace(deliveries=(recharges, reversals, requests - 1, settlements))
            earlier = world.ended if self.knows_keys else None
            asked = Requested(RUN, MEMBER, "A", SECONDS, 1, MEMBER, earlier=earlier)
            yield "the request arrives", self._stepped(left, asked)
        if settlements and world.ended is not None and world.starts == 1:
            left = world._replace(deliveries=(recharges, reversals, requests, settlements - 1))
            yield "the settlement comes again", self._settled(left, world.ended)
        yield "a second passes", self._measured(world)
        yield "the member stops", self._stepped(world, StopAsked(RUN, MEMBER))

    def _measured(self, world: MoneyWorld) -> MoneyWorld:
        """The motor obeys at once and says so; a turn that shall be ON is ON for one more second."""
        group = world.group
        motor = group.motors[0]
        run = next(iter(group.active), None)
        is_on = run is not None and run.state in SHALL_BE_ON
        was_ms = sum(boot.on_ms for boot in run.confirmed) if run else 0
        grown_ms = was_ms + 1000 if run and is_on and was_ms < run.amount_ms else was_ms
        report = Report(1, motor.seq + 1, is_on, run.id if run else None, grown_ms, True, True, motor.fence)
        return self._stepped(world._replace(measured_ms=world.measured_ms + grown_ms - was_ms), Reported("A", report))

    def _stepped(self, world: MoneyWorld, event: Requested | StopAsked | Reported | Ticked) -> MoneyWorld:
        standings = {MEMBER: Standing(world.available_s)}
        found = runs.step(replace(world.group, standings=standings), event, 0)
        if not isinstance(found, tuple):
            return world
        group, effects = found
        motors = tuple(replace(motor, seq=0, fence=0) for motor in group.motors)
        world = world._replace(group=replace(group, motors=motors, standings={}))
        for effect in effects:
            world = self._followed(world, effect)
        return world

    def _followed(self, world: MoneyWorld, effect: Effect) -> MoneyWorld:
        if isinstance(effect, TakeHold):
            world = world._replace(starts=world.starts + 1)
            move = Move(effect.id, TransferKind.HOLD, effect.seconds, MEMBER, run_id=effect.run_id)
            return self._booked(world, move) if self.takes_holds else world
        if isinstance(effect, Moved) and effect.run.state in FINAL:
            return world._replace(ended=effect.run)
        if isinstance(effect, Settle) and world.ended is not None:
            return self._settled(world, world.ended)
        return world

    def _settled(self, world: MoneyWorld, run: Run) -> MoneyWorld:
        captured_s = sum(boot.on_ms for boot in run.confirmed) // 1000
        if self.takes_holds:
            return self._booked(world, SettleHold(RUN, captured_s))
        return world._replace(available_s=world.available_s - captured_s, consumed_s=world.consumed_s + captured_s)

    def _booked(self, world: MoneyWorld, event: Move | SettleHold) -> MoneyWorld:
        known = {transfer.id: transfer for transfer in world.known} if self.knows_keys else {}
        holds = {RUN: world.hold_s} if world.hold_s else {}
        found = wallets.step(Wallet(MEMBER, world.available_s, world.held_s, holds, known), event, AT)
        if not isinstance(found, tuple):
            return world
        wallet, transfers = found
        change = {kind: sum(t.seconds for t in transfers if t.kind is kind) for kind in TransferKind}
        return world._replace(
            available_s=wallet.available_s,
            held_s=wallet.held_s,
            hold_s=wallet.holds.get(RUN, 0),
            known=world.known | frozenset(transfers),
            consumed_s=world.consumed_s + change[TransferKind.CAPTURE],
            issued_s=world.issued_s + change[TransferKind.RECHARGE] - change[TransferKind.REVERSAL],
        )
