"""The traps that the design names, one story each."""

from dataclasses import replace
from uuid import uuid4

import pytest

from domain.pump import line
from domain.pump.effects import AlarmCleared, AlarmRaised, SendGrant, SendStop, Settle
from domain.pump.events import ExtensionAsked, Reported, Restarted
from domain.pump.limits import LeaseTerms
from domain.pump.state import Report
from domain.pump.words import Alarm, HoldCause, ReportRefusal, RunState, WaitsFor
from tests.domain.pump.story import QUICK, Story

WHOLE_S = LeaseTerms().whole_ms / 1000


def test_after_a_restart_a_motor_that_is_on_goes_on_and_nobody_else_begins() -> None:
    story = Story("A", "B")
    first, second = story.ask("ram", 300), story.ask("sita", device="B")
    story.live(20)
    story.sent(SendGrant)
    story.step(Restarted())
    story.say()
    assert [grant.run_id for grant in story.sent(SendGrant)] == [first]
    story.stop(first)
    story.say()
    assert story.state(first) is RunState.COMPLETED
    assert line.places(story.group, story.now_ms)[0].waits_for is WaitsFor.SERVER_START
    story.live(WHOLE_S - 0.1)
    assert story.state(second) is RunState.WAITING
    story.live(0.2)
    assert story.state(second) is RunState.STARTING


def test_after_a_restart_a_lease_counts_as_alive_for_a_whole_lease_whatever_the_clock_says() -> None:
    story = Story("A", "B")
    first, second = story.ask("ram"), story.ask("sita", device="B")
    story.say()
    story.boards["A"].connected = False
    story.stop(first)
    story.now_ms += 3_600_000  # a process whose clock is an hour ahead
    story.step(Restarted())
    assert story.state(first) is RunState.STOPPING
    story.live(WHOLE_S - 0.1)
    assert (story.state(first), story.state(second)) == (RunState.STOPPING, RunState.WAITING)
    story.live(6)
    assert story.state(second) in {RunState.STARTING, RunState.RUNNING}


def test_a_motor_that_starts_is_granted_only_after_the_wait_and_has_its_time_to_start_then() -> None:
    story = Story()
    story.boards["A"].off_left_ms = 60_000
    run_id = story.ask("ram")
    story.boards["A"].off_left_ms = 0
    story.step(Restarted())
    story.sent(SendGrant)
    story.live(WHOLE_S - 1)
    assert story.sent(SendGrant) == []
    story.live(12)
    assert story.state(run_id) is RunState.RUNNING


def test_a_restored_backup_with_lower_fences_finds_a_pump_running_and_stops_it() -> None:
    story = Story("A", "B")
    here = story.ask("ram", device="A")
    story.say("A")
    story.step(Restarted())
    board = story.boards["B"]
    board.fence, board.run_id, board.on, board.obeys = 41, uuid4(), True, True
    story.sent(SendStop)
    story.step(Reported("B", board.report()))
    assert story.sent(AlarmRaised) == [AlarmRaised("B", Alarm.ON_WITHOUT_RUN)]
    assert story.motor("B").fence > 41
    assert story.run(here).hold_cause is HoldCause.STRAY
    assert not board.on  # it obeys a fence that is above its own
    story.live(6)
    assert story.sent(AlarmCleared) == [AlarmCleared("B", Alarm.ON_WITHOUT_RUN)]
    story.live(WHOLE_S + 6)
    assert story.state(here) is RunState.RUNNING


def test_a_welded_contactor_blocks_its_group_and_its_time_is_charged_to_nobody() -> None:
    story = Story("A", "B")
    first, second = story.ask("ram"), story.ask("sita", device="B")
    story.say()
    story.live(60)
    story.boards["A"].obeys = False
    story.stop(first)
    story.live(600)
    assert [raised.alarm for raised in story.sent(AlarmRaised)] == [Alarm.ON_AFTER_LEASE]
    assert (story.state(first), story.state(second)) == (RunState.STOPPING, RunState.WAITING)
    assert line.places(story.group, story.now_ms)[0].waits_for is WaitsFor.SLOT
    story.say("A", on=False)
    assert story.state(second) is RunState.STARTING
    charged_s = story.sent(Settle)[0].captured_s
    assert 60 <= charged_s <= 75  # at most one lease after the stop


def test_a_motor_that_goes_on_by_itself_is_stopped_and_nobody_pays() -> None:
    story = Story()
    story.sent(SendStop)
    story.boards["A"].obeys = False
    story.say(on=True, run_id=None)
    assert len(story.sent(SendStop)) == 1
    run_id = story.ask("ram")
    assert line.places(story.group, story.now_ms)[0].waits_for is WaitsFor.STRAY
    story.live(20)
    story.say(on=False)
    story.live(6)
    assert story.state(run_id) is RunState.RUNNING


def test_a_grid_that_flaps_every_15_s_lets_no_motor_start() -> None:
    story = Story(limits=replace(QUICK, stable_for_ms=20_000))
    story.live(25)
    run_id = story.ask("ram")
    story.say()
    story.sent(SendGrant)
    for _ in range(10):
        story.say(grid=False, on=False)
        story.live(15)
        story.say(grid=True)
        story.live(15)
    assert story.state(run_id) is RunState.HOLD
    assert story.sent(SendGrant) == []
    story.live(30)
    assert story.state(run_id) is RunState.RUNNING


def test_boots_out_of_order_and_doubled_states_change_nothing() -> None:
    story = Story()
    run_id = story.ask("ram")
    old = story.boards["A"].report()
    story.boards["A"].reboot()
    story.say()
    before = story.group
    assert story.step(Reported("A", old)) is ReportRefusal.OLD_BOOT
    newest = Report(2, 1, True, run_id, 99_000, True, True, 0)
    assert story.step(Reported("A", newest)) is ReportRefusal.STALE
    assert story.step(Reported("Z", newest)) is ReportRefusal.UNKNOWN_DEVICE
    assert story.group == before


def test_a_state_whose_number_is_absurdly_far_ahead_is_refused_and_does_not_lock_the_device_out() -> None:
    story = Story()
    run_id = story.ask("ram")
    story.say()
    before = story.group
    ahead = Report(1, 2**50, True, run_id, 99_000, True, True, 0)
    assert story.step(Reported("A", ahead)) is ReportRefusal.AHEAD
    assert story.step(Reported("A", replace(ahead, boot_id=2))) is ReportRefusal.AHEAD
    assert story.group == before
    story.say()
    assert story.state(run_id) is RunState.RUNNING


def test_an_on_time_that_falls_is_refused_and_one_that_jumps_is_given() -> None:
    story = Story()
    run_id = story.ask("ram", 3_600)
    story.say()
    story.live(30)
    assert story.say(on_ms=10) is ReportRefusal.ON_TIME_FELL
    story.say(on_ms=3_000_000)
    assert story.state(run_id) is RunState.RUNNING
    story.stop(run_id)
    story.say()
    assert story.sent(Settle)[0].captured_s <= 30 + 15


def test_a_state_that_names_a_foreign_run_charges_nobody() -> None:
    story = Story("A", "B")
    first = story.ask("ram", device="A")
    story.say("A")
    story.live(10)
    story.say("B", run_id=first, on_ms=500_000)
    assert sum(boot.on_ms for boot in story.run(first).confirmed) == 10_000


def test_an_extension_just_before_the_end_goes_on_without_losing_a_second() -> None:
    story = Story()
    run_id = story.ask("ram", 300)
    story.say()
    story.live(299.9)
    story.boards["A"].connected = False  # it reaches its budget before it hears of more
    assert story.step(ExtensionAsked(run_id, 300, None, uuid4())) is None
    story.live(2)
    story.boards["A"].connected = True
    story.live(400)
    assert story.state(run_id) is RunState.COMPLETED
    assert story.sent(Settle)[0].captured_s == 600


def test_a_burst_of_state_changes_ends_where_the_last_one_leads() -> None:
    story = Story()
    run_id = story.ask("ram")
    for _ in range(50):
        story.say(grid=False, on=False)
        story.say(grid=True)
    assert story.state(run_id) is RunState.STARTING
    story.say()
    assert story.state(run_id) is RunState.RUNNING
    assert len(story.sent(SendStop)) <= 50


def test_the_head_of_the_line_keeps_its_place_while_its_device_is_away() -> None:
    story = Story("A", "B")
    story.boards["A"].connected = False
    story.live(20)
    away, there, later = story.ask("ram", device="A"), story.ask("sita", device="B"), story.ask("gita", device="B")
    assert story.state(there) is RunState.STARTING
    places = line.places(story.group, story.now_ms)
    assert [(place.run.id, place.number) for place in places] == [(away, 1), (later, 2)]
    assert places[0].waits_for is WaitsFor.DEVICE_SILENT
    story.boards["A"].connected = True
    story.live(10)
    story.stop(there)
    story.say("B")
    assert (story.state(away), story.state(later)) == (RunState.STARTING, RunState.WAITING)


@pytest.mark.parametrize("members", [200])
def test_two_hundred_at_once_are_one_running_and_the_rest_in_order(members: int) -> None:
    story = Story(limits=replace(QUICK, line_max=500))
    asked = [story.ask(f"member {n}", 300) for n in range(members)]
    story.say()
    assert story.state(asked[0]) is RunState.RUNNING
    places = line.places(story.group, story.now_ms)
    assert [place.run.id for place in places] == asked[1:]
    assert [place.number for place in places] == list(range(1, members))
