"""A run that stands still: why, for how long, and how it goes on."""

from dataclasses import replace
from typing import Any

import pytest

from domain.pump.effects import SendStop, Settle
from domain.pump.events import ShedBegan, ShedEnded
from domain.pump.words import HoldCause, PumpRefusal, Reason, RunState
from tests.domain.pump.story import QUICK, Story, running


@pytest.mark.parametrize("change", [{"grid": False}, {"ready": False}])
@pytest.mark.parametrize("measured", [True, False])
def test_bad_conditions_put_a_run_on_hold_and_good_ones_resume_it(change: dict[str, Any], measured: bool) -> None:
    story = Story()
    run_id = story.ask("ram")
    if measured:
        story.say()
    story.sent(SendStop)
    story.say(on=False, **change)
    assert story.state(run_id) is RunState.HOLD
    assert len(story.sent(SendStop)) == 1
    story.say(grid=True, ready=True)
    assert story.state(run_id) is RunState.STARTING
    story.say()
    assert story.state(run_id) is RunState.RUNNING


def test_silence_is_a_hold_and_the_slot_goes_to_others_after_two_minutes() -> None:
    story, first = running("A", "B")
    second = story.ask("sita", device="B")
    story.boards["A"].connected = False
    story.boards["A"].on = False
    story.live(16)
    assert (story.state(first), story.run(first).hold_cause) == (RunState.HOLD, HoldCause.SILENT)
    story.live(100)
    assert story.state(second) is RunState.WAITING
    story.live(25)
    assert story.state(second) is RunState.RUNNING
    assert story.state(first) is RunState.HOLD


def test_who_lost_the_slot_is_first_in_line_and_no_limit_counts_there() -> None:
    story, first = running("A", "B")
    second, third = story.ask("sita", 3_600, device="B"), story.ask("gita", device="B")
    story.boards["A"].connected = story.boards["A"].on = False
    story.live(150)
    assert story.state(second) is RunState.RUNNING
    story.boards["A"].connected = True
    story.live(3_000)
    assert (story.state(first), story.run(first).hold_cause) == (RunState.HOLD, HoldCause.LINE)
    story.live(900, until=lambda: story.state(first) is RunState.RUNNING)
    assert story.state(second) is RunState.COMPLETED
    assert (story.state(first), story.state(third)) == (RunState.RUNNING, RunState.WAITING)


@pytest.mark.parametrize(("change", "limit_s"), [({"ready": False}, 1_800), ({"grid": False}, 43_200)])
def test_a_hold_that_lasts_too_long_gives_back_what_is_left(change: dict[str, Any], limit_s: int) -> None:
    story, run_id = running()
    story.live(60)
    story.say(on=False, **change)
    story.live(limit_s - 5)
    assert story.state(run_id) is RunState.HOLD
    story.live(10)
    ended = story.run(run_id)
    assert (ended.state, ended.end_reason) == (RunState.COMPLETED, Reason.HOLD_TIMEOUT)
    settled = story.sent(Settle)[0]
    assert (settled.captured_s, settled.released_s) == (60, 540)


def test_time_on_hold_adds_up_over_several_holds() -> None:
    story, run_id = running(seconds=7_200)
    for _ in range(3):
        story.say(on=False, ready=False)
        story.live(595)
        story.say(ready=True)
        story.live(30)
        assert story.state(run_id) is RunState.RUNNING
    story.say(on=False, ready=False)
    story.live(20)
    assert story.run(run_id).end_reason is Reason.HOLD_TIMEOUT


def test_a_running_motor_that_is_measured_off_for_long_is_put_on_hold() -> None:
    story, run_id = running()
    story.boards["A"].off_left_ms = 40_000
    story.say(on=False)
    story.live(14)
    assert story.state(run_id) is RunState.RUNNING
    story.live(2)
    assert story.run(run_id).hold_cause is HoldCause.MEASURED_OFF
    story.live(60)
    assert story.state(run_id) is RunState.RUNNING


def test_a_cut_for_all_freezes_everybody_and_nobodys_waiting_time_runs() -> None:
    story, first = running(limits=replace(QUICK, wait_limit_ms=600_000))
    second = story.ask("sita")
    assert story.step(ShedBegan(None)) is None
    assert story.step(ShedBegan(None)) is PumpRefusal.ALREADY_SO
    assert story.run(first).hold_cause is HoldCause.SHEDDING
    story.live(7_200)
    assert (story.state(first), story.state(second)) == (RunState.HOLD, RunState.WAITING)
    story.step(ShedEnded(None))
    story.live(30)
    assert (story.state(first), story.state(second)) == (RunState.RUNNING, RunState.WAITING)
    assert story.run(second).expires_at_ms > 7_200_000 + 500_000
