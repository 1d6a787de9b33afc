"""Hours without power, and how long somebody will wait."""

from datetime import UTC, datetime, time, timedelta
from uuid import uuid4

import pytest

from domain.pump import estimate
from domain.pump.shedding import Window, ends_at, next_change, usual_windows
from tests.domain.pump.story import Story

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
EVENING = Window(0, time(18), 90)
NIGHT = Window(6, time(23), 120)  # Sunday night, into Monday


def at(hour: int, minute: int = 0, day: int = 0) -> datetime:
    return MONDAY + timedelta(days=day, hours=hour, minutes=minute)


@pytest.mark.parametrize(
    ("windows", "moment", "end"),
    [
        ([EVENING], at(17, 59), None),
        ([EVENING], at(18), at(19, 30)),
        ([EVENING], at(19, 30), None),
        ([EVENING], at(18, day=1), None),
        ([NIGHT], at(0, 30), at(1)),
        ([EVENING, Window(0, time(19), 60)], at(18, 10), at(20)),
        ([], at(18), None),
    ],
)
def test_a_schedule_says_when_a_cut_ends(windows: list[Window], moment: datetime, end: datetime | None) -> None:
    assert ends_at(windows, moment) == end


@pytest.mark.parametrize(
    ("moment", "change"),
    [(at(12), at(18)), (at(18), at(19, 30)), (at(19, 30), at(23, day=6)), (at(0, day=2), at(23, day=6))],
)
def test_a_schedule_says_what_changes_next(moment: datetime, change: datetime) -> None:
    assert next_change([EVENING, NIGHT], moment) == change


def test_nothing_changes_without_a_schedule() -> None:
    assert next_change([], MONDAY) is None


@pytest.mark.parametrize(
    ("window", "sound"),
    [
        (EVENING, True),
        (Window(7, time(1), 10), False),
        (Window(0, time(1), 0), False),
        (Window(0, time(1), 1441), False),
    ],
)
def test_a_window_must_make_sense(window: Window, sound: bool) -> None:
    assert window.is_sound() is sound


def test_what_is_dark_on_most_days_is_usual() -> None:
    cuts = [(at(14, 10, day), at(15, 20, day)) for day in range(5)] + [(at(9), at(10))]
    usual = usual_windows(cuts, days=7)
    assert {(window.begins, window.minutes) for window in usual} == {(time(14), 30), (time(14, 30), 30), (time(15), 30)}
    assert len(usual) == 3 * 7
    assert usual_windows(cuts, days=0) == []


@pytest.mark.parametrize(
    ("work_min", "moment", "wait_min"),
    [(30, at(12), 30), (30, at(17, 45), 120), (30, at(18, 30), 90), (0, at(12), 0)],
)
def test_work_stands_still_in_usual_cuts(work_min: int, moment: datetime, wait_min: int) -> None:
    assert estimate.with_cuts(timedelta(minutes=work_min), [EVENING], moment) == timedelta(minutes=wait_min)


def test_what_takes_more_than_a_week_is_not_promised() -> None:
    always = [Window(day, time(0), 24 * 60) for day in range(7)]
    assert estimate.with_cuts(timedelta(minutes=1), always, MONDAY) is None


def test_an_estimate_knows_what_is_left_of_the_runs_before() -> None:
    story = Story()
    story.ask("ram", 600)
    story.say()
    second, third = story.ask("sita", 300), story.ask("gita", 900)
    story.live(120)
    changeover_s = estimate.CHANGEOVER_MS / 1000
    waits = [estimate.wait(story.group, run, [], MONDAY) for run in (second, third)]
    assert waits == [timedelta(seconds=480 + changeover_s), timedelta(seconds=780 + 2 * changeover_s)]
    assert estimate.wait(story.group, uuid4(), [], MONDAY) is None
