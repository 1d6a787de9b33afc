"""Simulated time: what happens next, in an order that follows from the seed alone."""

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass

Act = Callable[[], None]


class Clockwork:
    """A queue of things to happen. Moments are milliseconds since the world began."""

    def __init__(self) -> None:
        self.now_ms = 0
        self._queue: list[tuple[int, int, Act]] = []
        self._count = 0

    def at(self, moment_ms: int, act: Act) -> None:
        self._count += 1
        heapq.heappush(self._queue, (max(moment_ms, self.now_ms), self._count, act))

    def after(self, wait_ms: float, act: Act) -> None:
        self.at(self.now_ms + int(wait_ms), act)

    def run_next(self) -> None:
        self.now_ms, _, act = heapq.heappop(self._queue)
        act()


@dataclass(frozen=True, slots=True)
class Line:
    """One direction of a network."""

    lost: float = 0.03
    doubled: float = 0.02
    late: float = 0.01
    """So many messages lie somewhere for up to `late_max_ms`, and are overtaken by later ones."""
    quick_ms: tuple[int, int] = (10, 300)
    late_max_ms: int = 60_000

    def send(self, clockwork: Clockwork, chance: random.Random, act: Act) -> None:
        """The message arrives never, once or twice."""
        drawn = chance.random()
        if drawn < self.lost:
            return
        for _ in range(2 if drawn > 1 - self.doubled else 1):
            most_ms = self.late_max_ms if chance.random() < self.late else self.quick_ms[1]
            clockwork.after(chance.randint(self.quick_ms[0], most_ms), act)
