"""From a hot reading to a mail: somebody gives an address in the browser, proves it, and is told what happens."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from playwright.async_api import Browser, expect

from storage.embedded_ports import free_port
from tests.journeys.program import PASSWORD, Product, make_shop, started
from tests.post_office import mail_server

PATIENCE_S = 60


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not true():
            await asyncio.sleep(0.1)


async def test_an_alert_reaches_the_mail_box_of_who_asked_for_it(
    database: str, tmp_path: Path, browser: Browser
) -> None:
    port, shop = free_port(), await make_shop()
    with mail_server() as box:
        mail = {"mail_url": f"smtp://127.0.0.1:{box.port}?tls=off", "mail_from": "pits@example.com"}
        public_url = f"http://127.0.0.1:{port}"
        async with started(database, tmp_path, port=str(port), public_url=public_url, **mail) as running:
            product = Product(running.url, running.broker_port, running.log, shop)
            page = await browser.new_page()
            await product.sign_in(page, "staff")
            await page.goto(f"{product.url}/account")
            await page.get_by_role("button", name="Add a way").click()
            await page.get_by_label("Mail address", exact=True).fill("staff@example.com")
            await page.locator(".dialog").get_by_label("Password", exact=True).fill(PASSWORD)
            await page.get_by_role("button", name="Send the code").click()
            await expect(page.get_by_text("It was sent to s…@example.com")).to_be_visible()
            await until(lambda: box.subjects == ["Your code for PitPilot"])
            code = next(word.strip(".") for word in box.text().split() if word.strip(".").isdigit() and len(word) == 7)
            await expect(page.get_by_text("Last message sent at").first).to_be_visible()
            await page.get_by_label("Code", exact=True).fill(code)
            await page.get_by_role("button", name="Verify").click()
            await expect(page.get_by_text("Mail s…@example.com")).to_be_visible()

            await page.get_by_label("Tell me about", exact=True).first.click()
            await page.get_by_role("option", name="Every alert").click()
            await expect(page.get_by_text("Saved.")).to_be_visible()

            await product.publish(1, t_c=48.5)
            await until(lambda: len(box.mails) == 2)
            assert box.subjects[1] == "Warning: Pit 1 here: Temperature 48.5 °C"
            link = next(word for word in box.text().split() if word.startswith(public_url))
            await page.goto(link)
            await expect(page.get_by_text("48.5").first).to_be_visible()

            await product.publish(2, t_c=24.0)
            await until(lambda: len(box.mails) == 3)
            assert box.subjects[2] == "Over: Pit 1 here: Temperature"

            owners = await (await browser.new_context()).new_page()
            await product.sign_in(owners, "owner")
            await owners.goto(f"{product.url}/messages")
            await expect(owners.get_by_role("heading", name="3 messages sent")).to_be_visible()
