"""What people ask for and don't get: each refusal, in its order, and that it changes nothing."""

from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from domain.pump.effects import SameAnswer, TakeHold
from domain.pump.events import Event, ExtensionAsked, Requested, Skipped, StopAsked
from domain.pump.state import Standing
from domain.pump.words import Mode, PumpRefusal, RunState
from tests.domain.pump.story import QUICK, Story


@pytest.mark.parametrize(
    ("seconds", "refusal"),
    [
        (-300, PumpRefusal.AMOUNT_TOO_SMALL), (0, PumpRefusal.AMOUNT_TOO_SMALL), (299, PumpRefusal.AMOUNT_TOO_SMALL),
        (300, None), (36_000, None), (36_001, PumpRefusal.BALANCE_TOO_LOW),
        (12 * 3600 + 1, PumpRefusal.AMOUNT_TOO_LARGE),
        (10**12, PumpRefusal.AMOUNT_TOO_LARGE),
    ],
)  # fmt: skip
def test_only_sensible_amounts_are_taken(seconds: int, refusal: PumpRefusal | None) -> None:
    assert Story().try_asking("ram", seconds)[1] is refusal


def test_a_member_has_one_open_run() -> None:
    story = Story("A", "B")
    story.ask("ram")
    assert story.try_asking("ram", device="B")[1] is PumpRefusal.OPEN_RUN
    assert story.try_asking("sita", has_open_run=True)[1] is PumpRefusal.OPEN_RUN


def test_the_suspended_and_the_unknown_motor_are_refused() -> None:
    story = Story()
    assert story.try_asking("ram", device="Z")[1] is PumpRefusal.UNKNOWN_MOTOR
    story.standings[story.member("sita")] = Standing(10_000, active=False)
    assert story.try_asking("sita")[1] is PumpRefusal.MEMBER_SUSPENDED


def test_a_full_line_takes_nobody() -> None:
    story = Story(limits=replace(QUICK, line_max=1))
    story.ask("ram")
    story.ask("sita")
    assert story.try_asking("gita")[1] is PumpRefusal.LINE_FULL


def test_the_same_key_gets_the_same_answer_and_another_payload_is_refused() -> None:
    story = Story()
    run_id = story.ask("ram", 600)
    story.effects.clear()
    assert story.try_asking("ram", 600, run_id=run_id)[1] is None
    assert [type(effect) for effect in story.effects] == [SameAnswer]
    assert story.try_asking("ram", 601, run_id=run_id)[1] is PumpRefusal.KEY_REUSED
    assert story.try_asking("sita", 600, run_id=run_id)[1] is PumpRefusal.KEY_REUSED
    assert story.try_asking("ram", 600, run_id=run_id, mode=Mode.CARD)[1] is PumpRefusal.KEY_REUSED


def test_a_key_of_a_run_that_is_over_begins_no_other() -> None:
    story = Story()
    run_id = story.ask("ram", 600)
    story.stop(run_id)
    story.say()
    assert story.try_asking("ram", 600, run_id=run_id, earlier=story.ended[run_id])[1] is None
    assert (story.group.active, story.group.waiting) == ((), ())


def test_a_key_stays_the_same_after_an_extension() -> None:
    story = Story()
    run_id = story.ask("ram", 600)
    story.say()
    story.step(ExtensionAsked(run_id, 300, None, uuid4()))
    assert story.try_asking("ram", 600, run_id=run_id)[1] is None


FORBIDDEN: dict[RunState, dict[str, PumpRefusal]] = {
    RunState.WAITING: {"extend": PumpRefusal.NOT_RUNNING},
    RunState.STARTING: {"extend": PumpRefusal.NOT_RUNNING, "skip": PumpRefusal.NOT_WAITING},
    RunState.RUNNING: {"skip": PumpRefusal.NOT_WAITING},
    RunState.HOLD: {"extend": PumpRefusal.NOT_RUNNING, "skip": PumpRefusal.NOT_WAITING},
    RunState.STOPPING: {
        "stop": PumpRefusal.ALREADY_STOPPING, "extend": PumpRefusal.NOT_RUNNING, "skip": PumpRefusal.NOT_WAITING,
    },
    RunState.UNSETTLED: {
        "stop": PumpRefusal.ALREADY_STOPPING, "extend": PumpRefusal.NOT_RUNNING, "skip": PumpRefusal.NOT_WAITING,
    },
    RunState.COMPLETED: dict.fromkeys(("stop", "extend", "skip"), PumpRefusal.UNKNOWN_RUN),
}  # fmt: skip


def in_state(state: RunState) -> tuple[Story, UUID]:
    """A story in which a run stands there."""
    story = Story()
    if state is RunState.WAITING:
        story.ask("sita")
    run_id = story.ask("ram")
    if state in {RunState.WAITING, RunState.STARTING}:
        return story, run_id
    story.say()
    if state is RunState.HOLD:
        story.say(ready=False, on=False)
    if state in {RunState.STOPPING, RunState.UNSETTLED, RunState.COMPLETED}:
        story.boards["A"].connected = state is RunState.COMPLETED
        story.stop(run_id)
    if state is RunState.UNSETTLED:
        story.live(20)
    if state is RunState.COMPLETED:
        story.say()
    assert story.state(run_id) is state
    return story, run_id


@pytest.mark.parametrize(("state", "what"), [(state, what) for state, moves in FORBIDDEN.items() for what in moves])
def test_every_forbidden_move_is_refused_and_changes_nothing(state: RunState, what: str) -> None:
    story, run_id = in_state(state)
    before = story.group
    events: dict[str, Event] = {
        "stop": StopAsked(run_id, None),
        "extend": ExtensionAsked(run_id, 300, None, uuid4()),
        "skip": Skipped(run_id, 1_000, uuid4()),
    }
    assert story.step(events[what]) is FORBIDDEN[state][what]
    assert story.group == before


@pytest.mark.parametrize(
    ("seconds", "refusal"),
    [
        (0, PumpRefusal.AMOUNT_TOO_SMALL), (-1, PumpRefusal.AMOUNT_TOO_SMALL),
        (12 * 3600, PumpRefusal.AMOUNT_TOO_LARGE), (35_401, PumpRefusal.BALANCE_TOO_LOW), (1, None),
    ],
)  # fmt: skip
def test_an_extension_must_fit(seconds: int, refusal: PumpRefusal | None) -> None:
    story, run_id = in_state(RunState.RUNNING)
    assert story.step(ExtensionAsked(run_id, seconds, None, uuid4())) is refusal


def test_an_extension_with_the_same_key_counts_once() -> None:
    story, run_id = in_state(RunState.RUNNING)
    key = uuid4()
    story.step(ExtensionAsked(run_id, 60, None, key))
    story.effects.clear()
    assert story.step(ExtensionAsked(run_id, 60, None, key, earlier_s=60)) is None
    assert story.sent(TakeHold) == []
    assert story.step(ExtensionAsked(run_id, 61, None, key, earlier_s=60)) is PumpRefusal.KEY_REUSED
    assert story.run(run_id).amount_s == 660


def test_who_is_skipped_stands_at_the_end_of_the_line() -> None:
    story = Story()
    story.ask("ram")
    second, third = story.ask("sita"), story.ask("gita")
    assert story.step(Skipped(second, 100, uuid4())) is None
    assert [run.id for run in story.group.waiting] == [third, second]


def test_nobody_runs_whose_standing_is_unknown() -> None:
    story = Story()
    story.ask("ram")
    with pytest.raises(KeyError):
        story.step(Requested(uuid4(), uuid4(), "A", 600, 9, None))
