"""Who waits for news of which job: customers' pages, each by an open request that is answered when something changed.

An announcement only says that there may be news: what they are is read anew through the page's own token.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from actions.announce import Announcement, Topic, listen
from actions.jobs.tracked import Followed

WAITING_MAX = 2_000
"""Open requests in one process: an idle one costs some kilobytes."""
PER_JOB_MAX = 12
"""A family and its telephones; whoever has the link can't fill the house."""

Key = tuple[str, str]


class TrackFeed:
    def __init__(self) -> None:
        self._waiting: dict[Key, set[asyncio.Event]] = defaultdict(set)
        self._count = 0
        self.close = listen(self._on)

    @contextmanager
    def waiting(self, followed: Followed) -> Iterator[asyncio.Event | None]:
        """An event that is set when the job may have changed; None: too many wait already."""
        key = (str(followed.tenant_id), str(followed.job_id))
        if self._count >= WAITING_MAX or len(self._waiting.get(key, ())) >= PER_JOB_MAX:
            yield None
            return
        event = asyncio.Event()
        self._waiting[key].add(event)
        self._count += 1
        try:
            yield event
        finally:
            self._count -= 1
            self._waiting[key].discard(event)
            if not self._waiting[key]:
                del self._waiting[key]

    def wake_all(self) -> None:
        """Announcements may have been missed."""
        for events in self._waiting.values():
            for event in events:
                event.set()

    def _on(self, announcement: Announcement) -> None:
        if announcement.topic is Topic.JOB:
            for event in self._waiting.get((str(announcement.tenant_id), announcement.id), ()):
                event.set()
