"""A group while one step changes it: what was changed so far, and the effects in their order."""

from dataclasses import replace
from uuid import UUID

from domain.pump import charging, hold, lease
from domain.pump.effects import Effect, Moved, SendStop, Settle
from domain.pump.limits import PumpLimits
from domain.pump.state import Group, Motor, Run, Standing
from domain.pump.words import FINAL, Reason, RunState

_ENDS = frozenset({RunState.STOPPING, RunState.CANCELLED, RunState.EXPIRED})


class Draft:
    """Lives as long as one step; the group that it began with is never changed."""

    def __init__(self, group: Group, now_ms: int) -> None:
        self.now_ms = now_ms
        self.limits: PumpLimits = group.limits
        self.motors = {motor.device_id: motor for motor in group.motors}
        self.active = {run.id: run for run in group.active}
        self.waiting = group.waiting
        self.slot = group.slot
        self.not_before_at_ms = group.not_before_at_ms
        self.shed_since_at_ms = group.shed_since_at_ms
        self.effects: list[Effect] = []
        self.to_grant: dict[str, None] = {}
        """Devices whose newest state shall be answered at the end of the step, if their run may be ON then."""
        self._group = group

    def done(self) -> tuple[Group, tuple[Effect, ...]]:
        group = replace(
            self._group,
            motors=tuple(self.motors.values()),
            active=tuple(self.active.values()),
            waiting=self.waiting,
            slot=self.slot,
            not_before_at_ms=self.not_before_at_ms,
            shed_since_at_ms=self.shed_since_at_ms,
        )
        return group, tuple(self.effects)

    def standing(self, member_id: UUID) -> Standing:
        """Raises KeyError when the member's standing was not loaded: nobody runs unchecked."""
        return self._group.standings[member_id]

    def put(self, motor: Motor) -> None:
        self.motors[motor.device_id] = motor

    def motor_of(self, run: Run) -> Motor:
        return self.motors[run.device_id]

    def run(self, run_id: UUID) -> Run | None:
        return self.active.get(run_id) or next((run for run in self.waiting if run.id == run_id), None)

    def enter(self, run: Run, to: RunState, reason: Reason, by: UUID | None = None) -> Run:
        """The run in its new state, with the row of history that says so and all that comes with the state."""
        moved = replace(hold.counted(run, self.now_ms) if run.state is RunState.HOLD else run, state=to)
        moved = replace(moved, since_at_ms=self.now_ms, end_reason=reason if to in _ENDS else run.end_reason)
        if run.state is RunState.WAITING:
            self.waiting = tuple(other for other in self.waiting if other.id != run.id)
        if to in FINAL:
            self.active.pop(run.id, None)
        else:
            self.active[run.id] = moved
        self.effects.append(Moved(moved, run.state, reason, by))
        self._follow_up(moved)
        return moved

    def _follow_up(self, run: Run) -> None:
        if run.state in {RunState.HOLD, RunState.STOPPING}:
            self.stop(run.device_id)
        elif run.state is RunState.STARTING:
            self.slot = run.id
            self.to_grant[run.device_id] = None
        elif run.state is RunState.UNSETTLED:
            self.slot = None if self.slot == run.id else self.slot
        elif run.state in {RunState.COMPLETED, RunState.FAILED}:
            captured_s = charging.captured_s(run)
            self.effects.append(Settle(run.id, run.member_id, captured_s, run.amount_s - captured_s))

    def stop(self, device_id: str) -> None:
        """The motor shall be OFF: a new stop, unless one is under way or it can't be ON."""
        motor = self.motors[device_id]
        self.to_grant.pop(device_id, None)
        if motor.stopping or not lease.needs_stop(motor):
            return
        self.send_stop(lease.stopped(motor))

    def send_stop(self, motor: Motor) -> None:
        self.put(replace(motor, stop_sent_at_ms=self.now_ms))
        self.effects.append(SendStop(motor.device_id, motor.fence))
