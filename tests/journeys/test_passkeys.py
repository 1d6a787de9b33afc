"""A passkey in a real browser, whose own virtual authenticator shows a finger: made, used, or impossible."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, CDPSession, Page, expect

from tests.journeys.program import PASSWORD, Product

PATIENCE_MS = 60_000


@pytest.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    errors: list[str] = []
    page = await (await browser.new_context()).new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if "Content Security Policy" in said.text else None)
    yield page
    assert errors == []


async def with_finger(page: Page) -> tuple[CDPSession, dict[str, Any]]:
    """Gives the browser an authenticator that keeps passkeys and knows a finger."""
    devtools = await page.context.new_cdp_session(page)
    await devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    return devtools, await devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})


async def sign_in(page: Page, product: Product, url: str) -> None:
    await page.goto(f"{url}/sign-in")
    await page.fill("#login", product.login("owner"))
    await page.fill("#password", PASSWORD)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await page.wait_for_url(f"{url}/")


async def test_a_passkey_is_made_and_opens_the_account_until_it_is_removed(product: Product, page: Page) -> None:
    url = product.url.replace("127.0.0.1", "localhost")
    devtools, authenticator = await with_finger(page)
    await sign_in(page, product, url)
    await page.goto(f"{url}/account")
    await page.get_by_role("button", name="Add a passkey").click()
    dialog = page.locator(".dialog")
    await dialog.get_by_label("Name", exact=True).fill("This laptop")
    await dialog.get_by_label("Password").fill(PASSWORD)
    await dialog.get_by_role("button", name="Go on").click()
    await expect(page.locator(".toast")).to_contain_text("This laptop opens your account from now on.")
    stored = await devtools.send("WebAuthn.getCredentials", authenticator)
    assert [(key["rpId"], key["isResidentCredential"]) for key in stored["credentials"]] == [("localhost", True)]

    await page.context.clear_cookies()
    await page.goto(f"{url}/sign-in?next=/alerts")
    await page.get_by_role("button", name="Sign in with a passkey").click()
    await page.wait_for_url(f"{url}/alerts")

    await page.goto(f"{url}/account")
    await page.get_by_role("button", name="Remove This laptop").click()
    await page.locator(".dialog").get_by_role("button", name="Remove", exact=True).click()
    await expect(page.get_by_text("This laptop", exact=True)).to_have_count(0)
    await page.context.clear_cookies()
    await page.goto(f"{url}/sign-in")
    await page.get_by_role("button", name="Sign in with a passkey").click()
    await expect(page.get_by_role("alert")).to_contain_text("This passkey opens nothing here")


async def test_without_a_passkey_the_browser_says_so_and_leads_back(product: Product, page: Page) -> None:
    url = product.url.replace("127.0.0.1", "localhost")
    await with_finger(page)
    await page.goto(f"{url}/sign-in")
    await page.get_by_role("button", name="Sign in with a passkey").click()
    await expect(page.get_by_text("no passkey was chosen")).to_be_visible()
    await expect(page.get_by_text("This browser can't use passkeys")).to_be_hidden()
    await page.get_by_role("link", name="Sign in by password").click()
    await page.wait_for_url(f"{url}/sign-in")


async def test_at_a_number_instead_of_a_name_the_account_says_why_there_are_none(product: Product, page: Page) -> None:
    await sign_in(page, product, product.url)
    await page.goto(f"{product.url}/account")
    await expect(page.get_by_text("open PitPilot as localhost")).to_be_visible()
    await page.context.clear_cookies()
    await page.goto(f"{product.url}/sign-in")
    await expect(page.get_by_role("button", name="Sign in with a passkey")).to_have_count(0)
