"""A gateway on virtual cameras, and a viewer of it that is no browser."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

from playwright.async_api import Page

from actions.video import Gateway
from domain.video import CameraSource, CameraStatus, VideoRefusal
from ingest.supervisor import Supervisor
from ingest.video.cameras import Cameras
from ingest.video.gateway import EmbeddedGateway
from tools.chromium import launched
from tools.virtual_camera.film import Film
from tools.virtual_camera.player import player
from tools.virtual_camera.server import VirtualCameras
from tools.virtual_camera.whep_viewer import WhepViewer

PATIENCE_S = 60.0  # many founders share a machine; nothing here measures time


def small_film(**changes: Any) -> Film:
    """Cheap to encode, and its cells can still be read."""
    return Film(**{"width": 320, "height": 176, "fps": 15, "bit_rate": 400_000, **changes})


@asynccontextmanager
async def embedded() -> AsyncIterator[EmbeddedGateway]:
    """The child process, kept running as the product does it."""
    supervisor, gateway = Supervisor(), EmbeddedGateway()
    supervisor.keep("video gateway", gateway.run)
    try:
        assert await gateway.probe("") is VideoRefusal.BAD_ADDRESS, "what starts it"
        yield gateway
    finally:
        await supervisor.stop()


@asynccontextmanager
async def screening(film: Film, *, sound: bool = False) -> AsyncIterator[Callable[..., Awaitable[Page]]]:
    """A camera, the gateway and Chromium. Yields what opens a page that plays the camera, after a first script."""
    camera = uuid4()
    async with VirtualCameras({"pit": film}) as source, embedded() as gateway, player(gateway) as url:
        await gateway.configure([CameraSource(camera, source.url("pit"), sound=sound)])
        async with launched() as browser:

            async def opened(script: str = "") -> Page:
                page = await browser.new_page()
                await page.add_init_script(script)
                await page.goto(url)
                await page.evaluate(f"() => play('{camera}')")
                return page

            yield opened


@asynccontextmanager
async def cameras() -> AsyncIterator[Cameras]:
    """What runs in the child process, without one."""
    inner = Cameras()
    looking = asyncio.create_task(inner.run())
    try:
        yield inner
    finally:
        looking.cancel()
        await asyncio.wait({looking})


async def until(condition: Callable[[], object], within_s: float = PATIENCE_S) -> None:
    until_s = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < until_s, "it did not come to that"
        await asyncio.sleep(0.02)


async def until_started(gateway: EmbeddedGateway, times: int) -> None:
    await until(lambda: gateway.starts == times and gateway.pid is not None)


async def until_status(gateway: Gateway, camera: UUID, is_so: Callable[[CameraStatus], bool]) -> CameraStatus:
    until_s = time.monotonic() + PATIENCE_S
    while not is_so(status := (await gateway.status())[camera]):
        assert time.monotonic() < until_s, f"it stays {status}"
        await asyncio.sleep(0.05)
    return status


class Viewer(WhepViewer):
    async def sees_more(self, frames: int = 5) -> None:
        """Waits until so many further frames have come."""
        seen = len(self.numbers)
        await until(lambda: len(self.numbers) >= seen + frames)
