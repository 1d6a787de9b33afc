"""The table of runs, and `step`: what a group becomes when something happens, and what is to be done about it.

People and devices only change facts: a wish, a state, the time. Every row whose guard holds is then taken, until none
does. So a run can't miss a move, whatever order things happen in, and asking again changes nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from domain.pump import charging, group_wide, hold, lease, reports, requests, turns
from domain.pump.draft import Draft
from domain.pump.effects import Effect, SendGrant
from domain.pump.events import (
    Event,
    ExtensionAsked,
    Reported,
    Requested,
    Restarted,
    ShedBegan,
    ShedEnded,
    Skipped,
    StopAsked,
    Ticked,
)
from domain.pump.state import Group, Motor, Run
from domain.pump.words import FAILURES, SHALL_BE_ON, HoldCause, PumpRefusal, Reason, ReportRefusal, RunState

S, R = RunState, Reason
Guard = Callable[[Draft, Run, Motor], bool]


Handler = Callable[[Draft, Any], PumpRefusal | ReportRefusal | None]
_HANDLERS: Mapping[type, Handler] = {
    Requested: requests.request,
    StopAsked: requests.stop,
    ExtensionAsked: requests.extend,
    Skipped: requests.skip,
    Reported: reports.take,
    Ticked: lambda draft, event: None,
    ShedBegan: group_wide.begin_shed,
    ShedEnded: group_wide.end_shed,
    Restarted: group_wide.restart,
}


def step(group: Group, event: Event, now_ms: int) -> tuple[Group, tuple[Effect, ...]] | PumpRefusal | ReportRefusal:
    """What happens next. `now_ms` is the steady clock's (see `state`); a refusal changes nothing.

    Raises KeyError when the standing of a member that it needs was not loaded.
    """
    draft = Draft(group, now_ms)
    if isinstance(event, Reported):
        _pass_time(draft)  # what was due before this state came
    refusal = _HANDLERS[type(event)](draft, event)
    if refusal is not None:
        return refusal
    _pass_time(draft)
    _answer(draft)
    return draft.done()


@dataclass(frozen=True, slots=True)
class Row:
    """In `state`, when the guard holds, a run goes to `to`."""

    state: RunState
    when: Guard
    to: RunState
    reason: Reason


def _is_suspended(draft: Draft, run: Run, _: Motor) -> bool:
    return not draft.standing(run.member_id).active


def _is_used_up(_: Draft, run: Run, __: Motor) -> bool:
    return charging.left_ms(run) <= 0


def _is_faulty(_: Draft, __: Run, motor: Motor) -> bool:
    return motor.fault is not None


def _is_in_trouble(draft: Draft, _: Run, motor: Motor) -> bool:
    return _trouble(draft, motor) is not None


def _is_measured_on(_: Draft, run: Run, motor: Motor) -> bool:
    return motor.motor_on and motor.run_id == run.id


def _did_not_start(draft: Draft, run: Run, motor: Motor) -> bool:
    """The time to start counts from the end of the motor's minimum off-time, and of the wait after a server's start."""
    rested_at_ms = min(motor.off_until_at_ms, run.since_at_ms + draft.limits.off_time_max_ms)
    from_at_ms = max(run.since_at_ms, rested_at_ms, draft.not_before_at_ms or run.since_at_ms)
    return draft.now_ms - from_at_ms >= draft.limits.start_timeout_ms


def _is_measured_off_for_long(draft: Draft, _: Run, motor: Motor) -> bool:
    off_since_at_ms = motor.off_since_at_ms
    return off_since_at_ms is not None and draft.now_ms - off_since_at_ms >= draft.limits.start_timeout_ms


def _is_held_for_too_long(draft: Draft, run: Run, _: Motor) -> bool:
    return hold.is_over(run, draft.limits, draft.now_ms)


def _may_resume(draft: Draft, run: Run, motor: Motor) -> bool:
    """With the slot; without it, it waits for its turn in line."""
    return draft.slot == run.id and not _is_in_trouble(draft, run, motor) and hold.may_resume(motor, draft.now_ms)


def _is_surely_off(draft: Draft, _: Run, motor: Motor) -> bool:
    return lease.surely_off(motor, draft.limits, draft.now_ms)


def _is_settled(draft: Draft, run: Run, motor: Motor) -> bool:
    """Nothing can be said about it any more: its boot has confirmed OFF, or is over, or the time for that is."""
    boot_id = charging.newest_boot_id(run)
    if boot_id is None or motor.boot_id > boot_id:
        return True
    if not motor.stopping and not motor.motor_on:
        return True
    return draft.now_ms - run.since_at_ms >= draft.limits.settle_within_ms


def _has_failed(draft: Draft, run: Run, motor: Motor) -> bool:
    return run.end_reason in FAILURES and _is_settled(draft, run, motor)


TABLE = (
    Row(S.STARTING, _is_suspended, S.STOPPING, R.SUSPENDED),
    Row(S.STARTING, _is_used_up, S.STOPPING, R.USED_UP),
    Row(S.STARTING, _is_faulty, S.STOPPING, R.FAULT),
    Row(S.STARTING, _is_in_trouble, S.HOLD, R.HELD),
    Row(S.STARTING, _is_measured_on, S.RUNNING, R.MEASURED_ON),
    Row(S.STARTING, _did_not_start, S.STOPPING, R.START_TIMEOUT),
    Row(S.RUNNING, _is_suspended, S.STOPPING, R.SUSPENDED),
    Row(S.RUNNING, _is_used_up, S.STOPPING, R.USED_UP),
    Row(S.RUNNING, _is_faulty, S.STOPPING, R.TRIPPED),
    Row(S.RUNNING, _is_in_trouble, S.HOLD, R.HELD),
    Row(S.RUNNING, _is_measured_off_for_long, S.HOLD, R.HELD),
    Row(S.HOLD, _is_suspended, S.STOPPING, R.SUSPENDED),
    Row(S.HOLD, _is_used_up, S.STOPPING, R.USED_UP),
    Row(S.HOLD, _is_faulty, S.STOPPING, R.TRIPPED),
    Row(S.HOLD, _is_held_for_too_long, S.STOPPING, R.HOLD_TIMEOUT),
    Row(S.HOLD, _may_resume, S.STARTING, R.RESUMED),
    Row(S.STOPPING, _is_surely_off, S.UNSETTLED, R.OFF_CONFIRMED),
    Row(S.UNSETTLED, _has_failed, S.FAILED, R.OFF_CONFIRMED),
    Row(S.UNSETTLED, _is_settled, S.COMPLETED, R.OFF_CONFIRMED),
)
"""What a run does by itself: the first row whose guard holds. What people ask for stands in `requests`, a turn that
begins in `turns`.
"""

_ROWS: Mapping[RunState, tuple[Row, ...]] = {
    state: tuple(row for row in TABLE if row.state is state) for state in RunState
}


def _pass_time(draft: Draft) -> None:
    """Takes every row whose guard holds, and begins the next turn, until nothing moves any more."""
    group_wide.note_time(draft)
    turns.expire(draft)
    moved = True
    while moved:
        moved = any(_move(draft, run) for run in list(draft.active.values()))
        moved = turns.begin_next(draft) or moved


def _move(draft: Draft, run: Run) -> bool:
    motor = draft.motor_of(run)
    if run.state is S.HOLD:
        run = _keep_hold(draft, run, motor)
    for row in _ROWS[run.state]:
        if row.when(draft, run, motor):
            _enter(draft, run, motor, row)
            return True
    return False


def _enter(draft: Draft, run: Run, motor: Motor, row: Row) -> None:
    if row.to is S.HOLD:
        cause = _trouble(draft, motor) or HoldCause.MEASURED_OFF
        if cause is HoldCause.MEASURED_OFF:  # it looks healthy, so it must look so for a while again
            draft.put(replace(motor, may_start_at_ms=draft.now_ms + draft.limits.stable_for_ms))
        run = hold.held(run, cause, draft.now_ms)
    is_unanswered = row.reason is R.OFF_CONFIRMED and motor.stopping
    draft.enter(run, row.to, R.LEASE_OVER if is_unanswered else row.reason)


def _keep_hold(draft: Draft, run: Run, motor: Motor) -> Run:
    """Counts the time of each kind of cause, and gives the slot to others when it is time to."""
    cause = _trouble(draft, motor)
    if cause is None and draft.slot != run.id:
        cause = HoldCause.LINE
    kept = hold.recounted(run, cause, draft.now_ms) if cause else run
    if draft.slot == run.id and hold.gives_slot(kept, motor, draft.limits, draft.now_ms):
        draft.slot = None
    draft.active[run.id] = kept
    return kept


def _trouble(draft: Draft, motor: Motor) -> HoldCause | None:
    return hold.trouble(motor, draft.motors.values(), draft.shed_since_at_ms, draft.limits, draft.now_ms)


def _answer(draft: Draft) -> None:
    """Grants to those whose newest state is to be answered. The lease is part of what is saved, before it leaves."""
    for run in draft.active.values():
        if run.device_id not in draft.to_grant or run.state not in SHALL_BE_ON:
            continue
        motor = draft.motor_of(run)
        if turns.must_wait(draft, motor, run):
            continue
        terms = draft.limits.lease
        draft.put(lease.granted(motor, terms, draft.now_ms))
        draft.active[run.id] = charging.granted(run, motor.boot_id, terms.ttl_ms)
        draft.effects.append(
            SendGrant(
                motor.device_id, run.id, motor.fence, motor.boot_id, motor.seq,
                terms.ttl_ms, charging.budget_ms(run, motor.boot_id),
            )
        )  # fmt: skip
