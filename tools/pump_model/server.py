"""The server of the model: the real rules, stepped at moment 0, with everything relative to it.

After each step the group is brought into a normal form: what can't change any decision any more (how long ago a motor
was switched off that runs now, say) is made the same, so that the search sees one state instead of many.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple
from uuid import UUID

from domain.pump import runs
from domain.pump.effects import SendGrant, SendStop
from domain.pump.events import Event, Reported, Restarted, StopAsked, Ticked
from domain.pump.invariants import broken
from domain.pump.limits import LeaseTerms, PumpLimits
from domain.pump.state import Group, Motor, Report, Run, Standing
from domain.pump.words import PumpRefusal, ReportRefusal, RunState
from tools.pump_model.device import TTL, Grant, State, Stop

TICK_MS = 1_000
FAR_MS = 10**9
"""Beyond every limit of the model."""
SEQ_FLOOR = -3
"""So old a state is neither under way any more nor can it be answered."""
PAST_MS = -6_000
"""So long ago that no limit asks for more."""

TERMS = LeaseTerms(ttl_ms=TTL * TICK_MS, drift_permille=500, margin_ms=0)
LIMITS = PumpLimits(
    minimum_run_s=1, longest_run_s=100, wait_limit_ms=FAR_MS, start_timeout_ms=3_000, off_time_max_ms=3_000,
    silent_after_ms=3_000, stable_for_ms=0, restart_spread_ms=0, slot_kept_ms=2_000, own_hold_limit_ms=FAR_MS,
    grid_hold_limit_ms=FAR_MS, settle_within_ms=2_000, stop_repeat_ms=1_000, lease=TERMS,
)  # fmt: skip


class Sent(NamedTuple):
    """What a step of the server does to the world."""

    group: Group
    messages: tuple[tuple[int, Grant | Stop], ...]
    """(motor's number, message)"""
    raised: tuple[int, ...]
    """By how much each motor's fence was raised: other fences are that much lower now."""
    fault: str | None


def begin(devices: Sequence[str], wanted: Sequence[tuple[str, int]], *, silence_counts: bool) -> Group:
    """Motors that were heard and are good, and a line of runs (device, seconds)."""
    motors = tuple(
        Motor(device, boot_id=1, seq=SEQ_FLOOR, heard_at_ms=0, off_since_at_ms=0, grid=True, ready=True,
              off_until_at_ms=PAST_MS, may_start_at_ms=0) for device in devices
    )  # fmt: skip
    waiting = tuple(
        Run(UUID(int=n), UUID(int=100 + n), device, seconds, seconds, n, expires_at_ms=FAR_MS)
        for n, (device, seconds) in enumerate(wanted, 1)
    )
    standings = {run.member_id: Standing(10**6) for run in waiting}
    limits = LIMITS if silence_counts else replace(LIMITS, silent_after_ms=FAR_MS)
    return Group(motors, waiting=waiting, limits=limits, standings=standings)


def backups(begun: Group) -> tuple[Group, ...]:
    """What a backup may hold: nobody has begun, the first run starts, it runs. Its state numbers are long past."""
    starting = _step(begun, Ticked()).group
    first = starting.active[0]
    on = State(1, 0, True, first.id.int, 0, True, 0, 0)
    running = hear(starting, [motor.device_id for motor in begun.motors].index(first.device_id), on).group
    return tuple(
        replace(group, motors=tuple(replace(motor, seq=SEQ_FLOOR) for motor in group.motors))
        for group in (begun, starting, running)
    )


def hear(group: Group, number: int, state: State) -> Sent:
    """A state arrives."""
    run_id = UUID(int=state.run) if state.run else None
    report = Report(
        state.boot, state.seq, state.on, run_id, state.on_ticks * TICK_MS, state.grid, True, state.fence,
        off_left_ms=state.off_left * TICK_MS,
    )  # fmt: skip
    return _step(group, Reported(group.motors[number].device_id, report))


def tick(group: Group, published: tuple[int, ...]) -> Sent:
    """A tick goes by. `published`: for each motor the boot in which a new state was numbered, so older ones move."""
    aged = replace(
        group,
        motors=tuple(
            replace(motor, seq=max(SEQ_FLOOR, motor.seq - (motor.boot_id == boot)))
            for motor, boot in zip(group.motors, published, strict=True)
        ),
    )
    return _step(shifted(aged, TICK_MS), Ticked())


def stop(group: Group, run_id: UUID) -> Sent | None:
    """The member asks to stop."""
    found = runs.step(group, StopAsked(run_id, None), 0)
    return None if isinstance(found, PumpRefusal | ReportRefusal) else _sent(group, found)


def restart(group: Group, jump_ms: int) -> Sent:
    """A new process takes over; its clock may be ahead of the old one's by anything."""
    return _step(shifted(group, jump_ms), Restarted())


def _step(group: Group, event: Event) -> Sent:
    found = runs.step(group, event, 0)
    if isinstance(found, PumpRefusal | ReportRefusal):
        return Sent(group, (), (0,) * len(group.motors), None)
    return _sent(group, found)


def _sent(before: Group, found: tuple[Group, tuple[object, ...]]) -> Sent:
    group, effects = found
    fault = next(iter(broken(group, 0)), None)
    raised = tuple(after.fence - motor.fence for motor, after in zip(before.motors, group.motors, strict=True))
    numbers = {motor.device_id: n for n, motor in enumerate(group.motors)}
    messages: list[tuple[int, Grant | Stop]] = []
    for effect in effects:
        if isinstance(effect, SendStop):
            n = numbers[effect.device_id]
            messages.append((n, Stop(effect.fence - group.motors[n].fence)))
        elif isinstance(effect, SendGrant):
            n = numbers[effect.device_id]
            fence, budget = effect.fence - group.motors[n].fence, -(-effect.budget_ms // TICK_MS)
            messages.append(
                (n, Grant(effect.run_id.int, fence, effect.boot_id, effect.seq, effect.ttl_ms // TICK_MS, budget))
            )
    return Sent(_normal(group), tuple(messages), raised, fault)


def shifted(group: Group, by_ms: int) -> Group:
    """The same group, `by_ms` later."""

    def moved(at_ms: int | None) -> int | None:
        return None if at_ms is None else max(PAST_MS, at_ms - by_ms)

    motors = tuple(
        replace(
            motor,
            stop_sent_at_ms=moved(motor.stop_sent_at_ms),
            lease_until_at_ms=moved(motor.lease_until_at_ms),
            heard_at_ms=moved(motor.heard_at_ms),
            off_since_at_ms=moved(motor.off_since_at_ms),
            off_until_at_ms=max(PAST_MS, motor.off_until_at_ms - by_ms),
            may_start_at_ms=moved(motor.may_start_at_ms),
        )
        for motor in group.motors
    )
    active = tuple(
        replace(
            run,
            since_at_ms=max(PAST_MS, run.since_at_ms - by_ms),
            cause_since_at_ms=max(PAST_MS, run.cause_since_at_ms - by_ms),
        )
        for run in group.active
    )
    return replace(group, motors=motors, active=active, not_before_at_ms=moved(group.not_before_at_ms))


def _normal(group: Group) -> Group:
    motors = tuple(_normal_motor(motor, group) for motor in group.motors)
    not_before = group.not_before_at_ms
    return replace(
        group,
        motors=motors,
        active=tuple(_normal_run(run, has_slot=run.id == group.slot) for run in group.active),
        waiting=group.waiting,
        not_before_at_ms=not_before if not_before is not None and not_before > 0 else None,
    )


def _normal_motor(motor: Motor, group: Group) -> Motor:
    runs_of_it = [run for run in group.active if run.device_id == motor.device_id]
    is_starting = any(run.state is RunState.STARTING for run in runs_of_it)
    silent_after_ms = group.limits.silent_after_ms
    heard_at_ms = 0 if silent_after_ms == FAR_MS else max(-silent_after_ms, motor.heard_at_ms or 0)
    off_since_at_ms = motor.off_since_at_ms
    if off_since_at_ms is not None and not any(run.state is RunState.RUNNING for run in runs_of_it):
        off_since_at_ms = 0
    if not is_wanted(group, motor.device_id) and not motor.stopping:  # when it was heard matters to nobody
        motor = replace(motor, may_start_at_ms=0, run_id=None, grid=True)
        heard_at_ms = 0
    return replace(
        motor,
        fence=0,
        stop_sent_at_ms=-LIMITS.stop_repeat_ms if motor.stopping else None,  # repeated with each tick
        heard_at_ms=heard_at_ms,
        off_since_at_ms=off_since_at_ms,
        off_until_at_ms=motor.off_until_at_ms if is_starting or motor.off_until_at_ms > 0 else PAST_MS,
        may_start_at_ms=None if motor.may_start_at_ms is None else max(0, motor.may_start_at_ms),
    )


def is_wanted(group: Group, device_id: str) -> bool:
    """A run of this motor is not over."""
    return any(run.device_id == device_id for run in (*group.active, *group.waiting))


def _normal_run(run: Run, *, has_slot: bool) -> Run:
    timed = run.state in {RunState.STARTING, RunState.UNSETTLED}
    held = run.state is RunState.HOLD
    return replace(
        run,
        since_at_ms=run.since_at_ms if timed else 0,
        hold_cause=run.hold_cause if held else None,
        cause_since_at_ms=max(-LIMITS.slot_kept_ms, run.cause_since_at_ms) if held and has_slot else 0,
        own_hold_ms=0,
        grid_hold_ms=0,
    )
