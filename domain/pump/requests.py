"""What people ask of a group: a turn, its end, its extension, a place in line. One guard a line, in a fixed order."""

from dataclasses import replace

from domain.pump.draft import Draft
from domain.pump.effects import Moved, SameAnswer, TakeHold
from domain.pump.events import ExtensionAsked, Requested, Skipped, StopAsked
from domain.pump.state import Run
from domain.pump.words import PumpRefusal, Reason, RunState

_STOPPABLE = frozenset({RunState.STARTING, RunState.RUNNING, RunState.HOLD})


def request(draft: Draft, event: Requested) -> PumpRefusal | None:
    """Puts a new run at the end of the line."""
    earlier = event.earlier or draft.run(event.run_id)
    if earlier is not None:
        return _same_answer(draft, event, earlier)
    standing, limits = draft.standing(event.member_id), draft.limits
    if event.device_id not in draft.motors:
        return PumpRefusal.UNKNOWN_MOTOR
    if not standing.active:
        return PumpRefusal.MEMBER_SUSPENDED
    if event.has_open_run or _has_open_run(draft, event):
        return PumpRefusal.OPEN_RUN
    if event.amount_s < limits.minimum_run_s:
        return PumpRefusal.AMOUNT_TOO_SMALL
    if event.amount_s > limits.longest_run_s:
        return PumpRefusal.AMOUNT_TOO_LARGE
    if len(draft.waiting) >= limits.line_max:
        return PumpRefusal.LINE_FULL
    if standing.available_s < event.amount_s:
        return PumpRefusal.BALANCE_TOO_LOW
    run = Run(
        event.run_id,
        event.member_id,
        event.device_id,
        amount_s=event.amount_s,
        requested_s=event.amount_s,
        ticket=event.ticket,
        mode=event.mode,
        since_at_ms=draft.now_ms,
        expires_at_ms=draft.now_ms + limits.wait_limit_ms,
    )
    draft.waiting = (*draft.waiting, run)
    draft.effects.append(Moved(run, None, Reason.REQUESTED, event.by))
    return None


def stop(draft: Draft, event: StopAsked) -> PumpRefusal | None:
    """Ends a run, wherever it stands; its seconds are settled when its motor is surely OFF."""
    run = draft.run(event.run_id)
    if run is None:
        return PumpRefusal.UNKNOWN_RUN
    if run.state is RunState.WAITING:
        draft.enter(run, RunState.CANCELLED, Reason.CANCELLED, event.by)
        return None
    if run.state not in _STOPPABLE:
        return PumpRefusal.ALREADY_STOPPING
    draft.enter(run, RunState.STOPPING, event.reason, event.by)
    return None


def extend(draft: Draft, event: ExtensionAsked) -> PumpRefusal | None:
    """Adds seconds to a running turn, and says so to the device at once."""
    run = draft.run(event.run_id)
    if run is None:
        return PumpRefusal.UNKNOWN_RUN
    if event.earlier_s is not None:
        if event.earlier_s != event.seconds:
            return PumpRefusal.KEY_REUSED
        draft.effects.append(SameAnswer(run))
        return None
    if run.state is not RunState.RUNNING:
        return PumpRefusal.NOT_RUNNING
    if event.seconds <= 0:
        return PumpRefusal.AMOUNT_TOO_SMALL
    if run.amount_s + event.seconds > draft.limits.longest_run_s:
        return PumpRefusal.AMOUNT_TOO_LARGE
    if draft.standing(run.member_id).available_s < event.seconds:
        return PumpRefusal.BALANCE_TOO_LOW
    extended = replace(run, amount_s=run.amount_s + event.seconds)
    draft.active[run.id] = extended
    draft.to_grant[run.device_id] = None
    draft.effects.append(TakeHold(event.key, run.id, run.member_id, event.seconds))
    draft.effects.append(Moved(extended, run.state, Reason.EXTENDED, event.by))
    return None


def skip(draft: Draft, event: Skipped) -> PumpRefusal | None:
    """Moves somebody to the end of the line."""
    run = draft.run(event.run_id)
    if run is None:
        return PumpRefusal.UNKNOWN_RUN
    if run.state is not RunState.WAITING:
        return PumpRefusal.NOT_WAITING
    skipped = replace(run, ticket=event.ticket)
    draft.waiting = (*(other for other in draft.waiting if other.id != run.id), skipped)
    draft.effects.append(Moved(skipped, run.state, Reason.SKIPPED, event.by))
    return None


def _same_answer(draft: Draft, event: Requested, earlier: Run) -> PumpRefusal | None:
    asked = (event.member_id, event.device_id, event.amount_s, event.mode)
    if asked != (earlier.member_id, earlier.device_id, earlier.requested_s, earlier.mode):
        return PumpRefusal.KEY_REUSED
    draft.effects.append(SameAnswer(earlier))
    return None


def _has_open_run(draft: Draft, event: Requested) -> bool:
    return any(run.member_id == event.member_id for run in (*draft.active.values(), *draft.waiting))
