"""Batches on their way to the database: one is being filled, full ones wait in their order behind the one in writing.

A batch is closed while the one before it is still being written, so that the broker, this process and the database all
work at once: each COMMIT makes room in the broker's window for as much as it brought, never for all of it at a time.
"""

import asyncio
from collections import deque
from dataclasses import dataclass, field

from actions.readings import Batch
from ingest.mqtt_connection import Delivery

LINGER_S = 0.04  # waiting this long makes one transaction of many messages; well below what a person notices
BATCH_READINGS = 5_000  # no batch waits for more; a quarter of what the broker sends ahead


@dataclass(slots=True)
class Pending:
    """A batch with the deliveries that it will acknowledge."""

    batch: Batch = field(default_factory=Batch)
    deliveries: list[Delivery] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return self.batch.is_empty and not self.deliveries


class Filling:
    """Bounded by whoever fills it: the broker sends no more than its window without an acknowledgement."""

    def __init__(self) -> None:
        self.open = Pending()
        self._full: deque[Pending] = deque()
        self._something = asyncio.Event()
        self._enough = asyncio.Event()

    def note(self) -> None:
        """To be called after something was put into the open batch."""
        batch = self.open.batch
        if len(batch.readings) + len(batch.undated) >= BATCH_READINGS:
            self._full.append(self.open)
            self.open = Pending()
            self._enough.set()
        self._something.set()

    async def next(self) -> Pending:
        """The oldest batch, once it is full or has lingered."""
        await self._something.wait()
        if not self._full:
            try:
                async with asyncio.timeout(LINGER_S):
                    await self._enough.wait()
            except TimeoutError:
                pass  # the usual end of lingering
        if self._full:
            taken = self._full.popleft()
        else:
            taken, self.open = self.open, Pending()
        if not self._full:
            self._enough.clear()
            if self.open.is_empty:
                self._something.clear()
        return taken
