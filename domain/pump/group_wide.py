"""What concerns every motor of a group at once: the passing of time, a cut grid, a start of the server."""

from dataclasses import replace

from domain.pump import hold, lease
from domain.pump.draft import Draft
from domain.pump.events import Restarted, ShedBegan, ShedEnded
from domain.pump.words import PumpRefusal


def note_time(draft: Draft) -> None:
    """Leases run out; a silent device is not known to be good any more; a stop is repeated until it is confirmed."""
    limits, now_ms = draft.limits, draft.now_ms
    for motor in list(draft.motors.values()):
        if motor.lease_until_at_ms is not None and lease.is_over(motor, now_ms):
            motor = replace(motor, lease_until_at_ms=None)
            draft.put(motor)
        if motor.may_start_at_ms is not None and lease.is_silent(motor, limits, now_ms):
            motor = replace(motor, may_start_at_ms=None)
            draft.put(motor)
        if motor.stopping and now_ms >= lease.next_stop_at_ms(motor, limits, now_ms):
            draft.send_stop(motor)


def begin_shed(draft: Draft, _: ShedBegan) -> PumpRefusal | None:
    """Everybody stands still."""
    if draft.shed_since_at_ms is not None:
        return PumpRefusal.ALREADY_SO
    draft.shed_since_at_ms = draft.now_ms
    return None


def end_shed(draft: Draft, _: ShedEnded) -> PumpRefusal | None:
    """Motors start again one by one; the time of the cut is nobody's waiting time."""
    if draft.shed_since_at_ms is None:
        return PumpRefusal.ALREADY_SO
    shed_ms = draft.now_ms - draft.shed_since_at_ms
    draft.shed_since_at_ms = None
    draft.waiting = tuple(replace(run, expires_at_ms=run.expires_at_ms + shed_ms) for run in draft.waiting)
    for motor in list(draft.motors.values()):
        if motor.may_start_at_ms is not None:
            delay_ms = hold.start_delay_ms(motor, draft.limits, after_cut=True)
            draft.put(replace(motor, may_start_at_ms=max(motor.may_start_at_ms, draft.now_ms + delay_ms)))
    return None


def restart(draft: Draft, _: Restarted) -> None:
    """What the server before allowed may still be in force, also what a restored backup knows nothing of."""
    terms = draft.limits.lease
    for motor in lease.after_restart(draft.motors.values(), terms, draft.now_ms):
        draft.put(motor)
    draft.not_before_at_ms = draft.now_ms + terms.whole_ms
