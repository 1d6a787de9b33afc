"""A tenant's motors, lines and minutes for all its open pages: read once for each change, whatever the number of pages.

What is measured each second is not announced; so a tenant with an open page is also read again every few seconds.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection
from datetime import UTC, datetime
from uuid import UUID

from nicegui import Client, ui

from actions.announce import Announcement, Topic, listen
from storage import pump_followed
from storage.pump_followed import PumpState
from storage.session import transaction

SETTLE_S = 0.05  # several changes at once are one reading
REST_S = 0.5  # between two readings of one tenant
MOVING_EVERY_S = 5.0  # as often as a running motor's controller reports
STILL_EVERY_S = 30.0

Show = Callable[[PumpState], Awaitable[None]]
_TOPICS = frozenset({Topic.PUMP, Topic.WALLET, Topic.CARDS})


class PumpFeed:
    """Calls pages with what their tenant's pumps are now. `run` is supervised by the wiring."""

    def __init__(self) -> None:
        self._pages: dict[UUID, dict[Client, tuple[UUID, Show]]] = defaultdict(dict)
        self._due_s: dict[UUID, float] = {}
        """When a tenant that has pages is read next, by the monotonic clock."""
        self._read_s: dict[UUID, float] = {}
        self._wake = asyncio.Event()
        self.close = listen(self._on)

    def follow(self, tenant_id: UUID, person_id: UUID, show: Show) -> None:
        """Calls `show` in this page's slot after each change, until the page is gone."""
        client = ui.context.client
        self._pages[tenant_id][client] = (person_id, show)
        self._plan(tenant_id, MOVING_EVERY_S)
        client.on_delete(lambda: self._forget(tenant_id, client))

    async def run(self) -> None:
        while True:
            await self._pause()
            now_s = time.monotonic()
            for tenant_id in [t for t, due_s in self._due_s.items() if due_s <= now_s]:
                await self._refresh(tenant_id)

    async def _pause(self) -> None:
        """Until somebody is due, or something was announced."""
        self._wake.clear()
        next_s = min(self._due_s.values(), default=None)
        wait_s = None if next_s is None else max(0.0, next_s - time.monotonic())
        try:
            await asyncio.wait_for(self._wake.wait(), wait_s)
        except TimeoutError:
            return

    async def _refresh(self, tenant_id: UUID) -> None:
        pages = self._pages.get(tenant_id)
        if not pages:
            self._due_s.pop(tenant_id, None)
            return
        self._read_s[tenant_id] = time.monotonic()
        self._due_s[tenant_id] = self._read_s[tenant_id] + STILL_EVERY_S
        state = await state_of(tenant_id, {person_id for person_id, _ in pages.values()})
        if state.is_moving:
            self._plan(tenant_id, MOVING_EVERY_S)
        for client, (person_id, show) in list(pages.items()):
            if client.has_socket_connection and person_id in state.wallets:
                with client:
                    await show(state)

    def _plan(self, tenant_id: UUID, within_s: float) -> None:
        rested_s = self._read_s.get(tenant_id, 0.0) + REST_S
        due_s = max(time.monotonic() + within_s, rested_s)
        self._due_s[tenant_id] = min(due_s, self._due_s.get(tenant_id, due_s))
        self._wake.set()

    def _on(self, announcement: Announcement) -> None:
        if announcement.topic in _TOPICS and announcement.tenant_id in self._pages:
            self._plan(announcement.tenant_id, SETTLE_S)

    def _forget(self, tenant_id: UUID, client: Client) -> None:
        self._pages[tenant_id].pop(client, None)
        if not self._pages[tenant_id]:
            del self._pages[tenant_id]
            self._due_s.pop(tenant_id, None)
            self._read_s.pop(tenant_id, None)


async def state_of(tenant_id: UUID, members: Collection[UUID]) -> PumpState:
    async with transaction(tenant_id) as tx:
        return await pump_followed.read(tx, members, datetime.now(UTC))
