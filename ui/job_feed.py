"""Open jobs of a workshop for all its open pages: read once for each change, whatever the number of pages.

Time alone makes a job late, and an announcement may be missed; so a workshop with an open page is also read again every
half minute.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from nicegui import Client, ui

from actions.announce import Announcement, Topic, listen
from storage import jobs
from storage.jobs import JobRow
from storage.session import transaction

SETTLE_S = 0.05  # several changes at once are one reading
REST_S = 0.3  # between two readings of one workshop
EVERY_S = 30.0


@dataclass(frozen=True, slots=True)
class JobNews:
    """What a page gets: every job that has not ended, and which ones changed since the last time."""

    open_jobs: tuple[JobRow, ...]
    changed: frozenset[UUID] | None
    """Ended ones too. None: nobody knows, so that each page reads its own again."""

    def concerns(self, job_id: UUID) -> bool:
        return self.changed is None or job_id in self.changed


Show = Callable[[JobNews], Awaitable[None]]


class JobFeed:
    """Calls pages with their workshop's jobs. `run` is supervised by the wiring."""

    def __init__(self) -> None:
        self._pages: dict[UUID, dict[Client, list[Show]]] = defaultdict(dict)
        self._due_s: dict[UUID, float] = {}
        """When a workshop that has pages is read next, by the monotonic clock."""
        self._read_s: dict[UUID, float] = {}
        self._changed: dict[UUID, set[UUID]] = defaultdict(set)
        self._wake = asyncio.Event()
        self.close = listen(self._on)

    def follow(self, tenant_id: UUID, show: Show) -> None:
        """Calls `show` in this page's slot after each change, until the page is gone."""
        client = ui.context.client
        shows = self._pages[tenant_id].setdefault(client, [])
        shows.append(show)
        self._plan(tenant_id, EVERY_S)
        if len(shows) == 1:
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
        self._read_s[tenant_id] = time.monotonic()
        self._due_s[tenant_id] = self._read_s[tenant_id] + EVERY_S
        changed = self._changed.pop(tenant_id, None)
        news = JobNews(await open_jobs_of(tenant_id), frozenset(changed) if changed else None)
        for client, shows in list(self._pages.get(tenant_id, {}).items()):
            if client.has_socket_connection and not client.is_deleted:
                with client:
                    for show in shows:
                        await show(news)

    def _plan(self, tenant_id: UUID, within_s: float) -> None:
        due_s = max(time.monotonic() + within_s, self._read_s.get(tenant_id, 0.0) + REST_S)
        self._due_s[tenant_id] = min(due_s, self._due_s.get(tenant_id, due_s))
        self._wake.set()

    def _on(self, announcement: Announcement) -> None:
        tenant_id = announcement.tenant_id
        if tenant_id not in self._pages or announcement.topic not in (Topic.JOB, Topic.WORKSHOP):
            return
        if announcement.topic is Topic.JOB:
            self._changed[tenant_id].add(UUID(announcement.id))
        self._plan(tenant_id, SETTLE_S)

    def _forget(self, tenant_id: UUID, client: Client) -> None:
        self._pages[tenant_id].pop(client, None)
        if not self._pages[tenant_id]:
            del self._pages[tenant_id]
            self._due_s.pop(tenant_id, None)
            self._read_s.pop(tenant_id, None)
            self._changed.pop(tenant_id, None)


async def open_jobs_of(tenant_id: UUID) -> tuple[JobRow, ...]:
    async with transaction(tenant_id) as tx:
        return tuple(await jobs.board(tx, tenant_id))
