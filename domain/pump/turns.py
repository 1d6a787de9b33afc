"""How a turn begins: the head of the line gets the slot, or is removed with a reason, or waits for what pages name."""

from domain.pump import line
from domain.pump.draft import Draft
from domain.pump.effects import TakeHold
from domain.pump.state import Motor, Run
from domain.pump.words import Reason, RunState


def begin_next(draft: Draft) -> bool:
    """Gives the free slot to who is next; says whether anything moved."""
    in_the_way = line.obstacle(
        draft.motors.values(),
        draft.slot,
        draft.shed_since_at_ms,
        draft.not_before_at_ms,
        draft.limits,
        draft.now_ms,
    )
    if in_the_way is not None:
        return False
    obstacles = {
        motor.device_id: line.obstacle_of(motor, draft.limits, draft.now_ms) for motor in draft.motors.values()
    }
    run = line.next_up(line.in_line(draft.active.values(), draft.waiting, draft.slot), obstacles)
    if run is None:
        return False
    if run.state is RunState.HOLD:  # its seconds are still set aside
        draft.enter(run, RunState.STARTING, Reason.RESUMED)
        return True
    refused = _refused(draft, run)
    if refused is not None:
        draft.enter(run, RunState.CANCELLED, refused)
    else:
        draft.effects.append(TakeHold(run.id, run.id, run.member_id, run.amount_s))
        draft.enter(run, RunState.STARTING, Reason.TURN)
    return True


def expire(draft: Draft) -> None:
    """Removes who has waited for too long; a cut grid lets nobody wait in vain."""
    if draft.shed_since_at_ms is not None:
        return
    for run in draft.waiting:
        if draft.now_ms >= run.expires_at_ms:
            draft.enter(run, RunState.EXPIRED, Reason.WAITED_TOO_LONG)


def must_wait(draft: Draft, motor: Motor, run: Run) -> bool:
    """After a start of the server only a motor that is measured ON for its run is granted at once.

    It was the only one before, whatever the server remembers, and a grant that answers "ON" can't light a motor that
    has gone OFF since. Any other could join one that was granted what a restored backup knows nothing of.
    """
    if draft.not_before_at_ms is None or draft.now_ms >= draft.not_before_at_ms:
        return False
    return not (motor.motor_on and motor.run_id == run.id)


def _refused(draft: Draft, run: Run) -> Reason | None:
    standing = draft.standing(run.member_id)
    if not standing.active:
        return Reason.SUSPENDED
    if standing.available_s < run.amount_s:
        return Reason.BALANCE_TOO_LOW
    return None
