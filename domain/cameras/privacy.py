"""Privacy hours: the picture is off for everybody, in the tenant's own time."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

DAY_MIN = 1_440
WEEK = frozenset(range(7))


class HoursFault(StrEnum):
    """Why hours can't be used."""

    NO_DAY = "hours_no_day"
    NOT_A_TIME = "hours_not_a_time"


@dataclass(frozen=True, slots=True)
class PrivacyHours:
    """From one minute of the day until another, beginning on each of `days` (0 is Monday).

    An end that is not after the begin lies on the next day: 22:00 to 06:00; the same minute twice is a whole day.
    """

    days: frozenset[int]
    from_minute: int
    until_minute: int

    def fault(self) -> HoursFault | None:
        if not self.days or not self.days <= WEEK:
            return HoursFault.NO_DAY
        if not (0 <= self.from_minute < DAY_MIN and 0 <= self.until_minute <= DAY_MIN):
            return HoursFault.NOT_A_TIME
        return None

    def ends_at(self, now: datetime, zone: ZoneInfo) -> datetime | None:
        """When the hours that hold now are over; None: none hold. Hours that follow each other count as one."""
        end = self._end_of_one(now, zone)
        for _ in range(len(WEEK)):
            if end is None or (later := self._end_of_one(end, zone)) is None:
                return end
            end = later
        return end

    def _end_of_one(self, now: datetime, zone: ZoneInfo) -> datetime | None:
        today = now.astimezone(zone).date()
        for day in (today, today - timedelta(days=1)):
            if day.weekday() in self.days:
                begin, end = self._span(day, zone)
                if begin <= now < end:
                    return end
        return None

    def _span(self, day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
        ends_on = day if self.until_minute > self.from_minute else day + timedelta(days=1)
        return _at(day, self.from_minute, zone), _at(ends_on, self.until_minute, zone)


def _at(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """That minute by the clock on the wall, whatever summer time does on this day."""
    whole_days, minute = divmod(minute, DAY_MIN)
    day += timedelta(days=whole_days)
    return datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=zone)
