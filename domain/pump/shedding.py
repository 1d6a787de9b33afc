"""A tenant's hours without power, as the owner or the distribution company plans them, in the tenant's local time."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta

WEEK = timedelta(days=7)
WINDOWS_MAX = 50


@dataclass(frozen=True, slots=True)
class Window:
    """Every `weekday` (0 is Monday) from `begins` for `minutes`; it may reach into the next day."""

    weekday: int
    begins: time
    minutes: int

    def is_sound(self) -> bool:
        return 0 <= self.weekday < 7 and 0 < self.minutes <= 24 * 60

    def last_begin(self, local: datetime) -> datetime:
        """When it began the last time, at or before this moment."""
        days = (local.weekday() - self.weekday) % 7
        begin = datetime.combine(local.date() - timedelta(days=days), self.begins, local.tzinfo)
        return begin if begin <= local else begin - WEEK


def ends_at(windows: Iterable[Window], local: datetime) -> datetime | None:
    """When the cut of this moment ends by the schedule, windows that touch taken together; None: there is none."""
    windows = tuple(windows)
    end = None
    moment = local
    for _ in range(len(windows) + 1):
        ends = [window.last_begin(moment) + timedelta(minutes=window.minutes) for window in windows]
        latest = max((at for at in ends if at > moment), default=None)
        if latest is None:
            return end
        end = moment = latest
    return end


def next_change(windows: Iterable[Window], local: datetime) -> datetime | None:
    """The first moment after this one at which a window begins or ends: what a ticker sleeps until."""
    moments = []
    for window in windows:
        begin = window.last_begin(local)
        moments += [begin + timedelta(minutes=window.minutes), begin + WEEK]
    return min((at for at in moments if at > local), default=None)
