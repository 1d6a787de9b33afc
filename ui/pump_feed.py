"""A tenant's motors, lines and minutes for all its open pages: read once for each change, whatever the number of pages.

What is measured each second is not announced; so a tenant with an open page is also read again every few seconds. The
platform's page follows every tenant at once, a little slower.
"""

import asyncio
import math
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection
from datetime import UTC, datetime
from uuid import UUID

from nicegui import Client, ui

from actions.announce import Announcement, Topic, listen
from storage import pump_followed, pump_lists, pump_reads
from storage.pump_followed import PumpState
from storage.pump_views import IncidentRow, TenantMotors
from storage.session import EVERY_TENANT, transaction

SETTLE_S = 0.05  # several changes at once are one reading
REST_S = 0.5  # between two readings of one tenant
MOVING_EVERY_S = 5.0  # as often as a running motor's controller reports
STILL_EVERY_S = 30.0

ALL_REST_S = 2.0
Show = Callable[[PumpState], Awaitable[None]]
ShowAll = Callable[[list[TenantMotors], list[IncidentRow]], Awaitable[None]]
_TOPICS = frozenset({Topic.PUMP, Topic.WALLET, Topic.CARDS})
_ALL_TOPICS = frozenset({Topic.PUMP, Topic.ALERT})
INCIDENTS_MAX = 20


class PumpFeed:
    """Calls pages with what their tenant's pumps are now. `run` is supervised by the wiring."""

    def __init__(self) -> None:
        self._pages: dict[UUID, dict[Client, tuple[UUID, Show]]] = defaultdict(dict)
        self._due_s: dict[UUID, float] = {}
        """When a tenant that has pages is read next, by the monotonic clock."""
        self._read_s: dict[UUID, float] = {}
        self._watchers: dict[Client, ShowAll] = {}
        self._all_due_s, self._all_read_s = math.inf, 0.0
        self._wake = asyncio.Event()
        self.close = listen(self._on)

    def follow(self, tenant_id: UUID, person_id: UUID, show: Show) -> None:
        """Calls `show` in this page's slot after each change, until the page is gone."""
        client = ui.context.client
        self._pages[tenant_id][client] = (person_id, show)
        self._plan(tenant_id, MOVING_EVERY_S)
        client.on_delete(lambda: self._forget(tenant_id, client))

    def follow_all(self, show: ShowAll) -> None:
        """The same for a page of the platform's, about every tenant."""
        client = ui.context.client
        self._watchers[client] = show
        self._plan_all(MOVING_EVERY_S)
        client.on_delete(lambda: self._watchers.pop(client, None))

    async def run(self) -> None:
        while True:
            await self._pause()
            now_s = time.monotonic()
            if self._all_due_s <= now_s:
                await self._refresh_all()
            for tenant_id in [t for t, due_s in self._due_s.items() if due_s <= now_s]:
                await self._refresh(tenant_id)

    async def _pause(self) -> None:
        """Until somebody is due, or something was announced."""
        self._wake.clear()
        next_s = min(*self._due_s.values(), self._all_due_s, math.inf)
        wait_s = None if next_s == math.inf else max(0.0, next_s - time.monotonic())
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
            if client.has_socket_connection and not client.is_deleted and person_id in state.wallets:
                with client:
                    await show(state)

    async def _refresh_all(self) -> None:
        self._all_due_s = math.inf
        if not self._watchers:
            return
        self._all_read_s = time.monotonic()
        self._plan_all(MOVING_EVERY_S)
        tenants, incidents = await every_tenant()
        for client, show in list(self._watchers.items()):
            if client.has_socket_connection and not client.is_deleted:
                with client:
                    await show(tenants, incidents)

    def _plan_all(self, within_s: float) -> None:
        due_s = max(time.monotonic() + within_s, self._all_read_s + ALL_REST_S)
        self._all_due_s = min(due_s, self._all_due_s)
        self._wake.set()

    def _plan(self, tenant_id: UUID, within_s: float) -> None:
        rested_s = self._read_s.get(tenant_id, 0.0) + REST_S
        due_s = max(time.monotonic() + within_s, rested_s)
        self._due_s[tenant_id] = min(due_s, self._due_s.get(tenant_id, due_s))
        self._wake.set()

    def _on(self, announcement: Announcement) -> None:
        if announcement.topic in _TOPICS and announcement.tenant_id in self._pages:
            self._plan(announcement.tenant_id, SETTLE_S)
        if announcement.topic in _ALL_TOPICS and self._watchers:
            self._plan_all(SETTLE_S)

    def _forget(self, tenant_id: UUID, client: Client) -> None:
        self._pages[tenant_id].pop(client, None)
        if not self._pages[tenant_id]:
            del self._pages[tenant_id]
            self._due_s.pop(tenant_id, None)
            self._read_s.pop(tenant_id, None)


async def every_tenant() -> tuple[list[TenantMotors], list[IncidentRow]]:
    """All motors, and the last alerts of motors."""
    async with transaction(EVERY_TENANT) as tx:
        tenants = await pump_reads.all_tenants(tx, datetime.now(UTC))
        return tenants, await pump_lists.incidents(tx, limit=INCIDENTS_MAX)


async def state_of(tenant_id: UUID, members: Collection[UUID]) -> PumpState:
    async with transaction(tenant_id) as tx:
        return await pump_followed.read(tx, members, datetime.now(UTC))
