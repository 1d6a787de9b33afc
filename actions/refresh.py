"""Keeps the hub's levels and alert counts right after announcements, whichever process made the change."""

import asyncio

from actions.announce import Announcement, Topic, listen
from actions.live import Hub, LiveEvent
from actions.warm import reload_alerts

SETTLE_S = 0.1  # several changes at once are one reading; of its own changes this process knows the levels already


class AlertRefresher:
    """Hears that alerts changed, reads them again, and tells the hub's subscribers."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._heard: set[Announcement] = set()
        self._wake = asyncio.Event()
        self.close = listen(self._on)

    def _on(self, announcement: Announcement) -> None:
        if announcement.topic is Topic.ALERT:
            self._heard.add(announcement)
            self._wake.set()

    async def run(self) -> None:
        while True:
            await self._wake.wait()
            await asyncio.sleep(SETTLE_S)
            self._wake.clear()
            heard, self._heard = self._heard, set()
            await reload_alerts(self._hub, {a.pit_id for a in heard if a.pit_id})
            for a in heard:
                if a.pit_id is not None:
                    self._hub.emit(LiveEvent("alert", a.tenant_id, a.pit_id, {"alert_id": a.id}))
