"""Live video: from a virtual camera's clock to what Chromium shows in the product's player, how long that takes to fall
back to HLS where WebRTC is blocked, and what handing on costs the gateway's process.

The camera is a real RTSP server on loopback, 1280 × 720 at 25 pictures a second, H.264, a key frame a second. Its
encoder, the viewers and Chromium run on the same machine but outside of the gateway's process, whose CPU is counted.
"""

import asyncio
import os
import signal
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from uuid import UUID, uuid4

import psutil
from playwright.async_api import Browser, Page

from domain.video import CameraSource, HlsFile, HlsMoment
from ingest.supervisor import Supervisor
from ingest.video.gateway import EmbeddedGateway
from tools.bench.found import Found, say
from tools.bench.measure import cpu_s, medians, rss_mb
from tools.bench.rig import Rig
from tools.chromium import launched
from tools.virtual_camera.film import Film
from tools.virtual_camera.player import BLOCKED_WEBRTC, NO_WEBRTC, player
from tools.virtual_camera.server import VirtualCameras
from tools.virtual_camera.whep_viewer import WhepViewer

TURNS = 3
CAMERAS, WHEP_VIEWERS = 8, 3
LIVES, LIVES_AT_ONCE = 100, 10
SETTLE_S, MEASURED_S = 5.0, 8.0
READY_WITHIN_S = 30.0
KEYS = (
    "video.whep_latency_ms",
    "video.hls_latency_ms",
    "video.whep_first_picture_ms",
    "video.hls_first_picture_ms",
    "video.fallback_ms",
    "video.hls8_core_share",
    "video.hls8_sound_core_share",
    "video.whep3_core_share",
    "video.hls8_gateway_mb",
    "video.left_after_100_lives",
)


async def measure(rig: Rig, found: Found) -> None:
    """Three turns, each with a gateway of its own."""
    del rig  # needs none of its servers
    turns: list[dict[str, float]] = []
    heard = _paths(Film(sound="pcm_alaw"))
    async with VirtualCameras(_paths(Film())) as source, VirtualCameras(heard) as loud:
        for turn in range(1, TURNS + 1):
            async with launched() as browser:
                async with _gateway(source) as (gateway, ids):
                    values = await _latencies(gateway, ids[0], browser)
                async with _gateway(source) as (gateway, ids):
                    values |= await _fallback(gateway, ids[0], browser)
            async with _gateway(source) as (gateway, ids):
                values |= await _hls_of_all(gateway, ids)
            async with _gateway(loud, sound=True) as (gateway, ids):
                shares = await _hls_of_all(gateway, ids, hears=True)
                values["video.hls8_sound_core_share"] = shares["video.hls8_core_share"]
            async with _gateway(source) as (gateway, ids):
                values |= await _three_by_whep(gateway, ids[0])
            turns.append(values)
            say(f"video {turn} of {TURNS}: " + ", ".join(f"{key[6:]} {value:.3g}" for key, value in values.items()))
            found.put_all(medians(turns))
    found.put("video.left_after_100_lives", await _left_behind())


async def _left_behind() -> int:
    """Processes of ours that are still there, zombies among them, after so many gateways were started and stopped."""
    own = psutil.Process()
    before = set(own.children(recursive=True))
    for _ in range(LIVES // LIVES_AT_ONCE):
        await asyncio.gather(*(_one_life(is_killed=number % 2 == 0) for number in range(LIVES_AT_ONCE)))
    return len(set(own.children(recursive=True)) - before)


async def _one_life(*, is_killed: bool) -> None:
    supervisor, gateway = Supervisor(), EmbeddedGateway()
    supervisor.keep("video gateway", gateway.run)
    await gateway.probe("")  # what starts it
    if is_killed and gateway.pid is not None:
        os.kill(gateway.pid, signal.SIGKILL)
    await supervisor.stop()


def _paths(film: Film) -> dict[str, Film]:
    """One film at each path: its encoding, which is not what is measured, would else take all there is."""
    return {f"pit-{number}": film for number in range(CAMERAS)}


@asynccontextmanager
async def _gateway(source: VirtualCameras, *, sound: bool = False) -> AsyncIterator[tuple[EmbeddedGateway, list[UUID]]]:
    supervisor, gateway = Supervisor(), EmbeddedGateway()
    cameras = {uuid4(): path for path in source.films}
    await gateway.configure([CameraSource(camera, source.url(path), sound=sound) for camera, path in cameras.items()])
    supervisor.keep("video gateway", gateway.run)
    try:
        async with asyncio.timeout(READY_WITHIN_S):
            while gateway.pid is None or not await gateway.status():  # noqa: ASYNC110  # it tells nobody that it is up
                await asyncio.sleep(0.05)
        yield gateway, list(cameras)
    finally:
        await supervisor.stop()


async def _latencies(gateway: EmbeddedGateway, camera: UUID, browser: Browser) -> dict[str, float]:
    """Of each shown frame its clock's age at the moment Chromium presents it; the median of all after settling."""
    found: dict[str, float] = {}
    async with player(gateway) as url:
        for way, before in (("whep", ""), ("hls", NO_WEBRTC)):
            page = await browser.new_page()
            found[f"video.{way}_first_picture_ms"] = await _first_picture_ms(page, url, camera, way, before)
            await asyncio.sleep(SETTLE_S)
            await page.evaluate("() => { window.readings = []; }")
            await asyncio.sleep(MEASURED_S)
            ages = [age_ms for _, age_ms, _ in await page.evaluate("readings")]
            found[f"video.{way}_latency_ms"] = statistics.median(ages)
            await page.close()
    return found


async def _fallback(gateway: EmbeddedGateway, camera: UUID, browser: Browser) -> dict[str, float]:
    """From opening a page to its first picture by HLS, of a camera that is not fetched yet, while WebRTC is blocked."""
    async with player(gateway) as url:
        page = await browser.new_page()
        found = {"video.fallback_ms": await _first_picture_ms(page, url, camera, "hls", BLOCKED_WEBRTC)}
        await page.close()
    return found


async def _first_picture_ms(page: Page, url: str, camera: UUID, way: str, before: str) -> float:
    """From starting the player to the first frame that it shows. `before` is the page's first script.

    Raises:
        RuntimeError: it plays another way than the one that is measured.
    """
    await page.add_init_script(before)
    await page.goto(url)
    await page.evaluate(f"() => play('{camera}')")
    await page.wait_for_function("readings.length > 0", timeout=READY_WITHIN_S * 1000)
    if (taken := await page.locator(".player").get_attribute("data-way")) != way:
        raise RuntimeError(f"the player plays by {taken}, not by {way}")
    return float(await page.evaluate("firstPictureMs"))


async def _hls_of_all(gateway: EmbeddedGateway, ids: list[UUID], *, hears: bool = False) -> dict[str, float]:
    """Every camera has a viewer who asks as a low-latency player does: a playlist and a part, twice a second."""
    viewers = [asyncio.create_task(_watch_hls(gateway, camera, hears=hears)) for camera in ids]
    try:
        share = await _core_share(gateway)
        status = await gateway.status()
        if not all(camera.viewers_hls and camera.bit_rate for camera in status.values()):
            raise RuntimeError(f"not all {CAMERAS} cameras were watched")
        return {"video.hls8_core_share": share, "video.hls8_gateway_mb": rss_mb(gateway.pid or 0)}
    finally:
        for viewer in viewers:
            viewer.cancel()
        await asyncio.wait(viewers)


async def _watch_hls(gateway: EmbeddedGateway, camera: UUID, *, hears: bool) -> None:
    playlist = await gateway.hls(camera, "bench", "index.m3u8", hears=hears)
    seen = ""
    while True:
        newest = _newest_part(playlist)
        if newest and newest != seen:
            await gateway.hls(camera, "bench", newest, hears=hears)
            seen = newest
        segment, part = (int(word) for word in seen.split(".")[:2])
        waited = await gateway.hls(camera, "bench", "index.m3u8", HlsMoment(segment, part + 1), hears=hears)
        playlist = waited if isinstance(waited, HlsFile) else playlist


def _newest_part(playlist: object) -> str:
    lines = playlist.content.decode().splitlines() if isinstance(playlist, HlsFile) else []
    parts = [line.split('URI="')[1].split('"')[0] for line in lines if line.startswith("#EXT-X-PART:")]
    return parts[-1] if parts else ""


async def _three_by_whep(gateway: EmbeddedGateway, camera: UUID) -> dict[str, float]:
    async with AsyncExitStack() as stack:
        viewers = [WhepViewer(gateway, camera) for _ in range(WHEP_VIEWERS)]
        for viewer in viewers:
            stack.push_async_callback(viewer.close)
            if (refusal := await viewer.open()) is not None:
                raise RuntimeError(f"the gateway answered {refusal.value}")
        share = await _core_share(gateway)
        if not all(len(viewer.numbers) > MEASURED_S for viewer in viewers):
            raise RuntimeError("not all viewers saw the camera move")
        return {"video.whep3_core_share": share}


async def _core_share(gateway: EmbeddedGateway) -> float:
    """Of one core, what the gateway's process uses once all is running."""
    await asyncio.sleep(SETTLE_S)
    pid = gateway.pid or 0
    before_s, began_s = cpu_s(pid), time.monotonic()
    await asyncio.sleep(MEASURED_S)
    return (cpu_s(pid) - before_s) / (time.monotonic() - began_s)
