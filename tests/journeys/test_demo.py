"""`main.py --demo` with all of its own: broker, virtual devices with the real firmware, and people who press."""

import json
from pathlib import Path

from playwright.async_api import Browser, expect

from tests.ingest.pump_site import comes_true
from tests.journeys.program import started
from tests.pump_parts import assert_books_balance, fetch
from tools.demo_files import LOGINS

PATIENCE_MS = 60_000
MEMBER = "bimal@uttarpara"


async def test_a_member_of_the_demo_runs_a_motor(database: str, tmp_path: Path, browser: Browser) -> None:
    async with started(database, tmp_path, ["--demo"], mqtt_url="") as running:
        logins = json.loads((tmp_path / LOGINS).read_text())["logins"]
        password = next(each["password"] for each in logins if each["login"] == MEMBER)
        assert password in running.log.read_text(), "whoever starts the demo is told"
        page = await browser.new_page(viewport={"width": 390, "height": 844})
        await page.goto(f"{running.url}/sign-in")
        await page.fill("#login", MEMBER)
        await page.fill("#password", password)
        await page.click("button[type=submit]")
        await page.wait_for_url(f"{running.url}/my-pump")
        chip = page.locator(".my-pump .chip").first
        await page.get_by_role("button", name="Start").click(timeout=PATIENCE_MS)
        await expect(chip).to_contain_text("RUNNING", timeout=PATIENCE_MS)
        await page.get_by_role("button", name="Stop").click()
        await expect(chip).to_contain_text("OFF", timeout=PATIENCE_MS)
        await comes_true(nobody_runs)
        await assert_books_balance()


async def nobody_runs() -> bool:
    return await fetch("SELECT count(*) FROM run WHERE ended_at IS NULL") == [(0,)]
