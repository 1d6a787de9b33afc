"""Every row of the table of runs, told as a story."""

from dataclasses import replace
from uuid import uuid4

import pytest

from domain.pump.effects import Moved, SendGrant, Settle, TakeHold
from domain.pump.events import ExtensionAsked, Ticked
from domain.pump.runs import TABLE
from domain.pump.state import Standing
from domain.pump.words import FINAL, Reason, RunState
from tests.domain.pump.story import QUICK, Story, running


def test_a_request_waits_and_starts_at_once_when_nobody_is_before() -> None:
    story = Story()
    run_id = story.ask("ram", 600)
    assert [move.run.state for move in story.effects if isinstance(move, Moved)] == [
        RunState.WAITING,
        RunState.STARTING,
    ]
    assert story.sent(TakeHold)[0].seconds == 600
    assert story.group.slot == run_id


def test_the_second_waits_until_the_first_has_confirmed_off() -> None:
    story, first = running()
    second = story.ask("sita")
    story.live(60)
    assert story.state(second) is RunState.WAITING
    story.stop(first)
    assert (story.state(first), story.state(second)) == (RunState.STOPPING, RunState.WAITING)
    story.say()
    assert (story.state(first), story.state(second)) == (RunState.COMPLETED, RunState.STARTING)


def test_who_is_in_line_may_leave_it() -> None:
    story, _ = running()
    second, third = story.ask("sita"), story.ask("gita")
    story.stop(second)
    assert story.state(second) is RunState.CANCELLED
    assert [run.id for run in story.group.waiting] == [third]


@pytest.mark.parametrize(
    ("standing", "reason"),
    [(Standing(36_000, active=False), Reason.SUSPENDED), (Standing(599), Reason.BALANCE_TOO_LOW)],
)
def test_at_its_turn_nobody_runs_who_may_not(standing: Standing, reason: Reason) -> None:
    story, first = running()
    second, third = story.ask("sita"), story.ask("gita")
    story.standings[story.member("sita")] = standing
    story.stop(first)
    story.say()
    assert (story.run(second).state, story.run(second).end_reason) == (RunState.CANCELLED, reason)
    assert story.state(third) is RunState.STARTING


def test_who_waits_for_too_long_is_told_so() -> None:
    story = Story(limits=replace(QUICK, wait_limit_ms=60_000))
    story.say(ready=False)
    run_id = story.ask("ram")
    story.live(59.9)
    assert story.state(run_id) is RunState.WAITING
    story.live(0.2)
    assert story.state(run_id) is RunState.EXPIRED


def test_a_motor_that_is_not_measured_on_in_time_fails_and_costs_nothing() -> None:
    story = Story()
    story.boards["A"].off_left_ms = 10_000_000  # a lock-out that it doesn't talk about
    run_id = story.ask("ram")
    for _ in range(4):
        story.now_ms += 5_000
        story.say(off_left_ms=0, on=False)
    assert story.run(run_id).end_reason is Reason.START_TIMEOUT
    story.say(on=False)
    assert story.state(run_id) is RunState.FAILED
    assert story.sent(Settle)[0].captured_s == 0


def test_the_time_to_start_counts_from_the_end_of_the_minimum_off_time() -> None:
    story = Story()
    story.boards["A"].off_left_ms = 0
    run_id = story.ask("ram")
    story.say(on=False, off_left_ms=60_000)
    story.live(59)
    assert story.state(run_id) is RunState.STARTING
    story.live(20, until=lambda: story.state(run_id) is RunState.RUNNING)
    assert story.state(run_id) is RunState.RUNNING


@pytest.mark.parametrize(("before_on", "reason", "end"), [
    (True, Reason.FAULT, RunState.FAILED), (False, Reason.TRIPPED, RunState.FAILED),
])  # fmt: skip
def test_a_fault_ends_the_run(before_on: bool, reason: Reason, end: RunState) -> None:
    story = Story()
    run_id = story.ask("ram")
    if not before_on:
        story.say()
    story.say(fault="dry_run", on=False)
    assert story.run(run_id).end_reason is reason
    story.say()
    assert story.state(run_id) is end


@pytest.mark.parametrize("state", [RunState.STARTING, RunState.RUNNING, RunState.HOLD])
@pytest.mark.parametrize("cause", [Reason.STOPPED, Reason.SUSPENDED])
def test_stop_and_suspension_end_a_run_wherever_it_stands(state: RunState, cause: Reason) -> None:
    story = Story()
    run_id = story.ask("ram")
    if state is not RunState.STARTING:
        story.say()
    if state is RunState.HOLD:
        story.say(on=False, ready=False)
    assert story.state(run_id) is state
    if cause is Reason.STOPPED:
        story.stop(run_id)
    else:
        story.standings[story.member("ram")] = Standing(0, active=False)
        story.step(Ticked())
    story.say()
    assert (story.run(run_id).state, story.run(run_id).end_reason) == (RunState.COMPLETED, cause)


def test_a_run_ends_when_its_budget_is_used_up_to_the_second() -> None:
    story, run_id = running(seconds=300)
    story.live(400)
    assert story.run(run_id).end_reason is Reason.USED_UP
    settled = story.sent(Settle)[0]
    assert (settled.captured_s, settled.released_s) == (300, 0)


def test_each_fresh_state_earns_one_grant_with_what_is_left() -> None:
    story, _ = running(seconds=600)
    story.sent(SendGrant)
    story.live(20)
    grants = story.sent(SendGrant)
    assert [grant.seq for grant in grants] == [3, 4, 5, 6]
    assert {grant.budget_ms for grant in grants} == {600_000}


def test_an_extension_takes_a_hold_and_answers_the_newest_state_again() -> None:
    story, run_id = running(seconds=600)
    story.sent(SendGrant)
    key = uuid4()
    story.step(ExtensionAsked(run_id, 300, None, key))
    grant = next(effect for effect in story.effects if isinstance(effect, SendGrant))
    assert (grant.seq, grant.budget_ms) == (2, 900_000)
    taken = story.sent(TakeHold)[0]
    assert (taken.id, taken.seconds) == (key, 300)


def test_a_stop_that_nobody_answers_ends_with_the_lease_and_settles_at_the_deadline() -> None:
    story, first = running("A", "B")
    second = story.ask("sita", device="B")
    story.live(3)
    story.boards["A"].connected = False
    story.stop(first)
    story.live(14)
    assert (story.state(first), story.state(second)) == (RunState.STOPPING, RunState.WAITING)
    story.boards["A"].on = False  # its lease is over
    story.live(6)
    assert (story.state(first), story.state(second)) == (RunState.UNSETTLED, RunState.RUNNING)
    story.live(125)
    assert story.state(first) is RunState.COMPLETED


def test_the_last_seconds_come_in_when_the_device_is_back_in_time() -> None:
    story, first = running()
    story.live(30)
    story.boards["A"].connected = False
    story.stop(first)
    story.live(10)
    story.boards["A"].on = False
    story.live(20)
    assert story.state(first) is RunState.UNSETTLED
    story.boards["A"].connected = True
    story.live(12)
    assert story.sent(Settle)[0].captured_s == 40


def test_a_reboot_ends_the_waiting_for_seconds_that_nobody_knows() -> None:
    story, first = running()
    story.live(31)
    story.stop(first)
    story.boards["A"].reboot()
    story.live(12)
    assert story.sent(Settle)[0].captured_s == 30


def test_no_row_leads_out_of_a_final_state_and_every_other_state_has_a_way_out() -> None:
    assert {row.state for row in TABLE} == set(RunState) - FINAL - {RunState.WAITING}
    assert all(row.to in FINAL | {RunState.STARTING, RunState.RUNNING, RunState.HOLD, RunState.STOPPING,
                                  RunState.UNSETTLED} for row in TABLE)  # fmt: skip
