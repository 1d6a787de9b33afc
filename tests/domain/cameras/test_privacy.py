"""Privacy hours, by the clock on the tenant's wall."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.cameras.privacy import WEEK, HoursFault, PrivacyHours

PUNE = ZoneInfo("Asia/Kolkata")
BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 11, 23, tzinfo=PUNE)
LUNCH = PrivacyHours(frozenset(range(5)), 13 * 60, 14 * 60)
NIGHT = PrivacyHours(WEEK, 22 * 60, 6 * 60)
FRIDAY_NIGHT = PrivacyHours(frozenset({4}), 22 * 60, 6 * 60)


@pytest.mark.parametrize(
    ("hours", "after", "ends"),
    [
        (LUNCH, timedelta(hours=12, minutes=59), None),
        (LUNCH, timedelta(hours=13), timedelta(hours=14)),
        (LUNCH, timedelta(hours=13, minutes=59, seconds=59), timedelta(hours=14)),
        (LUNCH, timedelta(hours=14), None),
        (LUNCH, timedelta(days=5, hours=13), None),
        (NIGHT, timedelta(hours=23), timedelta(days=1, hours=6)),
        (NIGHT, timedelta(hours=3), timedelta(hours=6)),
        (FRIDAY_NIGHT, timedelta(days=5, hours=5), timedelta(days=5, hours=6)),
        (FRIDAY_NIGHT, timedelta(days=4, hours=5), None),
        (PrivacyHours(frozenset({0}), 0, 1440), timedelta(hours=12), timedelta(days=1)),
        (PrivacyHours(frozenset({0}), 600, 600), timedelta(days=1, hours=9), timedelta(days=1, hours=10)),
    ],
)
def test_the_picture_is_off_until(hours: PrivacyHours, after: timedelta, ends: timedelta | None) -> None:
    assert hours.ends_at(MONDAY + after, PUNE) == (None if ends is None else MONDAY + ends)


def test_hours_that_follow_each_other_count_as_one() -> None:
    weekend = PrivacyHours(frozenset({5, 6}), 0, 1440)
    assert weekend.ends_at(MONDAY + timedelta(days=5, hours=1), PUNE) == MONDAY + timedelta(days=7)


def test_summer_time_moves_the_end_with_the_wall_clock() -> None:
    before_change = datetime(2026, 3, 28, 23, tzinfo=BERLIN)
    ends = NIGHT.ends_at(before_change, BERLIN)
    assert ends is not None and ends.astimezone(UTC) == datetime(2026, 3, 29, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("hours", "fault"),
    [
        (PrivacyHours(frozenset(), 0, 60), HoursFault.NO_DAY),
        (PrivacyHours(frozenset({7}), 0, 60), HoursFault.NO_DAY),
        (PrivacyHours(WEEK, 1440, 60), HoursFault.NOT_A_TIME),
        (PrivacyHours(WEEK, 0, 1441), HoursFault.NOT_A_TIME),
        (LUNCH, None),
    ],
)
def test_hours_that_can_not_be(hours: PrivacyHours, fault: HoursFault | None) -> None:
    assert hours.fault() is fault


@given(
    st.frozensets(st.integers(0, 6), min_size=1),
    st.integers(0, 1439),
    st.integers(0, 1440),
    st.integers(0, 14 * 24 * 60),
)
def test_an_end_is_ahead_and_at_it_the_hours_are_over(days: frozenset[int], begin: int, end: int, minute: int) -> None:
    now = MONDAY + timedelta(minutes=minute)
    hours = PrivacyHours(days, begin, end)
    ends = hours.ends_at(now, PUNE)
    if ends is not None:
        assert now < ends <= now + timedelta(days=9)
        assert hours.ends_at(now, PUNE) == ends
        is_all_week = days == WEEK and (end - begin) % 1440 == 0
        assert is_all_week or hours.ends_at(ends, PUNE) is None
