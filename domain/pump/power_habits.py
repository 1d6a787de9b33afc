"""What a tenant's past power cuts tell of those to come: at which hours the power is away, and how long a cut lasts."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

LEARNED_FROM = timedelta(days=28)
LEAST_DAYS = 3
"""Before that nothing is usual."""
FLAP = timedelta(minutes=1)
"""What is shorter tells nothing of a cut's length."""
SLOT_MIN = 30
SLOTS = 24 * 60 // SLOT_MIN


@dataclass(frozen=True, slots=True)
class PastCut:
    """A time without power, in the tenant's local time. `ended_at` None: it lasts."""

    began_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Habits:
    """`dark` is the share of each half hour of the day without power, from midnight; `lengths` are sorted."""

    dark: tuple[float, ...] = (0.0,) * SLOTS
    lengths: tuple[timedelta, ...] = ()

    def dark_at(self, local: datetime) -> float:
        return self.dark[slot_of(local)]

    def rest_of(self, elapsed: timedelta) -> timedelta | None:
        """How much longer a cut probably lasts that has lasted so long; None: none of the past ones did."""
        longer = [length - elapsed for length in self.lengths if length > elapsed]
        return timedelta(seconds=median(rest.total_seconds() for rest in longer)) if longer else None


def slot_of(local: datetime) -> int:
    return (local.hour * 60 + local.minute) // SLOT_MIN


def slot_end(local: datetime) -> datetime:
    """Where the half hour ends that this moment is in."""
    begin = local.replace(minute=local.minute // SLOT_MIN * SLOT_MIN, second=0, microsecond=0)
    return begin + timedelta(minutes=SLOT_MIN)


def learn(cuts: Iterable[PastCut], known_since: datetime, local: datetime) -> Habits | None:
    """Habits from the cuts of the last four weeks, or since the tenant's motors are known; None: too few days.

    Several controllers of one grid tell of the same cut: what overlaps counts once.
    """
    begin = max(known_since, local - LEARNED_FROM)
    days = (local - begin) / timedelta(days=1)
    if days < LEAST_DAYS:
        return None
    spans = list(_merged([(max(cut.began_at, begin), cut.ended_at or local) for cut in cuts]))
    dark_s = [0.0] * SLOTS
    for began_at, ended_at in spans:
        at = began_at
        while at < ended_at:
            until = min(slot_end(at), ended_at)
            dark_s[slot_of(at)] += (until - at).total_seconds()
            at = until
    whole_s = days * SLOT_MIN * 60
    lengths = sorted(ended_at - began_at for began_at, ended_at in spans if FLAP <= ended_at - began_at < local - begin)
    return Habits(tuple(min(1.0, seconds / whole_s) for seconds in dark_s), tuple(lengths))


def _merged(spans: Sequence[tuple[datetime, datetime]]) -> Iterator[tuple[datetime, datetime]]:
    """Spans that overlap or touch taken together, in the order of time."""
    last: tuple[datetime, datetime] | None = None
    for began_at, ended_at in sorted(span for span in spans if span[0] < span[1]):
        if last is None:
            last = (began_at, ended_at)
        elif began_at <= last[1]:
            last = (last[0], max(last[1], ended_at))
        else:
            yield last
            last = (began_at, ended_at)
    if last is not None:
        yield last
