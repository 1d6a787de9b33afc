"""The live components in a real browser: the gallery runs as a process, and `live` messages move what it shows."""

import os
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, ViewportSize, expect

from storage.embedded_ports import free_port
from tools.chromium import launched

ROOT = Path(__file__).parent.parent.parent
READY_WITHIN_S = 60
pytestmark = pytest.mark.asyncio(loop_scope="module")
DESKTOP: ViewportSize = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}


@dataclass(frozen=True)
class Gallery:
    url: str

    def send(self, **message: Any) -> None:
        httpx.post(f"{self.url}/live", json=message).raise_for_status()


@pytest.fixture(scope="module")
def gallery() -> Iterator[Gallery]:
    """The gallery with no values that move by themselves."""
    port = free_port()
    command = [sys.executable, "-m", "tools.gallery", "--port", str(port), "--still"]
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("NICEGUI_", "PYTEST_"))}
    process = subprocess.Popen(command, cwd=ROOT, env=environment)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(READY_WITHIN_S * 10):
            assert process.poll() is None, "the gallery did not start"
            try:
                httpx.get(f"{url}/static/logo.svg").raise_for_status()
                break
            except httpx.HTTPError:
                time.sleep(0.1)
        yield Gallery(url)
    finally:
        process.terminate()
        process.wait(timeout=10)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chromium() -> AsyncIterator[Browser]:
    async with launched() as started:
        yield started


@pytest_asyncio.fixture(loop_scope="module")
async def browser(chromium: Browser) -> AsyncIterator[Browser]:
    yield chromium
    for context in chromium.contexts:
        await context.close()


async def opened(browser: Browser, gallery: Gallery, path: str, viewport: Any = DESKTOP) -> Page:
    """A page whose socket is connected. Whatever the browser complains about fails the test."""
    page = await browser.new_page(viewport=viewport)
    page.on("pageerror", lambda error: pytest.fail(f"the page broke: {error}"))
    await page.goto(f"{gallery.url}{path}")
    await expect(page.locator(".live-mark")).to_contain_text("Waiting for values")
    return page


def reading(**values: Any) -> dict[str, Any]:
    return {"pit-1": {"at": time.time_ns() // 1_000_000, **values}}


async def test_a_live_message_moves_the_number_state_and_title(browser: Browser, gallery: Gallery) -> None:
    page = await opened(browser, gallery, "/overview?theme=light")
    card = page.locator(".pit").first
    await expect(card.locator(".value").first).to_contain_text("24.6")
    gallery.send(pits=reading(state="crit", metrics={"t_c": [36.52, "warn"], "pm25": [50.1, "crit"]}))
    await expect(card.locator(".value").first).to_contain_text("36.5")
    await expect(card.locator(".metric").first.locator(".top")).to_contain_text("≤ 35")
    await expect(card.locator(".chip")).to_have_text(re.compile("Critical"))
    await expect(card).to_have_attribute("data-state", "crit")
    await expect(page.locator("[aria-live=assertive]").first).to_have_text("Pit 1: Critical")
    await expect(page.locator("h1")).to_have_text("6 pits: 2 in spec, 1 warning, 2 critical, 1 unknown")
    await expect(page.locator(".live-mark")).to_contain_text("Live, 1 s ago")


async def test_a_lost_value_becomes_unknown_and_says_what_it_was(browser: Browser, gallery: Gallery) -> None:
    page = await opened(browser, gallery, "/overview?theme=light")
    metric = page.locator(".pit").first.locator(".metric").first
    gallery.send(pits=reading(metrics={"t_c": [None, "unknown"]}))
    await expect(metric.locator(".value")).to_have_text("– –was 24.6")
    await expect(metric.locator(".gone")).to_have_count(1)


async def test_a_silent_server_makes_every_pit_unknown_by_the_pages_own_clock(
    browser: Browser, gallery: Gallery
) -> None:
    page = await browser.new_page(viewport=DESKTOP)
    await page.clock.install()
    await page.goto(f"{gallery.url}/overview?theme=light")
    chip = page.locator(".pit .chip").first
    await expect(chip).to_contain_text("In spec")
    await page.clock.run_for(15_000)
    await expect(page.locator(".pit header").first).to_contain_text(re.compile(r"1\d s ago"))
    await page.clock.run_for(50_000)
    await expect(chip).to_contain_text("No data 1 min")
    await expect(page.locator("h1")).to_have_text("6 pits: 6 unknown")


async def test_a_phone_lists_the_worst_first_and_counts(browser: Browser, gallery: Gallery) -> None:
    page = await opened(browser, gallery, "/overview?theme=dark", PHONE)
    names = page.locator(".pit-row:not(.head) h3")
    assert [name.split(",")[0].strip() for name in await names.all_inner_texts()][:3] == ["Pit 4", "Pit 6", "Pit 3"]
    assert await page.locator(".count-tile b").all_inner_texts() == ["3", "1", "1", "1"]
    gallery.send(pits=reading(state="crit", metrics={"pm25": [60.0, "crit"]}))
    await expect(names.first).to_contain_text("Pit 1")
    assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


async def test_the_whole_card_leads_to_its_pit_by_keyboard_too(browser: Browser, gallery: Gallery) -> None:
    page = await opened(browser, gallery, "/overview?theme=light")
    await page.keyboard.press("Tab")
    await expect(page.locator(".skip")).to_be_focused()
    link = page.locator(".pit").nth(3).get_by_role("link")
    card, spot = await page.locator(".pit").nth(3).bounding_box(), await link.bounding_box()
    assert card and spot
    await page.mouse.click(card["x"] + card["width"] - 20, card["y"] + card["height"] - 20)
    await page.wait_for_url("**/pit?n=4")


async def test_a_hidden_page_tells_the_server(browser: Browser, gallery: Gallery) -> None:
    page = await opened(browser, gallery, "/overview?theme=light")
    await expect(page.locator("h1")).to_have_attribute("data-watched", "True")
    gallery.send(pits=reading(metrics={"t_c": [25.3, "ok"]}))
    await expect(page.locator(".pit .value").first).to_contain_text("25.3")
    await page.evaluate(
        """() => {
            Object.defineProperty(document, "visibilityState", { value: "hidden", configurable: true });
            document.dispatchEvent(new Event("visibilitychange"));
        }"""
    )
    await expect(page.locator("h1")).to_have_attribute("data-watched", "False")


CHART = """() => {
    const graph = document.querySelectorAll(".graph")[0];
    const line = graph.data.find((trace) => trace.hovertemplate);
    const gaps = line.y.filter((y) => y === null).length;
    return { x: line.x.length, gaps, last: line.y.at(-1), range: graph.layout.yaxis.range, ink: line.line.color };
}"""


async def test_readings_extend_the_chart_once_and_gaps_stay_gaps(browser: Browser, gallery: Gallery) -> None:
    page = await opened(browser, gallery, "/pit?theme=light")
    await expect(page.locator(".graph .main-svg").first).to_be_visible()
    before = await page.evaluate(CHART)
    assert before["gaps"] == 1
    at = time.time_ns() // 1_000_000
    twice = [[at, {"t_c": 29.14}], [at, {"t_c": 99.0}], [at - 7_200_000, {"t_c": 99.0}]]
    gallery.send(pit="pit-4", readings=twice)
    gallery.send(pit="pit-5", readings=[[at + 1, {"t_c": 99.0}]])
    await expect(page.locator(".plot .value").first).to_contain_text("29.1")
    await page.wait_for_function(f"({CHART})().last === 29.14")
    after = await page.evaluate(CHART)
    assert 0 <= after["x"] - before["x"] <= 2  # the reading, and a gap if the test was slow
    assert after["range"][1] < 50


async def test_a_number_out_of_its_limits_changes_colour_and_is_described(browser: Browser, gallery: Gallery) -> None:
    page = await opened(browser, gallery, "/pit?theme=light")
    plot = page.locator(".plot").nth(2)
    await expect(plot).to_have_attribute("data-state", "crit")
    gallery.send(pit="pit-4", readings=[[time.time_ns() // 1_000_000, {"pm25": 8.0}]])
    await expect(plot).to_have_attribute("data-state", "ok")
    await expect(plot.locator(".graph")).to_have_attribute("aria-label", re.compile(r"PM2\.5: now 8\.0 µg/m³, \d"))


async def test_the_chart_takes_the_colours_of_the_other_theme(browser: Browser, gallery: Gallery) -> None:
    page = await opened(browser, gallery, "/pit?theme=light")
    await expect(page.locator(".graph .main-svg").first).to_be_visible()
    assert (await page.evaluate(CHART))["ink"] == "#0B5A78"
    await page.locator(".person").click()
    await page.get_by_role("button", name="Dark").click()
    await page.wait_for_function(f"({CHART})().ink === '#62BFE3'")


async def test_another_window_brings_its_own_resolution(browser: Browser, gallery: Gallery) -> None:
    page = await opened(browser, gallery, "/pit?theme=light")
    await expect(page.locator(".graph .main-svg").first).to_be_visible()
    await page.get_by_role("button", name="7 d").click()
    await page.wait_for_function("document.querySelector('.graph').data.some((trace) => trace.fill === 'tonexty')")
    assert (await page.evaluate(CHART))["x"] > 2_000
    await page.get_by_role("button", name="15 min").click()
    await page.wait_for_function("!document.querySelector('.graph').data.some((trace) => trace.fill === 'tonexty')")
    assert (await page.evaluate(CHART))["x"] < 200


@pytest.mark.parametrize("lang", ["hi", "bn"])
async def test_longer_words_break_no_page(lang: str, browser: Browser, gallery: Gallery) -> None:
    page = await browser.new_page()
    for path in ("/overview", "/pit", "/"):
        for viewport in ({"width": 360, "height": 640}, {"width": 768, "height": 1024}):
            await page.set_viewport_size(viewport)  # type: ignore[arg-type]
            await page.goto(f"{gallery.url}{path}?lang={lang}")
            await expect(page.locator("h1")).to_be_attached()
            assert await page.evaluate("document.documentElement.scrollWidth") <= viewport["width"], (path, viewport)
