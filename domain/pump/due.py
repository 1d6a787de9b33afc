"""When time alone will change a group next: what the ticker sleeps until."""

from collections.abc import Iterator

from domain.pump import lease
from domain.pump.state import Group, Motor, Run
from domain.pump.words import HoldCause, RunState


def next_at_ms(group: Group, now_ms: int) -> int | None:
    """The first moment after `now_ms` at which `Ticked` may change something; None: never, if nothing else happens.

    May be too early, never too late.
    """
    return min((at_ms for at_ms in _moments(group, now_ms) if at_ms > now_ms), default=None)


def _moments(group: Group, now_ms: int) -> Iterator[int]:
    limits = group.limits
    motors = {motor.device_id: motor for motor in group.motors}
    if group.not_before_at_ms is not None:
        yield group.not_before_at_ms
    for motor in group.motors:
        yield from _moments_of(motor, group, now_ms)
    for run in group.active:
        yield from _moments_of_run(run, motors[run.device_id], group)
    if group.shed_since_at_ms is None:
        for run in group.waiting:
            yield run.expires_at_ms
    if group.shed_since_at_ms is not None:
        yield group.shed_since_at_ms + limits.grid_hold_limit_ms


def _moments_of(motor: Motor, group: Group, now_ms: int) -> Iterator[int]:
    limits = group.limits
    if motor.heard_at_ms is not None:
        yield motor.heard_at_ms + limits.silent_after_ms
    if motor.lease_until_at_ms is not None:
        yield motor.lease_until_at_ms
    if motor.may_start_at_ms is not None:
        yield motor.may_start_at_ms
    if motor.stopping:
        yield lease.next_stop_at_ms(motor, limits, now_ms)
    if motor.off_since_at_ms is not None:
        yield motor.off_since_at_ms + limits.start_timeout_ms
    yield motor.off_until_at_ms


def _moments_of_run(run: Run, motor: Motor, group: Group) -> Iterator[int]:
    limits = group.limits
    if run.state is RunState.STARTING:
        rested_at_ms = min(motor.off_until_at_ms, run.since_at_ms + limits.off_time_max_ms)
        from_at_ms = max(run.since_at_ms, rested_at_ms, group.not_before_at_ms or run.since_at_ms)
        yield from_at_ms + limits.start_timeout_ms
    elif run.state is RunState.UNSETTLED:
        yield run.since_at_ms + limits.settle_within_ms
    elif run.state is RunState.HOLD and run.hold_cause is not HoldCause.LINE:
        yield run.cause_since_at_ms + limits.slot_kept_ms
        yield run.cause_since_at_ms + limits.own_hold_limit_ms - run.own_hold_ms
        yield run.cause_since_at_ms + limits.grid_hold_limit_ms - run.grid_hold_ms
