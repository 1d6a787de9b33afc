"""The product's player in a real Chromium reads the frames' numbers: by WebRTC, and by HLS where WebRTC is blocked."""

from uuid import uuid4

import pytest
from playwright.async_api import Page, expect

from tests.ingest.video.parts import PATIENCE_S, embedded, screening, small_film
from tests.video_parts import LISTEN
from tools.chromium import launched
from tools.virtual_camera.player import BLOCKED_WEBRTC, player


async def test_chromium_shows_the_camera_by_webrtc_and_by_hls_where_that_is_blocked() -> None:
    async with screening(small_film()) as opened:
        await moves(await opened(), "whep")
        await moves(await opened(BLOCKED_WEBRTC), "hls")


@pytest.mark.parametrize(("way", "script"), [("whep", ""), ("hls", BLOCKED_WEBRTC)], ids=["whep", "hls"])
async def test_chromium_plays_the_cameras_sound_when_somebody_switches_it_on(way: str, script: str) -> None:
    film = small_film(sound="pcm_alaw")
    async with screening(film, sound=True) as opened:
        page = await opened(script)
        await moves(page, way)
        assert await page.evaluate("player.video.muted"), "it begins muted"
        await page.evaluate(LISTEN)
        await page.locator(".player").hover()
        await page.get_by_role("button", name="unmute").click()
        await page.wait_for_function("tone() > 100", timeout=PATIENCE_S * 1000)
        film.deaf = True  # a microphone that says nothing any more does not stop the picture
        seen = await page.evaluate("readings.length")
        await page.wait_for_function(f"readings.length > {seen} + 60", timeout=PATIENCE_S * 1000)
        await expect(page.locator(".player")).to_have_attribute("data-way", way)
        await page.get_by_role("button", name="mute", exact=True).click()
        await expect(page.get_by_role("button", name="unmute")).to_be_visible()


async def test_a_camera_without_a_microphone_has_no_button_for_sound() -> None:
    async with screening(small_film(), sound=True) as opened:
        page = await opened()
        await moves(page, "whep")
        await expect(page.get_by_role("button", name="unmute")).to_be_hidden()
        await expect(page.get_by_role("button", name="full")).to_be_visible()


async def test_a_try_that_fails_does_not_mute_what_somebody_has_switched_on() -> None:
    async with embedded() as gateway, player(gateway) as url, launched() as browser:
        page = await browser.new_page()
        await page.goto(url)
        await page.evaluate(f"() => play('{uuid4()}')")  # there is no such camera
        assert not await page.evaluate(
            """async () => {
                player.stop();
                const { video } = player;
                video.muted = false;
                video.srcObject = new MediaStream(); // of which no picture ever comes
                const playing = player.unpause();
                video.srcObject = null; // as when the way is closed
                await playing;
                return video.muted;
            }"""
        )


async def moves(page: Page, way: str) -> None:
    """Waits until frames with growing numbers were shown."""
    await expect(page.locator(".player")).to_have_attribute("data-way", way, timeout=PATIENCE_S * 1000)
    await page.wait_for_function("readings.length > 10", timeout=PATIENCE_S * 1000)
    numbers = [reading[2] for reading in await page.evaluate("readings")]
    assert numbers == sorted(numbers) and numbers[-1] > numbers[0]
