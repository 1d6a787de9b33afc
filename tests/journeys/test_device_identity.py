"""A device's life in front of a browser: registered on the page, claimed over HTTP, heard through the Mosquitto that
production runs, cut off on the page."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiomqtt
import httpx
import pytest
from playwright.async_api import Browser, expect

from deploy import first_rights
from domain.claims import read_payload
from tests.ingest.parts import stored
from tests.ingest.payloads import single
from tests.journeys.program import Product, make_shop, started, write_secret
from tests.shipped_mosquitto import SERVER, Broker, laid_out, shipped_mosquitto

PATIENCE_MS = 60_000
SOON_S = 60.0


@dataclass
class Site:
    """The running program and the broker whose users it keeps."""

    product: Product
    broker: Broker

    async def can_speak(self, given: dict[str, Any], seq: int) -> bool:
        """Whether the device is let in; if so, it sends a reading."""
        mqtt = given["mqtt"]
        try:
            async with aiomqtt.Client(
                "127.0.0.1", self.broker.port, username=mqtt["username"], password=mqtt["password"], timeout=2
            ) as client:
                reading = single(seq, ts=time.time_ns() // 1_000_000, t_c=23.4)
                await client.publish(f"{mqtt['topics']}/telemetry", reading, qos=1)
                return True
        except aiomqtt.MqttError:
            return False

    async def until_speaks(self, given: dict[str, Any], seq: int, expected: bool = True) -> None:
        async with asyncio.timeout(SOON_S):
            while await self.can_speak(given, seq) is not expected:
                await asyncio.sleep(0.2)


@pytest.fixture
async def site(database: str, tmp_path: Path) -> AsyncIterator[Site]:
    shop = await make_shop()
    write_secret(tmp_path)
    with laid_out() as folder:
        assert first_rights.main(folder / "rights", f"mqtt://{SERVER}:its%20password@broker", tmp_path) == 0
        with shipped_mosquitto(folder) as broker:
            settings = {
                "mqtt_url": f"mqtt://{SERVER}:its%20password@127.0.0.1:{broker.port}",
                "mqtt_rights": str(broker.rights),
                "devices_mqtt_url": "mqtts://pits.example.com",
            }
            async with started(database, tmp_path, **settings) as running:
                yield Site(Product(running.url, broker.port, running.log, shop), broker)


async def test_a_device_is_brought_in_heard_and_cut_off(site: Site, browser: Browser) -> None:
    page = await browser.new_page(viewport={"width": 1440, "height": 900})
    await site.product.sign_in(page, "owner")
    await page.goto(f"{site.product.url}/devices")
    await page.get_by_role("button", name="Register device").click()
    dialog = page.locator(".dialog")
    await dialog.get_by_label("Name").fill("PP-0417")
    await dialog.get_by_role("button", name="Register").click()
    code = await page.locator(".dialog .code").inner_text(timeout=PATIENCE_MS)

    async with httpx.AsyncClient() as device:
        answers = await asyncio.gather(
            *(device.post(f"{site.product.url}/api/v1/devices/claim", json={"code": code}) for _ in range(5))
        )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]
    given = next(answer.json() for answer in answers if answer.status_code == 201)
    assert given["mqtt"]["url"] == "mqtts://pits.example.com:8883"
    assert read_payload(f"PITPILOT:{site.product.url}:{code}") == (site.product.url, code.replace("-", ""))
    await expect(dialog).to_contain_text("PP-0417 is in", timeout=PATIENCE_MS)
    await dialog.get_by_role("button", name="Done").click()

    await site.until_speaks(given, 1)
    async with asyncio.timeout(SOON_S):
        while await stored() != [(given["device_id"], 1, 1)]:
            await asyncio.sleep(0.1)
    await page.goto(f"{site.product.url}/pits/{site.product.shop.pit_id}")
    await expect(page.locator(".plot", has_text="Temperature").locator(".value")).to_contain_text(
        "23.4", timeout=PATIENCE_MS
    )

    await page.goto(f"{site.product.url}/devices/{given['device_id']}")
    await page.get_by_role("button", name="Revoke").click()
    await dialog.get_by_role("button", name="Revoke").click()
    await expect(page.get_by_text("PP-0417 is cut off.")).to_be_visible(timeout=PATIENCE_MS)
    await site.until_speaks(given, 2, expected=False)
    before = await stored()  # it may have said something in the moment before the broker knew
    assert not await site.can_speak(given, 3)
    async with httpx.AsyncClient() as device:
        refused = await device.post(
            f"{site.product.url}/api/v1/sensors/ingest",
            content=single(4),
            headers={"Authorization": f"Bearer {given['key']}"},
        )
    assert (refused.status_code, refused.json()["code"]) == (401, "unknown_key")
    assert await stored() == before and before[-1][2] <= 2
    log = site.product.log.read_text()
    for secret in (given["mqtt"]["password"], given["key"], code, code.replace("-", "")):
        assert secret not in log
