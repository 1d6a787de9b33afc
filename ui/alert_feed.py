"""Open alerts of a workshop for all its open pages: one query for each change, whatever the number of pages."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from uuid import UUID

from nicegui import Client, ui

from actions.announce import Announcement, Topic, listen
from storage import queries
from storage.queries import AlertRow
from storage.session import transaction

SETTLE_S = 0.15  # several changes at once are one refresh
REST_S = 2.0  # between two refreshes of one workshop, whose alerts may change all the time while old readings come in
ROWS_MAX = 60

Show = Callable[[list[AlertRow]], Awaitable[None]]


class AlertFeed:
    """Calls pages when their tenant's open alerts changed. `run` is supervised by the wiring."""

    def __init__(self) -> None:
        self._pages: dict[UUID, dict[Client, Show]] = defaultdict(dict)
        self._stale: set[UUID] = set()
        self._refreshed_s: dict[UUID, float] = {}
        self._wake = asyncio.Event()
        self.close = listen(self._on)

    def follow(self, tenant_id: UUID, show: Show) -> None:
        """Calls `show` in this page's slot with the open alerts after each change, until the page is gone."""
        client = ui.context.client
        self._pages[tenant_id][client] = show
        client.on_delete(lambda: self._forget(tenant_id, client))

    async def run(self) -> None:
        while True:
            await self._wake.wait()
            await asyncio.sleep(SETTLE_S)
            self._wake.clear()
            for tenant_id in self._take_due(time.monotonic()):
                await self._refresh(tenant_id)

    def _take_due(self, now_s: float) -> set[UUID]:
        """Those whose alerts changed and that have rested; the others stay for the next time."""
        self._refreshed_s = {t: at_s for t, at_s in self._refreshed_s.items() if now_s - at_s < REST_S}
        due = self._stale - self._refreshed_s.keys()
        self._refreshed_s |= dict.fromkeys(due, now_s)
        self._stale -= due
        if self._stale:
            self._wake.set()
        return due

    async def _refresh(self, tenant_id: UUID) -> None:
        pages = self._pages.get(tenant_id)
        if not pages:
            return
        rows = await open_alerts_of(tenant_id)
        for client, show in list(pages.items()):
            if client.has_socket_connection and not client.is_deleted:
                with client:
                    await show(rows)

    def _on(self, announcement: Announcement) -> None:
        if announcement.topic is Topic.ALERT:
            self._stale.add(announcement.tenant_id)
            self._wake.set()

    def _forget(self, tenant_id: UUID, client: Client) -> None:
        self._pages[tenant_id].pop(client, None)
        if not self._pages[tenant_id]:
            del self._pages[tenant_id]


async def open_alerts_of(tenant_id: UUID, pit_id: UUID | None = None) -> list[AlertRow]:
    async with transaction(tenant_id) as tx:
        return await queries.open_alerts(tx, datetime.now(UTC), pit_id, ROWS_MAX)
