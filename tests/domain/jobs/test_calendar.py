"""Working time: across nights, weekends, holidays, zones, and the nights on which the clock is changed."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.jobs.calendar import DAY_MINUTES, HoursUnusable, Span, WorkingCalendar

KOLKATA, BERLIN = ZoneInfo("Asia/Kolkata"), ZoneInfo("Europe/Berlin")
NINE_TO_FIVE: tuple[Span, ...] = ((540, 1_020),)
SHOP = WorkingCalendar(KOLKATA, dict.fromkeys(range(5), NINE_TO_FIVE), frozenset({date(2026, 3, 4)}))
NIGHTS = WorkingCalendar(BERLIN, dict.fromkeys(range(7), ((0, DAY_MINUTES),)))


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """In March 2026; the 2nd is a Monday."""
    return datetime(2026, 3, day, hour, minute, tzinfo=KOLKATA)


@pytest.mark.parametrize(
    ("since", "minutes", "until"),
    [
        (at(2, 9), 60, at(2, 10)),
        (at(2, 6), 60, at(2, 10)),  # before the opening
        (at(2, 9), 480, at(2, 17)),  # to the last minute
        (at(2, 16), 120, at(3, 10)),  # over night
        (at(3, 16), 120, at(5, 10)),  # the 4th is a holiday
        (at(6, 16), 120, at(9, 10)),  # a Friday
        (at(7, 12), 0, at(9, 9)),  # nothing, but on a Saturday
        (at(2, 9), 2_400, at(9, 17)),  # five working days
    ],
)
def test_work_goes_on_while_the_workshop_is_open(since: datetime, minutes: int, until: datetime) -> None:
    assert SHOP.add(since, minutes) == until
    assert SHOP.between(since, until) == minutes


def test_a_lunch_break_is_no_work() -> None:
    shop = WorkingCalendar(KOLKATA, {0: ((540, 780), (840, 1_080))})
    assert shop.add(at(2, 12, 30), 60) == at(2, 14, 30)
    assert [shop.is_open(at(2, hour)) for hour in (8, 9, 13, 14, 18)] == [False, True, False, True, False]


def test_a_workshop_that_never_opens_finishes_nothing() -> None:
    shop = WorkingCalendar(KOLKATA, {})
    assert shop.add(at(2, 9), 1) is None
    assert shop.between(at(2, 9), at(9, 9)) == 0 and not shop.is_open(at(2, 9))


def test_the_day_on_which_an_hour_is_skipped_is_an_hour_shorter_and_the_other_longer() -> None:
    for month, day, hours in ((3, 29, 23), (10, 25, 25), (7, 1, 24)):
        begin = datetime(2026, month, day, tzinfo=BERLIN)
        end = datetime(2026, month, day, tzinfo=BERLIN) + timedelta(days=1)
        assert NIGHTS.between(begin, end) == hours * 60


def test_hours_that_lie_in_a_skipped_hour_touch_nothing_else() -> None:
    shop = WorkingCalendar(BERLIN, {6: ((60, 150), (165, 240))})  # 1:00–2:30 and 2:45–4:00; 2:00–3:00 is not
    spans = []
    for span in shop.open_from(datetime(2026, 3, 29, tzinfo=BERLIN)):
        if span[0].date() != date(2026, 3, 29):
            break
        spans.append(span)
    assert all(begin < end for begin, end in spans)
    assert all(a[1] <= b[0] for a, b in pairwise(spans))


@pytest.mark.parametrize(
    "hours",
    [{7: NINE_TO_FIVE}, {0: ((600, 540),)}, {0: ((540, 700), (650, 800))}, {0: ((-1, 60),)}, {0: ((0, 1_441),)}],
)
def test_hours_that_make_no_sense_are_refused(hours: dict[int, tuple[Span, ...]]) -> None:
    with pytest.raises(HoursUnusable):
        WorkingCalendar(KOLKATA, hours)


MOMENTS = st.integers(0, 525_600).map(lambda minute: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minute))
CALENDARS = st.builds(
    WorkingCalendar,
    st.sampled_from([KOLKATA, BERLIN, ZoneInfo("America/St_Johns"), ZoneInfo("Australia/Lord_Howe"), UTC]),
    st.dictionaries(
        st.integers(0, 6),
        st.lists(st.integers(0, DAY_MINUTES), min_size=2, max_size=2, unique=True).map(lambda e: (tuple(sorted(e)),)),
        min_size=1,
    ),
    st.frozensets(st.dates(date(2026, 1, 1), date(2026, 12, 31)), max_size=5),
)


@given(CALENDARS, MOMENTS, st.integers(1, 3_000))
def test_what_was_added_lies_between(calendar: WorkingCalendar, since: datetime, minutes: int) -> None:
    until = calendar.add(since, minutes)
    if until is None:  # one minute a week is not enough in two years
        assert calendar.between(since, since + timedelta(days=700)) < minutes
        return
    assert since < until and calendar.between(since, until) == minutes


@given(CALENDARS, MOMENTS, st.integers(0, 20_000), st.integers(0, 20_000))
def test_working_time_is_never_more_than_time(
    calendar: WorkingCalendar, since: datetime, first: int, second: int
) -> None:
    middle = since + timedelta(minutes=first)
    until = middle + timedelta(minutes=second)
    whole = calendar.between(since, until)
    parts = calendar.between(since, middle) + calendar.between(middle, until)
    assert parts <= whole <= parts + 1 and whole <= first + second
    assert calendar.between(until, since - timedelta(seconds=1)) == 0
