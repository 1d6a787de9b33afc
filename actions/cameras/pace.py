"""How often somebody may ask, kept in memory: for what costs the gateway or the LAN something."""

import time
from collections import OrderedDict
from math import ceil

from domain.refusals import TryLater

KEYS_MAX = 10_000


class Pace:
    """At most `burst` at once, then one each `every_s` seconds, for each key; the longest unused keys are forgotten."""

    def __init__(self, burst: int, every_s: float) -> None:
        self._burst, self._every_s = burst, every_s
        self._next_free: OrderedDict[str, float] = OrderedDict()

    def ask(self, key: str) -> TryLater | None:
        """Counts this asking, or says how long to wait."""
        now = time.monotonic()
        free = max(self._next_free.pop(key, now), now)
        ahead_s = free - now
        if ahead_s > (self._burst - 1) * self._every_s:
            self._next_free[key] = free
            return TryLater(max(1, ceil(ahead_s - (self._burst - 1) * self._every_s)))
        self._next_free[key] = free + self._every_s
        while len(self._next_free) > KEYS_MAX:
            self._next_free.popitem(last=False)
        return None
