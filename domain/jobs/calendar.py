"""Time during which a workshop works: its hours by weekday, its holidays, in its own zone."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo

HORIZON_DAYS = 730
"""A workshop that does not open within two years has no hours."""
DAY_MINUTES = 1_440
_MINUTE = timedelta(minutes=1)

Span = tuple[int, int]
"""Opening and closing in minutes since midnight on the wall clock; 1440 is the end of the day."""

DEFAULT_HOURS: Mapping[int, tuple[Span, ...]] = dict.fromkeys(range(6), ((570, 1110),))
"""Monday to Saturday, 9:30 to 18:30."""


class HoursUnusable(ValueError):
    """Hours that overlap, end before they begin, or lie outside of their day."""


@dataclass(frozen=True, slots=True)
class WorkingCalendar:
    """
    Raises:
        HoursUnusable: see there.
    """

    zone: tzinfo
    hours: Mapping[int, tuple[Span, ...]] = field(default_factory=lambda: DEFAULT_HOURS)
    """By weekday, 0 is Monday; a weekday that is missing is closed."""
    holidays: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        for weekday, spans in self.hours.items():
            edges = [edge for span in spans for edge in span]
            rising = all(a < b for a, b in spans) and edges == sorted(edges)
            if not (0 <= weekday <= 6 and rising and all(0 <= edge <= DAY_MINUTES for edge in edges)):
                raise HoursUnusable(f"the hours of weekday {weekday}: {spans}")

    def add(self, at: datetime, minutes: int) -> datetime | None:
        """The moment (UTC) at which `minutes` working minutes (at least 0) after `at` are over; None: it never opens.

        No minutes from outside of the hours on end at the next opening.
        """
        left = minutes * _MINUTE
        for begin, end in self.open_from(at):
            if left <= end - begin:
                return begin + left
            left -= end - begin
        return None

    def between(self, since: datetime, until: datetime) -> int:
        """Whole working minutes from `since` to `until`; 0 if `until` is not later."""
        total = timedelta(0)
        for begin, end in self.open_from(since):
            if begin >= until:
                break
            total += min(end, until) - begin
        return total // _MINUTE

    def is_open(self, at: datetime) -> bool:
        return next((begin <= at for begin, _ in self.open_from(at)), False)

    def open_from(self, at: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Open spans (UTC) that end after `at`, the first cut there, in order and apart, within HORIZON_DAYS."""
        free_from = at.astimezone(UTC)
        first = at.astimezone(self.zone).date() - timedelta(days=1)  # a zone's day may begin before its midnight
        for day in (first + timedelta(days=n) for n in range(HORIZON_DAYS)):
            if day in self.holidays:
                continue
            for opening, closing in self.hours.get(day.weekday(), ()):
                begin, end = max(self._moment(day, opening), free_from), self._moment(day, closing)
                if begin < end:  # an hour that the clock skips may leave nothing, or touch what comes next
                    yield begin, end
                    free_from = end

    def _moment(self, day: date, minute: int) -> datetime:
        whole_days, minute = divmod(minute, DAY_MINUTES)
        wall = time(minute // 60, minute % 60)
        return datetime.combine(day + timedelta(days=whole_days), wall, self.zone).astimezone(UTC)
