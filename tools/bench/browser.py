"""A real Chromium with one open overview, which notes when a number on it changes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Page

from api.auth import COOKIE
from tools.chromium import launched

PATIENCE_MS = 15_000

# Notes [card's name, its first metric's text, milliseconds since 1970 UTC] with each change of the document.
OBSERVE = """() => {
    const shown = new Map();
    window.changes = [];
    const look = () => {
        for (const card of document.querySelectorAll(".pit")) {
            const name = card.querySelector("h2").textContent, text = card.querySelector(".value span").textContent;
            if (shown.get(name) === text) continue;
            shown.set(name, text);
            window.changes.push([name, text, Date.now()]);
        }
    };
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
}"""


@asynccontextmanager
async def open_overview(url: str, token: str) -> AsyncIterator[Page]:
    """Opens the overview of a session's workshop; returns when its pits are there and changes are noted.

    Raises:
        playwright.async_api.Error: there is no Chromium, or no such page in time.
    """
    async with launched() as browser:
        context = await browser.new_context(viewport={"width": 1440, "height": 900})
        await context.add_cookies([{"name": COOKIE, "value": token, "url": url}])
        page = await context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        await page.goto(url)
        await page.wait_for_selector(".pit .value")
        await page.evaluate(OBSERVE)
        yield page


async def take_changes(page: Page) -> dict[tuple[str, str], int]:
    """What changed since the last time: (card's name, text) with the moment in milliseconds since 1970 UTC."""
    changes = await page.evaluate("() => window.changes.splice(0)")
    return {(name, text): at_ms for name, text, at_ms in changes}
