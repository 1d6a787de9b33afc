"""When a motor may start again: rest after a stop, rest after the grid's return, starts per hour. Pure."""

from core import ticks

HOUR_MS = 3_600_000


class Starts:
    """Boot counts as the start of a rest, and, after a power failure, as the grid's return."""

    def __init__(self, now: int, min_off_ms: int, per_hour: int) -> None:
        self.min_off_ms, self.per_hour = min_off_ms, per_hour
        self._begun = []  # starts of the last hour
        self._rested_at = ticks.add(now, min_off_ms)  # None when it is over
        self._grid_settled_at = None

    def started(self, now: int) -> None:
        self._begun.append(now)

    def stopped(self, now: int) -> None:
        self._rested_at = ticks.add(now, self.min_off_ms)

    def grid_returned(self, now: int, delay_ms: int) -> None:
        """The grid is back: wait a random `delay_ms`, which the caller has drawn."""
        self._grid_settled_at = ticks.add(now, delay_ms)

    def wait_ms(self, now: int) -> int:
        """How long until a start is allowed, 0 when it is. Must be asked at least once in three days."""
        if self._rested_at is not None and ticks.is_due(now, self._rested_at):
            self._rested_at = None
        if self._grid_settled_at is not None and ticks.is_due(now, self._grid_settled_at):
            self._grid_settled_at = None
        while self._begun and ticks.diff(now, self._begun[0]) >= HOUR_MS:
            self._begun.pop(0)
        wait_ms = 0
        for at in (self._rested_at, self._grid_settled_at):
            if at is not None:
                wait_ms = max(wait_ms, ticks.diff(at, now))
        if len(self._begun) >= self.per_hour:
            wait_ms = max(wait_ms, HOUR_MS - ticks.diff(now, self._begun[-self.per_hour]))
        return wait_ms
