"""The in-process hub: what every pit measures now, its last hour, and what changed since the last flush.

Nothing here is the truth; all of it is read again from the database at start. Times are microseconds since 1970 UTC.
"""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from domain.alerts import SILENT_AFTER_S
from domain.limits import Level
from domain.readings import METRICS, ByPit, Metric, Reading, by_pit, runs

TREND_BUCKETS = 72
TREND_BUCKET_US = 50_000_000  # 72 × 50 s = the last hour
UNSENT_MAX = 600  # readings of one pit between two flushes; the page reads history again if it ever misses more

_INDEX = {metric: i for i, metric in enumerate(METRICS)}


@dataclass(slots=True)
class PitNow:
    """One pit as it is now. `values` and `ats_us` follow METRICS; None is never measured."""

    tenant_id: UUID
    values: list[float | None] = field(default_factory=lambda: [None] * len(METRICS))
    ats_us: list[int] = field(default_factory=lambda: [0] * len(METRICS))
    levels: dict[str, Level] = field(default_factory=dict)
    """Rules that are not OK, by metric or `silent`."""
    open_alerts: int = 0
    trends: list[deque[tuple[int, float | None]]] = field(
        default_factory=lambda: [deque(maxlen=TREND_BUCKETS) for _ in METRICS]
    )
    """For each metric the last value of each 50-second bucket that is over: (bucket number, value). That of the
    bucket that is still being filled is in `values`: a reading seldom has to touch its ring."""
    unsent: deque[Reading] = field(default_factory=lambda: deque(maxlen=UNSENT_MAX))

    @property
    def heard_us(self) -> int:
        return max(self.ats_us)

    def is_fresh(self, metric: Metric, now_us: int) -> bool:
        return now_us - self.ats_us[_INDEX[metric]] <= SILENT_AFTER_S * 1_000_000

    def latest(self, metric: Metric) -> tuple[float | None, int]:
        index = _INDEX[metric]
        return self.values[index], self.ats_us[index]

    def level_of(self, metric: Metric, now_us: int) -> Level | None:
        """The metric's level; None is unknown: nothing fresh says it, whatever it was."""
        return self.levels.get(metric, Level.OK) if self.is_fresh(metric, now_us) else None

    def level(self, now_us: int) -> Level | None:
        """The worst of what is known; None if nothing is."""
        known = (self.level_of(metric, now_us) for metric in METRICS)
        return max((level for level in known if level is not None), default=None)

    def trend(self, metric: Metric, now_us: int) -> list[float | None]:
        """The last hour in 72 buckets, oldest first; None where nothing was measured."""
        last = now_us // TREND_BUCKET_US
        out: list[float | None] = [None] * TREND_BUCKETS
        value_now, at_us = self.latest(metric)
        for bucket, value in (*self.trends[_INDEX[metric]], (at_us // TREND_BUCKET_US, value_now)):
            place = TREND_BUCKETS - 1 - (last - bucket)
            if 0 <= place < TREND_BUCKETS:
                out[place] = value
        return out

    def take(self, readings: Iterable[Reading]) -> None:
        values, ats_us = self.values, self.ats_us
        for reading in readings:
            at_us = reading.at_us
            bucket_began_us = at_us - at_us % TREND_BUCKET_US
            for i, value in enumerate(reading.values):
                if value is None or at_us <= (before_us := ats_us[i]):
                    continue
                if 0 < before_us < bucket_began_us:
                    self.trends[i].append((before_us // TREND_BUCKET_US, values[i]))
                values[i], ats_us[i] = value, at_us


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """Something that API subscribers hear: kind `reading` (the body is a Reading) or `alert` (`{"alert_id": …}`)."""

    kind: str
    tenant_id: UUID
    pit_id: UUID
    body: Any


Listener = Callable[[LiveEvent], None]
Unsubscribe = Callable[[], None]


class Hub:
    """Latest values and rings of all pits, the pits that changed, and who listens to which pit."""

    def __init__(self) -> None:
        self.pits: dict[UUID, PitNow] = {}
        self._changed: set[UUID] = set()
        self._watched: set[UUID] = set()
        self._listeners: dict[UUID, list[Listener]] = {}

    def pit(self, pit_id: UUID, tenant_id: UUID) -> PitNow:
        now = self.pits.get(pit_id)
        if now is None:
            now = self.pits[pit_id] = PitNow(tenant_id)
        return now

    def put(self, readings: Iterable[Reading]) -> None:
        """Takes committed readings."""
        self.put_sorted(by_pit(runs(readings)))

    def put_sorted(self, pits: ByPit) -> None:
        """Takes committed readings that are sorted to their pits already."""
        self._changed.update(pits)
        for pit_id, own in pits.items():
            now = self.pit(pit_id, own[0].tenant_id)
            now.take(own)
            if pit_id in self._watched:
                now.unsent.extend(own)
            if pit_id in self._listeners:
                for reading in own:
                    self.emit(LiveEvent("reading", reading.tenant_id, pit_id, reading))

    def set_level(self, pit_id: UUID, tenant_id: UUID, rule: str, level: Level) -> None:
        now = self.pit(pit_id, tenant_id)
        if level is Level.OK:
            now.levels.pop(rule, None)
        else:
            now.levels[rule] = level
        self._changed.add(pit_id)

    def set_open_alerts(self, pit_id: UUID, tenant_id: UUID, count: int) -> None:
        self.pit(pit_id, tenant_id).open_alerts = count
        self._changed.add(pit_id)

    def watch(self, pits: set[UUID]) -> None:
        """Says which pits somebody watches reading by reading; only their readings are kept for the next flush."""
        for pit_id in self._watched - pits:
            if pit_id in self.pits:
                self.pits[pit_id].unsent.clear()
        self._watched = set(pits)

    def watch_also(self, pit_id: UUID) -> None:
        """Begins to keep a pit's readings at once: whoever reads history after this misses none."""
        self._watched.add(pit_id)

    def take_changed(self) -> set[UUID]:
        """Hands over the pits that changed since the last call."""
        changed, self._changed = self._changed, set()
        return changed

    def take_unsent(self, pit_id: UUID) -> list[Reading]:
        now = self.pits.get(pit_id)
        if now is None or not now.unsent:
            return []
        readings = list(now.unsent)
        now.unsent.clear()
        return readings

    def emit(self, event: LiveEvent) -> None:
        for listener in self._listeners.get(event.pit_id, ()):
            listener(event)

    def subscribe(self, pit_id: UUID, listener: Listener) -> Unsubscribe:
        """Calls the listener with each event of a pit; it must neither block nor raise. Returns what ends that.

        The caller has made sure that the pit may be heard.
        """
        self._listeners.setdefault(pit_id, []).append(listener)

        def end() -> None:
            listeners = self._listeners.get(pit_id, [])
            if listener in listeners:
                listeners.remove(listener)
            if not listeners:
                self._listeners.pop(pit_id, None)

        return end


hub = Hub()
"""This process's hub."""
