"""A restart, asked for in a browser and done by a device, with every stage told on the page as it happens."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from tests.ingest.command_device import CommandDevice, does_it
from tests.ingest.parts import fetch
from tests.journeys.program import Product

PATIENCE_MS = 60_000
HEARD = "SELECT 1 FROM device_presence WHERE boot_id = 7 AND device_id = :device"


@pytest.fixture
def device(product: Product) -> Iterator[CommandDevice]:
    yield CommandDevice(product.shop, product.broker_port)


async def test_restart_is_pressed_and_goes_through_to_done(
    product: Product, browser: Browser, device: CommandDevice
) -> None:
    taken = asyncio.Event()

    def when_told(device: CommandDevice, command: dict[str, Any]) -> dict[str, Any] | None:
        return does_it(device, command) if taken.is_set() else None

    async with device.connected(when_told):
        async with asyncio.timeout(60):
            while not await fetch(HEARD, device=device.shop.device_id):
                await asyncio.sleep(0.2)
        page = await browser.new_page(viewport={"width": 1440, "height": 900})
        await product.sign_in(page, "owner")
        await page.goto(f"{product.url}/devices/{product.shop.device_id}")
        await page.get_by_role("button", name="Restart").click()
        await page.locator(".dialog").get_by_role("button", name="Restart").click()
        row = page.locator(".told", has_text="Restart")
        await expect(row.locator(".chip")).to_contain_text("Sent", timeout=PATIENCE_MS)
        await expect(page.get_by_role("button", name="Restart")).to_be_disabled()
        taken.set()
        await expect(row.locator(".chip")).to_contain_text("Done", timeout=PATIENCE_MS)
        await expect(row).to_contain_text("started again")
        await expect(page.get_by_role("button", name="Restart")).to_be_enabled()

        await page.get_by_role("button", name="Change").click()
        await page.locator(".dialog").get_by_label("Interval").fill("30")
        await page.locator(".dialog").get_by_role("button", name="Save settings").click()
        card = page.locator("section", has=page.get_by_role("heading", name="Settings", exact=True))
        await expect(card.locator("header .chip")).to_contain_text("As asked", timeout=PATIENCE_MS)
        await expect(card).to_contain_text("30\u00a0s")
    assert {command["kind"] for command in device.heard} == {"restart", "set"}
    assert device.retained == [False] * len(device.heard)
