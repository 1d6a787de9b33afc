"""Hours without power that are planned."""

from datetime import UTC, datetime, time, timedelta

import pytest

from domain.pump.shedding import Window, ends_at, next_change

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
