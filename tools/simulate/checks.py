"""What must be true after every event of a simulation, at the motors, in the ledger and in the line."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from domain.pump import invariants, line
from domain.pump.effects import Effect, Moved, SendGrant, Settle
from domain.pump.state import Group, Run
from domain.pump.words import AWAY, FINAL, Reason, RunState
from domain.wallet import Account, Transfer, Wallet
from tools.simulate.controller import TTL_CAP_MS, Controller

SLACK_MS = 1_100
"""Whole seconds are captured, and the guard looks once a millisecond."""


class Checks:
    """Collects sentences about what was wrong; the simulation stops at the first."""

    def __init__(self, controllers: Mapping[str, Controller]) -> None:
        self.violations: list[str] = []
        self.performed = 0
        self._controllers = controllers
        self._states: dict[UUID, RunState] = {}
        self._issued_s = self._members_s = self._consumed_s = self._adjusted_s = 0

    def expect(self, holds: bool, otherwise: str) -> None:
        self.performed += 1
        if not holds:
            self.violations.append(otherwise)

    def physical(self, groups: Sequence[Group]) -> None:
        """No two outputs of a group are ON, and none without the local permission."""
        for group in groups:
            on = [self._controllers[motor.device_id] for motor in group.motors]
            on = [controller for controller in on if controller.is_on]
            self.expect(len(on) < 2, "two motors of a group are ON")
            for device in on:
                allowed = device.is_powered and device.grid and device.ready and device.fault is None
                self.expect(allowed, "a motor is ON without the local permission")

    def after_step(self, before: Group, after: Group, effects: Sequence[Effect], now_ms: int) -> None:
        self.performed += 1
        self.violations += invariants.broken_now(after, now_ms)
        if after.waiting is not before.waiting:
            self.violations += invariants.broken_line(after)
        for effect in effects:
            if isinstance(effect, Moved):
                self._moved(effect, before, now_ms)
            elif isinstance(effect, SendGrant):
                self.expect(all(motor.alarm is None for motor in after.motors), "a grant in spite of an alarm")
            elif isinstance(effect, Settle):
                self._settled(effect)

    def after_booking(self, wallet: Wallet, transfers: Sequence[Transfer]) -> None:
        self.expect(wallet.available_s >= 0 and wallet.held_s >= 0, "a balance is below zero")
        self.expect(wallet.held_s == sum(wallet.holds.values()), "what is held belongs to no run")
        for transfer in transfers:
            for account, sign in ((transfer.debit, -1), (transfer.credit, 1)):
                seconds = sign * transfer.seconds
                if account in {Account.AVAILABLE, Account.HELD}:
                    self._members_s += seconds
                elif account is Account.ISSUED:
                    self._issued_s += seconds
                elif account is Account.CONSUMED:
                    self._consumed_s += seconds
                else:
                    self._adjusted_s += seconds
        total_s = self._members_s + self._issued_s + self._consumed_s + self._adjusted_s
        self.expect(total_s == 0, "the ledger's sides are not equal")

    def _moved(self, move: Moved, before: Group, now_ms: int) -> None:
        run = move.run
        known = self._states.get(run.id)
        self.expect(known not in FINAL, "a run moved after its end")
        self.expect(known is move.before, "the history of a run has a gap")
        self.expect(isinstance(move.reason, Reason), "a move without a reason")
        self._states[run.id] = run.state
        if move.reason is Reason.TURN:
            self.expect(_is_fair(run, before, now_ms), "somebody was passed over whose device was there")

    def _settled(self, effect: Settle) -> None:
        """Never more than was measured; less only by what a reboot made the device forget."""
        measured_ms = on_ms = reboots = 0.0
        for controller in self._controllers.values():
            measured_ms += controller.measured_in_all_boots_ms.get(effect.run_id, 0.0)
            on_ms += controller.on_in_all_boots_ms.get(effect.run_id, 0.0)
            reboots += controller.times_forgotten.get(effect.run_id, 0)
        amount_s = effect.captured_s + effect.released_s
        self.expect(effect.captured_s >= 0 and effect.released_s >= 0, "a hold was settled beyond its amount")
        self.expect(effect.captured_s * 1000 <= measured_ms + SLACK_MS, "a run costs more than its motor was ON")
        most_ms = amount_s * 1000 + reboots * (TTL_CAP_MS * 1.02) + SLACK_MS
        self.expect(on_ms <= most_ms, "a motor was ON for longer than its run may cost, and reboots explain")


def _is_fair(run: Run, before: Group, now_ms: int) -> bool:
    """Everybody with an earlier ticket has a device that is away, or was removed in the same step."""
    motors = {motor.device_id: motor for motor in before.motors}
    own = run.device_id
    return all(
        other.ticket > run.ticket
        or other.device_id != own
        or other.id == run.id
        or line.obstacle_of(motors[other.device_id], before.limits, now_ms) in AWAY
        or not before.standings[other.member_id].active
        or before.standings[other.member_id].available_s < other.amount_s
        for other in before.waiting
    )
