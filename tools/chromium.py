"""A real Chromium without a window, for tests and measurements."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, async_playwright

# No sandbox: as root, Chromium has none. The rest keeps it from talking to anybody but us.
_FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@asynccontextmanager
async def launched() -> AsyncIterator[Browser]:
    """A browser that knows nothing yet.

    Raises:
        playwright.async_api.Error: there is no Chromium.
    """
    program = shutil.which("chromium") or "/usr/bin/chromium"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=_FLAGS)
        try:
            yield browser
        finally:
            await browser.close()
