"""What waits for one subscriber: bounded, and honest about what gave way."""

import asyncio
from collections import deque

from actions.live import LiveEvent

READINGS_WAITING_MAX = 500
ALERTS_WAITING_MAX = 100


class Mailbox:
    """Holds events until the subscriber can take them. When it is full the oldest reading gives way to the newest,
    and the oldest alert to the newest alert; `take` says how many were missed.
    """

    def __init__(self) -> None:
        self._alerts: deque[LiveEvent] = deque(maxlen=ALERTS_WAITING_MAX)
        self._readings: deque[LiveEvent] = deque(maxlen=READINGS_WAITING_MAX)
        self._missed = 0
        self._wake = asyncio.Event()

    def put(self, event: LiveEvent) -> None:
        """Never blocks, never raises: this is called by whoever stores readings."""
        waiting = self._alerts if event.kind == "alert" else self._readings
        if len(waiting) == waiting.maxlen:
            self._missed += 1
        waiting.append(event)
        self._wake.set()

    async def take(self) -> tuple[int, list[LiveEvent]]:
        """Waits for events; returns how many were missed before them, and them: alerts first, else by age."""
        await self._wake.wait()
        self._wake.clear()
        missed, self._missed = self._missed, 0
        events = [*self._alerts, *self._readings]
        self._alerts.clear()
        self._readings.clear()
        return missed, events
