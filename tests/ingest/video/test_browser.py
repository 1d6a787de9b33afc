"""The product's player in a real Chromium reads the frames' numbers: by WebRTC, and by HLS where WebRTC is blocked."""

from uuid import uuid4

from playwright.async_api import Page, expect

from domain.video import CameraSource
from tests.ingest.video.parts import PATIENCE_S, embedded, small_film
from tools.chromium import launched
from tools.virtual_camera.player import BLOCKED_WEBRTC, player
from tools.virtual_camera.server import VirtualCameras


async def test_chromium_shows_the_camera_by_webrtc_and_by_hls_where_that_is_blocked() -> None:
    camera = uuid4()
    async with VirtualCameras({"pit": small_film()}) as source, embedded() as gateway, player(gateway) as url:
        await gateway.configure([CameraSource(camera, source.url("pit"))])
        async with launched() as browser:
            page = await browser.new_page()
            await page.goto(url)
            await page.evaluate(f"() => play('{camera}')")
            await moves(page, "whep")
            page = await browser.new_page()
            await page.add_init_script(BLOCKED_WEBRTC)
            await page.goto(url)
            await page.evaluate(f"() => play('{camera}')")
            await moves(page, "hls")


async def moves(page: Page, way: str) -> None:
    """Waits until frames with growing numbers were shown."""
    await expect(page.locator(".player")).to_have_attribute("data-way", way, timeout=PATIENCE_S * 1000)
    await page.wait_for_function("readings.length > 10", timeout=PATIENCE_S * 1000)
    numbers = [reading[2] for reading in await page.evaluate("readings")]
    assert numbers == sorted(numbers) and numbers[-1] > numbers[0]
