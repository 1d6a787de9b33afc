"""What a person wants to be told about outside of open pages, and when: thresholds, quiet hours, escalation."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Any, Self

from domain.limits import Level

ESCALATE_AFTER_MIN = 15
ESCALATE_MIN_MAX = 24 * 60


class AlertsWanted(StrEnum):
    ALL = "all"
    CRITICAL = "critical"
    NONE = "none"


class News(StrEnum):
    """What happened to an alert that people are told about."""

    RAISED = "alert_raised"
    WORSE = "alert_worse"
    OVER = "alert_over"
    UNACKNOWLEDGED = "alert_unacknowledged"
    """Nobody acknowledged it in time: owners are told."""


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `begin` until before `end` on the clock of the tenant's zone; over midnight if `end` is the earlier one.
    Equal ones mean none.
    """

    begin: time
    end: time

    def ends_at(self, at: datetime, zone: tzinfo) -> datetime | None:
        """When the quiet hours end in which `at` lies (in UTC); None if it lies in none.

        An end that the clock skips in spring comes as much later; of one that it shows twice in autumn the first
        counts, unless that is over.
        """
        local = at.astimezone(zone)
        now, over_midnight = local.time(), self.begin > self.end
        in_evening = over_midnight and now >= self.begin
        in_morning = over_midnight and now < self.end
        if not (in_evening or in_morning or self.begin <= now < self.end):
            return None
        day = local.date() + timedelta(days=1) if in_evening else local.date()
        first, second = (datetime.combine(day, self.end.replace(fold=fold), zone).astimezone(UTC) for fold in (0, 1))
        return first if first > at else second

    @classmethod
    def of(cls, stored: Any) -> Self | None:
        """From two times such as ["22:00", "07:00"]; anything else means none."""
        try:
            begin, end = (time.fromisoformat(text) for text in stored)
        except (TypeError, ValueError):
            return None
        return cls(begin, end) if begin.tzinfo is None and end.tzinfo is None else None

    def as_stored(self) -> list[str]:
        return [self.begin.isoformat("minutes"), self.end.isoformat("minutes")]


@dataclass(frozen=True, slots=True)
class NotifyPrefs:
    """One person's wishes in one tenant."""

    alerts: AlertsWanted = AlertsWanted.CRITICAL
    account: bool = True
    """Sign-ins from new places, changed passwords."""
    over: bool = True
    """That an alert is over, if it was told."""
    quiet: QuietHours | None = None
    critical_wakes: bool = True
    """Critical alerts come in quiet hours too."""

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Self:
        """From what is stored; anything unknown counts as not said."""
        alerts = stored.get("alerts")
        return cls(
            AlertsWanted(alerts) if alerts in set(AlertsWanted) else AlertsWanted.CRITICAL,
            stored.get("account") is not False,
            stored.get("over") is not False,
            QuietHours.of(stored.get("quiet")),
            stored.get("critical_wakes") is not False,
        )

    def as_stored(self) -> dict[str, Any]:
        return {
            "alerts": self.alerts.value,
            "account": self.account,
            "over": self.over,
            "quiet": self.quiet.as_stored() if self.quiet else None,
            "critical_wakes": self.critical_wakes,
        }

    def wants(self, news: News, level: Level) -> bool:
        """Whether this is to be told at all. What nobody acknowledged is: that is what it is for."""
        if news is News.UNACKNOWLEDGED:
            return True
        if news is News.OVER and not self.over:
            return False
        return self.alerts is AlertsWanted.ALL or (self.alerts is AlertsWanted.CRITICAL and level is Level.CRITICAL)

    def when(self, news: News, level: Level, now: datetime, zone: tzinfo) -> datetime | None:
        """When to tell it: now, after the quiet hours, or never (None). That something is over wakes nobody."""
        if not self.wants(news, level):
            return None
        wakes = level is Level.CRITICAL and self.critical_wakes and news is not News.OVER
        until = None if wakes or self.quiet is None else self.quiet.ends_at(now, zone)
        return until or now


@dataclass(frozen=True, slots=True)
class NotifySettings:
    """What the owner settled for the whole tenant."""

    escalate_after_min: int | None = ESCALATE_AFTER_MIN
    """Minutes after which a critical alert that nobody acknowledged goes to every owner; None: never."""

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Self:
        """From what is stored; anything unknown counts as not said."""
        said = stored.get("escalate_after_min", ESCALATE_AFTER_MIN)
        is_right = said is None or (isinstance(said, int) and 1 <= said <= ESCALATE_MIN_MAX)
        return cls(said if is_right else ESCALATE_AFTER_MIN)

    def as_stored(self) -> dict[str, Any]:
        return {"escalate_after_min": self.escalate_after_min}

    def is_overdue(self, told_at: datetime, now: datetime) -> bool:
        """Whether an alert that was told then, and that nobody acknowledged, goes to the owners now."""
        return self.escalate_after_min is not None and now >= told_at + timedelta(minutes=self.escalate_after_min)
