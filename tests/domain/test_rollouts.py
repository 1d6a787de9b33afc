"""Rolling firmware out: what becomes of one device, step by step; who comes next; when it stops by itself."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from domain.rollouts import (
    ATTEMPTS_MAX,
    INSTALL_MAX,
    MOVES,
    REACHABLE,
    TRIAL,
    Answer,
    Heard,
    Item,
    Plan,
    Progress,
    RolloutState,
    Wish,
    decide,
    is_chosen,
    look_at,
    place_of,
    sent,
)

T0 = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
OLD, NEW = "1.3.0", "1.4.0"
SECOND = timedelta(seconds=1)


def heard(firmware: str | None = OLD, boot: int = 7, after_s: float = 0, **more: object) -> Heard:
    return replace(Heard(firmware, boot, T0 + timedelta(seconds=after_s), True), **more)  # type: ignore[arg-type]


def way(*told: tuple[float, Heard], start: Item | None = None) -> list[Progress]:
    """What a device that was sent the command at T0 goes through, told so many seconds later."""
    item = start or sent(Item("pp-1", 5), 7, T0)
    out = []
    for after_s, said in told:
        item = look_at(
            item, replace(said, heard_at=T0 + timedelta(seconds=after_s)), NEW, T0 + timedelta(seconds=after_s)
        )
        out.append(item.progress)
    return out


TAKEN = heard(answer=Answer.TAKEN)
ONE_BOOT = heard(OLD, 8, answer=Answer.TAKEN)
TWO_BOOTS, THREE_BOOTS = (heard(OLD, boot, answer=Answer.TAKEN) for boot in (9, 10))
TRYING = heard(NEW, 8)
SENT, UPDATED, FAILED, BACK, WAITING = (
    Progress.SENT, Progress.UPDATED, Progress.FAILED, Progress.ROLLED_BACK, Progress.WAITING,
)  # fmt: skip


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ([(5, heard()), (10, TAKEN), (90, TRYING), (150, TRYING)], [SENT, SENT, SENT, UPDATED]),
        ([(90, TRYING), (120, TRYING), (130, heard(OLD, 9))], [SENT, SENT, BACK]),
        ([(10, TAKEN), (60, ONE_BOOT), (90, TRYING), (150, TRYING)], [SENT, SENT, SENT, UPDATED]),
        ([(10, TAKEN), (60, TWO_BOOTS), (99, THREE_BOOTS)], [SENT, SENT, BACK]),
        ([(10, TAKEN), (80, heard(OLD, 9, answer=Answer.WENT_BACK, why="rolled_back"))], [SENT, BACK]),
        ([(10, heard(answer=Answer.REFUSED, why="bad_signature"))], [FAILED]),
        ([(1_200, heard(answer=Answer.EXPIRED))], [WAITING]),
        ([(900, heard(answer=Answer.NO_EFFECT))], [FAILED]),
        ([(INSTALL_MAX.total_seconds(), TAKEN), (INSTALL_MAX.total_seconds() + 1, TAKEN)], [SENT, FAILED]),
        ([(5, heard(is_in=False))], [Progress.LEFT_OUT]),
    ],
    ids=[
        "taken, tried, kept", "tried, went back", "a power cut in between", "there and back unheard",
        "says it went back",
        "refused", "not answered", "taken without effect", "too slow", "revoked",
    ],
)  # fmt: skip
def test_a_device_goes_its_way(told: list[tuple[float, Heard]], expected: list[Progress]) -> None:
    assert way(*told) == expected


def test_a_device_that_falls_silent_while_it_tries_the_new_version_is_not_updated() -> None:
    item = look_at(sent(Item("pp-1", 5), 7, T0), heard(NEW, 8, 30), NEW, T0 + 30 * SECOND)
    for later in (TRIAL, INSTALL_MAX - SECOND):
        item = look_at(item, heard(NEW, 8, 30), NEW, T0 + later)
        assert item.progress is SENT
    assert look_at(item, heard(NEW, 8, 30), NEW, T0 + INSTALL_MAX + SECOND).progress is FAILED


def test_a_device_that_runs_the_version_already_needs_nothing() -> None:
    assert look_at(Item("pp-1", 5), heard(NEW), NEW, T0).progress is UPDATED


def test_what_is_decided_stays() -> None:
    for progress in (UPDATED, FAILED, BACK, Progress.LEFT_OUT):
        item = Item("pp-1", 5, progress)
        for said in (heard(), heard(NEW), heard(is_in=False), TAKEN):
            assert look_at(item, said, NEW, T0) == item


def test_a_device_that_never_answers_is_asked_a_few_times() -> None:
    item = Item("pp-1", 5)
    for n in range(ATTEMPTS_MAX):
        item = look_at(sent(item, 7, T0), heard(answer=Answer.EXPIRED), NEW, T0 + 1_200 * SECOND)
        assert item.progress is (FAILED if n == ATTEMPTS_MAX - 1 else WAITING)
    assert item.reason == "no_answer"


# The whole line


def line(*progress: Progress) -> list[Item]:
    return [Item(f"pp-{n}", n, each) for n, each in enumerate(progress)]


def everybody(items: list[Item], after_s: float = 0) -> dict[str, Heard]:
    return {item.device_id: heard(after_s=after_s) for item in items}


RUNNING, PAUSED, STOPPED = RolloutState.RUNNING, RolloutState.PAUSED, RolloutState.STOPPED


def test_so_many_at_a_time_in_the_order_of_their_places() -> None:
    items = line(SENT, WAITING, WAITING, WAITING, UPDATED)
    items[1] = replace(items[1], place=99)
    assert decide(RUNNING, Plan(NEW, 3, 0), items, everybody(items), T0).send == ("pp-2", "pp-3")


def test_whoever_is_away_is_passed_over_and_whoever_did_not_answer_comes_last() -> None:
    items = line(WAITING, WAITING, WAITING)
    items[1] = replace(items[1], attempts=1)
    said = everybody(items) | {"pp-0": heard(after_s=-REACHABLE.total_seconds() - 1)}
    assert decide(RUNNING, Plan(NEW, 2, 0), items, said, T0).send == ("pp-2", "pp-1")
    assert decide(RUNNING, Plan(NEW, 2, 0), items, said | {"pp-0": Heard(None, None, None, True)}, T0).send == (
        "pp-2",
        "pp-1",
    )


@pytest.mark.parametrize(
    ("failures_max", "forgiven", "state"),
    [(1, 0, STOPPED), (2, 0, RUNNING), (1, 1, RUNNING), (0, 2, RUNNING), (0, 1, STOPPED)],
)
def test_it_stops_by_itself_when_more_fail_than_allowed(failures_max: int, forgiven: int, state: RolloutState) -> None:
    items = line(FAILED, BACK, WAITING)
    decision = decide(RUNNING, Plan(NEW, 5, failures_max, forgiven), items, everybody(items), T0)
    assert decision.state is state
    assert bool(decision.send) is (state is RUNNING)


def test_a_paused_one_sends_nothing_but_still_ends_and_still_stops() -> None:
    plan = Plan(NEW, 5, 0)
    assert decide(PAUSED, plan, line(WAITING), everybody(line(WAITING)), T0) == decide(
        PAUSED, plan, line(SENT), everybody(line(SENT)), T0
    )
    assert decide(PAUSED, plan, line(UPDATED), {}, T0).state is RolloutState.DONE
    assert decide(PAUSED, plan, line(FAILED, WAITING), {}, T0).state is STOPPED


def test_it_is_done_when_everybody_is() -> None:
    items = line(UPDATED, FAILED, Progress.LEFT_OUT)
    assert decide(RUNNING, Plan(NEW, 5, 1), items, everybody(items), T0).state is RolloutState.DONE


@pytest.mark.parametrize("state", [STOPPED, RolloutState.CANCELLED, RolloutState.DONE])
def test_what_is_over_sends_nothing(state: RolloutState) -> None:
    items = line(WAITING, SENT)
    assert decide(state, Plan(NEW, 5, 9), items, everybody(items), T0).state is state
    assert decide(state, Plan(NEW, 5, 9), items, everybody(items), T0).send == ()


def test_what_a_person_may_want_of_which_state() -> None:
    allowed = {(state, wish) for state in RolloutState for wish in Wish if (state, wish) in MOVES}
    assert allowed == {
        (RUNNING, Wish.PAUSE), (RUNNING, Wish.CANCEL), (PAUSED, Wish.RESUME), (PAUSED, Wish.CANCEL),
        (STOPPED, Wish.RESUME), (STOPPED, Wish.CANCEL),
    }  # fmt: skip


def test_the_share_is_about_right_and_the_same_for_the_same_roll_out() -> None:
    one, other = UUID(int=1), UUID(int=2)
    devices = [f"pp-{n}" for n in range(4_000)]
    chosen = {d for d in devices if is_chosen(place_of(one, d), 10)}
    assert 320 < len(chosen) < 480
    assert chosen == {d for d in devices if is_chosen(place_of(one, d), 10)}
    assert chosen != {d for d in devices if is_chosen(place_of(other, d), 10)}
