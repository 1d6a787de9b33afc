"""What the gateway of this process fetches: every camera that is switched on, kept as the database says.

Names are looked up anew with every reading, so that a camera whose number changed is found again.
"""

import asyncio
import time
from contextlib import suppress
from uuid import UUID

import structlog

from actions import keys, video
from actions.announce import Announcement, Topic, listen
from actions.cameras import reach
from actions.cameras.keeping import unsealed
from domain.cameras.address import AddressFault
from domain.video import CameraSource, VideoRefusal
from storage import cameras
from storage.cameras import Connected
from storage.session import EVERY_TENANT, transaction

REFRESH_EVERY_S = 30.0
FAULTS = {AddressFault.OURSELVES: VideoRefusal.BAD_ADDRESS, AddressFault.UNKNOWN_HOST: VideoRefusal.UNREACHABLE}
log = structlog.get_logger(__name__)


class Sources:
    """`faults`: cameras that the gateway can't be asked for, and why. `run` must be kept running."""

    def __init__(self) -> None:
        self.faults: dict[UUID, VideoRefusal] = {}
        self.refreshed_s = 0.0
        self._changed = asyncio.Event()

    async def run(self) -> None:
        end = listen(self._on)
        try:
            while True:
                self._changed.clear()
                await self.refresh()
                with suppress(TimeoutError):  # names may lead elsewhere by then
                    await asyncio.wait_for(self._changed.wait(), REFRESH_EVERY_S)
        finally:
            end()

    async def refresh(self) -> None:
        """Reads all cameras and tells the gateway."""
        async with transaction(EVERY_TENANT) as tx:
            found = await cameras.connected(tx)
        sources, faults = [], {}
        for each, url in zip(found, await asyncio.gather(*map(_url, found)), strict=True):
            if isinstance(url, VideoRefusal):
                faults[each.row.id] = url
            elif each.row.settings.enabled:
                said = each.row.settings
                sources.append(CameraSource(each.row.id, url, said.transcode, sound=said.sound))
        self.faults = faults
        await video.gateway().configure(sources)
        self.refreshed_s = time.monotonic()

    def _on(self, heard: Announcement) -> None:
        if heard.topic in (Topic.CAMERA, Topic.TENANT):
            self._changed.set()


async def _url(camera: Connected) -> str | VideoRefusal:
    """The address with its password; never shown or logged."""
    try:
        password = unsealed(camera.sealed, camera.row.tenant_id)
    except keys.Unsealable:
        log.error("a camera's password was sealed with another secret", camera=str(camera.row.id))
        return VideoRefusal.WRONG_PASSWORD
    address = camera.row.settings.address
    url = await reach.url_of(address.signing_in(password))
    return FAULTS.get(url, VideoRefusal.BAD_ADDRESS) if isinstance(url, AddressFault) else url
