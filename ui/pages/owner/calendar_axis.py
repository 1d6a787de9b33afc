"""The calendar's axis: days side by side, of each only the hours around those in which the workshop is open."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from domain.jobs.calendar import WorkingCalendar
from ui.components.pit_calendar import CalendarDay, CalendarTick
from ui.texts import day, weekday

AROUND_MIN = 60
USUAL = (8 * 60, 20 * 60)  # where the workshop is never open


@dataclass(frozen=True, slots=True)
class Axis:
    first: date
    days: int
    zone: str
    calendar: WorkingCalendar
    opens_min: int
    """Which minute each day begins with here."""
    closes_min: int

    @property
    def day_min(self) -> int:
        return self.closes_min - self.opens_min

    @property
    def whole_min(self) -> int:
        return self.day_min * self.days

    def span(self) -> tuple[datetime, datetime]:
        return self._moment(0, 0), self._moment(self.days, 0)

    def _moment(self, of: int, minute: int) -> datetime:
        wall = datetime.combine(self.first + timedelta(days=of), time(), ZoneInfo(self.zone))
        return (wall + timedelta(minutes=minute)).astimezone(UTC)

    def place(self, at: datetime) -> int:
        """Minutes from the axis' begin; a moment outside of a day's hours stands at their edge."""
        local = at.astimezone(ZoneInfo(self.zone))
        of = (local.date() - self.first).days
        if of < 0:
            return 0
        if of >= self.days:
            return self.whole_min
        minute = local.hour * 60 + local.minute
        return of * self.day_min + min(max(minute - self.opens_min, 0), self.day_min)

    def moment(self, at_min: int) -> datetime:
        """The moment of a point on the axis."""
        of, rest = divmod(min(at_min, self.whole_min - 1), self.day_min)
        return self._moment(of, self.opens_min + rest)

    def stretches(self, today: date, holidays: dict[date, str]) -> tuple[CalendarDay, ...]:
        return tuple(
            CalendarDay(
                f"{weekday(of)} {day(self._moment(n, 720), self.zone)}", n * self.day_min, (n + 1) * self.day_min,
                self.opens_min, of == today, holidays.get(of, ""),
            )
            for n, of in self._dates()
        )  # fmt: skip

    def ticks(self) -> tuple[CalendarTick, ...]:
        """Whole hours, of a single day."""
        if self.days > 1:
            return ()
        hours = range(self.opens_min // 60 + 1, self.closes_min // 60)
        return tuple(CalendarTick(hour * 60 - self.opens_min, f"{hour:02}:00") for hour in hours)

    def shut(self) -> tuple[tuple[int, int], ...]:
        """Stretches in which the workshop is closed."""
        return tuple(span for n, of in self._dates() for span in self._shut_on(n, of))

    def _shut_on(self, n: int, of: date) -> Iterator[tuple[int, int]]:
        begin = self.opens_min
        spans = () if of in self.calendar.holidays else self.calendar.hours.get(of.weekday(), ())
        for opening, closing in (*spans, (self.closes_min, self.closes_min)):
            if opening > begin:
                yield tuple(n * self.day_min + edge - self.opens_min for edge in (begin, opening))  # type: ignore[misc]
            begin = max(begin, closing)

    def _dates(self) -> list[tuple[int, date]]:
        return [(n, self.first + timedelta(days=n)) for n in range(self.days)]


def axis(first: date, days: int, zone: str, calendar: WorkingCalendar) -> Axis:
    edges = [edge for spans in calendar.hours.values() for span in spans for edge in span]
    begin, end = (min(edges) - AROUND_MIN, max(edges) + AROUND_MIN) if edges else USUAL
    return Axis(first, days, zone, calendar, max(0, begin // 60 * 60), min(24 * 60, -(-end // 60) * 60))
