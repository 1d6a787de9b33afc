"""Who is told what, and when: thresholds, quiet hours over midnight and across zones, owners called in time."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.limits import Level
from domain.notify import AlertsWanted, News, NotifyPrefs, NotifySettings, QuietHours

NIGHT = QuietHours(time(22), time(7))
NOON = QuietHours(time(12), time(13, 30))


def at(text: str, zone: str) -> datetime:
    """A moment by the clock of a zone."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("quiet", "now", "zone", "until"),
    [
        (NIGHT, "2026-11-21T21:59:59", "Asia/Kolkata", None),
        (NIGHT, "2026-11-21T22:00", "Asia/Kolkata", "2026-11-22T07:00"),
        (NIGHT, "2026-11-21T23:59:59", "Asia/Kolkata", "2026-11-22T07:00"),
        (NIGHT, "2026-11-22T00:00", "Asia/Kolkata", "2026-11-22T07:00"),
        (NIGHT, "2026-11-22T06:59:59", "Asia/Kolkata", "2026-11-22T07:00"),
        (NIGHT, "2026-11-22T07:00", "Asia/Kolkata", None),
        (NIGHT, "2026-12-31T23:30", "America/New_York", "2027-01-01T07:00"),
        (NOON, "2026-11-21T11:59", "Asia/Kolkata", None),
        (NOON, "2026-11-21T12:00", "Asia/Kolkata", "2026-11-21T13:30"),
        (NOON, "2026-11-21T13:30", "Asia/Kolkata", None),
        (QuietHours(time(8), time(8)), "2026-11-21T08:00", "Asia/Kolkata", None),
        # Berlin skips 02:00–03:00 on 29 March 2026, and shows it twice on 25 October.
        (NIGHT, "2026-03-28T23:00", "Europe/Berlin", "2026-03-29T07:00"),
        (QuietHours(time(1), time(2, 30)), "2026-03-29T01:30", "Europe/Berlin", "2026-03-29T03:30"),
        (QuietHours(time(1), time(2, 30)), "2026-10-25T01:30", "Europe/Berlin", "2026-10-25T02:30"),
    ],
)
def test_quiet_hours_go_by_the_clock_of_the_tenants_zone(
    quiet: QuietHours, now: str, zone: str, until: str | None
) -> None:
    found = quiet.ends_at(at(now, zone), ZoneInfo(zone))
    assert found == (at(until, zone).astimezone(UTC) if until else None)


@pytest.mark.parametrize(
    ("zone", "is_quiet"),
    [
        ("Asia/Kolkata", True),
        ("UTC", False),
        ("America/New_York", False),
        ("Asia/Tokyo", True),
        ("Europe/Paris", False),
    ],
)
def test_one_moment_is_quiet_in_one_zone_and_not_in_another(zone: str, is_quiet: bool) -> None:
    moment = datetime(2026, 11, 21, 19, 0, tzinfo=UTC)
    assert (NIGHT.ends_at(moment, ZoneInfo(zone)) is not None) is is_quiet


def test_an_end_that_the_clock_shows_twice_is_never_in_the_past() -> None:
    zone, quiet = ZoneInfo("Europe/Berlin"), QuietHours(time(1), time(2, 30))
    second = datetime(2026, 10, 25, 1, 10, tzinfo=UTC)  # 02:10 for the second time
    assert quiet.ends_at(second, zone) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


DAY = datetime(2026, 11, 21, 12, tzinfo=UTC)
NIGHT_TIME = datetime(2026, 11, 21, 20, tzinfo=UTC)  # 01:30 in Kolkata
MORNING = datetime(2026, 11, 22, 1, 30, tzinfo=UTC)  # 07:00 there


@pytest.mark.parametrize(
    ("prefs", "news", "level", "now", "when"),
    [
        (NotifyPrefs(), News.RAISED, Level.CRITICAL, DAY, DAY),
        (NotifyPrefs(), News.RAISED, Level.WARNING, DAY, None),
        (NotifyPrefs(AlertsWanted.ALL), News.RAISED, Level.WARNING, DAY, DAY),
        (NotifyPrefs(AlertsWanted.NONE), News.RAISED, Level.CRITICAL, DAY, None),
        (NotifyPrefs(AlertsWanted.NONE), News.UNACKNOWLEDGED, Level.CRITICAL, DAY, DAY),
        (NotifyPrefs(over=False), News.OVER, Level.CRITICAL, DAY, None),
        (NotifyPrefs(), News.OVER, Level.CRITICAL, DAY, DAY),
        (NotifyPrefs(AlertsWanted.ALL, quiet=NIGHT), News.RAISED, Level.WARNING, NIGHT_TIME, MORNING),
        (NotifyPrefs(AlertsWanted.ALL, quiet=NIGHT), News.RAISED, Level.WARNING, DAY, DAY),
        (NotifyPrefs(quiet=NIGHT), News.RAISED, Level.CRITICAL, NIGHT_TIME, NIGHT_TIME),
        (NotifyPrefs(quiet=NIGHT, critical_wakes=False), News.RAISED, Level.CRITICAL, NIGHT_TIME, MORNING),
        (NotifyPrefs(quiet=NIGHT), News.OVER, Level.CRITICAL, NIGHT_TIME, MORNING),
        (NotifyPrefs(quiet=NIGHT, critical_wakes=False), News.UNACKNOWLEDGED, Level.CRITICAL, NIGHT_TIME, MORNING),
    ],
)
def test_what_is_wanted_comes_at_once_or_after_the_quiet_hours(
    prefs: NotifyPrefs, news: News, level: Level, now: datetime, when: datetime | None
) -> None:
    assert prefs.when(news, level, now, ZoneInfo("Asia/Kolkata")) == when


def test_wishes_survive_being_stored() -> None:
    wishes = NotifyPrefs(AlertsWanted.ALL, False, False, QuietHours(time(21, 15), time(6)), False)
    assert NotifyPrefs.of(wishes.as_stored()) == wishes
    assert NotifyPrefs.of(NotifyPrefs().as_stored()) == NotifyPrefs()


@pytest.mark.parametrize("quiet", [None, "22:00", ["22:00"], ["22:00", "soon"], [1, 2], ["22:00Z", "07:00Z"], {}])
def test_quiet_hours_that_nobody_can_mean_are_none(quiet: object) -> None:
    assert NotifyPrefs.of({"quiet": quiet}).quiet is None


@pytest.mark.parametrize(
    ("settings", "minutes", "is_overdue"),
    [(NotifySettings(), 14.9, False), (NotifySettings(), 15, True), (NotifySettings(None), 10_000, False),
     (NotifySettings(1), 1, True)],
)  # fmt: skip
def test_owners_are_called_when_nobody_acknowledged_in_time(
    settings: NotifySettings, minutes: float, is_overdue: bool
) -> None:
    assert settings.is_overdue(DAY, DAY + timedelta(minutes=minutes)) is is_overdue


@pytest.mark.parametrize("stored", [{}, {"escalate_after_min": 0}, {"escalate_after_min": "5"}, {"other": 1}])
def test_settings_that_nobody_can_mean_are_the_usual_ones(stored: dict[str, object]) -> None:
    assert NotifySettings.of(stored) == NotifySettings()
