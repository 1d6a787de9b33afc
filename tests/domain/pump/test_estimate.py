"""About how long somebody waits: the runs before, planned cuts, and what past cuts tell of those to come."""

from datetime import UTC, datetime, time, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.pump import estimate
from domain.pump.estimate import Power, about, with_cuts
from domain.pump.power_habits import SLOTS, Habits, PastCut, learn
from domain.pump.shedding import Window
from tests.domain.pump.story import Story

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
EVENING = Window(0, time(18), 90)
LONG_AGO = MONDAY - timedelta(days=90)


def at(hour: int, minute: int = 0, day: int = 0) -> datetime:
    return MONDAY + timedelta(days=day, hours=hour, minutes=minute)


def minutes(n: float) -> timedelta:
    return timedelta(minutes=n)


def half_hours(**dark: float) -> tuple[float, ...]:
    """h14=0.5: from 14:00 to 15:00 the power is away half of the time."""
    return tuple(dark.get(f"h{slot // 2}", 0.0) for slot in range(SLOTS))


def daily(begin: int, end: int, days: int = 28) -> list[PastCut]:
    """On each of the last days, from one full hour to another."""
    return [PastCut(at(begin, day=-day), at(end, day=-day)) for day in range(1, days + 1)]


@pytest.mark.parametrize(
    ("work_min", "moment", "wait_min"),
    [(30, at(12), 30), (30, at(17, 45), 120), (30, at(18, 30), 90), (0, at(12), 0)],
)
def test_work_stands_still_in_planned_cuts(work_min: int, moment: datetime, wait_min: int) -> None:
    assert with_cuts(minutes(work_min), Power(moment, [EVENING])) == minutes(wait_min)


def test_what_takes_more_than_a_week_is_not_promised() -> None:
    always = [Window(day, time(0), 24 * 60) for day in range(7)]
    assert with_cuts(minutes(1), Power(MONDAY, always)) is None
    assert with_cuts(minutes(1), Power(MONDAY, habits=Habits((1.0,) * SLOTS))) is None


@pytest.mark.parametrize(
    ("dark", "work_min", "wait_min"),
    [
        ({}, 60, 60),
        ({"h14": 0.5}, 20, 40),
        ({"h14": 0.5}, 60, 90),  # thirty of them are done in the slow hour
        ({"h14": 1.0}, 10, 70),
        ({"h9": 1.0}, 60, 60),
    ],
)
def test_hours_that_are_often_dark_slow_the_work_by_how_often(
    dark: dict[str, float], work_min: int, wait_min: int
) -> None:
    assert with_cuts(minutes(work_min), Power(at(14), habits=Habits(half_hours(**dark)))) == minutes(wait_min)


def test_a_plan_explains_its_hours_alone() -> None:
    habits = Habits(half_hours(h18=1.0))
    assert with_cuts(minutes(30), Power(at(17, 45), [EVENING], habits)) == minutes(120)


@pytest.mark.parametrize(("elapsed_min", "wait_min"), [(0, 70), (45, 55), (100, 30), (240, None)])
def test_a_cut_of_now_probably_lasts_as_long_as_past_ones(elapsed_min: int, wait_min: int | None) -> None:
    habits = Habits(lengths=(minutes(30), minutes(60), minutes(120)))
    now = at(12)
    found = with_cuts(minutes(10), Power(now, habits=habits, cut_since=now - minutes(elapsed_min)))
    assert found == (None if wait_min is None else minutes(wait_min))


def test_nobody_can_say_when_an_unplanned_cut_ends_of_whose_past_nothing_is_known() -> None:
    assert with_cuts(minutes(10), Power(at(12), cut_since=at(11))) is None
    assert with_cuts(minutes(10), Power(at(18, 30), [EVENING], cut_since=at(18))) == minutes(70)


def test_habits_are_learned_by_hour_and_length() -> None:
    habits = learn(daily(14, 16), LONG_AGO, MONDAY)
    assert habits is not None
    assert [habits.dark_at(at(hour)) for hour in (13, 14, 15, 16)] == [0.0, 1.0, 1.0, 0.0]
    assert set(habits.lengths) == {timedelta(hours=2)}
    assert habits.rest_of(minutes(30)) == minutes(90)
    assert habits.rest_of(timedelta(hours=2)) is None


def test_what_happened_on_one_day_of_seven_weighs_a_seventh() -> None:
    habits = learn(daily(14, 15, days=1), MONDAY - timedelta(days=7), MONDAY)
    assert habits is not None
    assert habits.dark_at(at(14)) == pytest.approx(1 / 7)


def test_nothing_is_usual_before_some_days_have_passed() -> None:
    assert learn(daily(14, 16), MONDAY - timedelta(days=2), MONDAY) is None


def test_what_is_older_than_four_weeks_is_forgotten() -> None:
    old = [PastCut(at(14, day=-day), at(16, day=-day)) for day in range(30, 60)]
    habits = learn(old, LONG_AGO, MONDAY)
    assert habits == Habits()


def test_several_controllers_tell_of_one_cut() -> None:
    one = PastCut(at(14, day=-1), at(15, day=-1))
    other = PastCut(at(14, 1, day=-1), at(15, 2, day=-1))
    habits = learn([one, other], MONDAY - timedelta(days=4), MONDAY)
    assert habits is not None
    assert habits.lengths == (minutes(62),)
    assert habits.dark_at(at(14)) == pytest.approx(1 / 4)


def test_a_flicker_says_nothing_of_how_long_a_cut_lasts_and_one_that_lasts_counts_until_now() -> None:
    flicker = PastCut(at(9, day=-1), at(9, day=-1) + timedelta(seconds=20))
    habits = learn([flicker, PastCut(at(23, day=-1), None)], MONDAY - timedelta(days=4), MONDAY)
    assert habits is not None
    assert habits.lengths == (minutes(60),)


@given(st.lists(st.tuples(st.integers(0, 40_000), st.integers(0, 3_000)), max_size=40), st.integers(0, 5_000))
def test_no_past_makes_a_wait_shorter_than_the_work(cuts: list[tuple[int, int]], work_min: int) -> None:
    past = [PastCut(MONDAY - minutes(began), MONDAY - minutes(began) + minutes(lasted)) for began, lasted in cuts]
    habits = learn([cut for cut in past if cut.ended_at and cut.ended_at <= MONDAY], LONG_AGO, MONDAY)
    assert habits is not None
    assert all(0.0 <= share <= 1.0 for share in habits.dark)
    found = with_cuts(minutes(work_min), Power(MONDAY, [EVENING], habits))
    assert found is None or found >= minutes(work_min) - timedelta(seconds=1)


@pytest.mark.parametrize(
    ("exact", "shown"),
    [(0, 0), (0.4, 1), (9.2, 10), (10.1, 15), (58, 60), (61, 75), (239, 240), (241, 270)],
)
def test_an_estimate_looks_no_more_exact_than_it_is(exact: float, shown: float) -> None:
    assert about(minutes(exact)) == minutes(shown)


def test_an_estimate_knows_what_is_left_of_the_runs_before() -> None:
    story = Story()
    story.ask("ram", 600)
    story.say()
    second, third = story.ask("sita", 300), story.ask("gita", 900)
    story.live(120)
    waits = [estimate.wait(story.group, run, Power(MONDAY)) for run in (second, third)]
    assert waits == [minutes(9), minutes(15)]  # 8 min and one changeover; 13 min and two
    assert estimate.wait(story.group, uuid4(), Power(MONDAY)) is None
