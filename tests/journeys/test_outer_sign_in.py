"""Signing in by an outer OpenID provider, in a real browser between the running product and a real provider."""

from pathlib import Path

from playwright.async_api import Browser, expect

from storage.embedded_ports import free_port
from tests.api.openid_provider import CLIENT_ID, CLIENT_SECRET, provider_for
from tests.journeys.program import PASSWORD, make_shop, started

PATIENCE_MS = 60_000


async def test_an_account_is_linked_on_its_own_page_and_then_opened_by_the_provider(
    database: str, tmp_path: Path, browser: Browser
) -> None:
    await make_shop()
    port = free_port()
    async with provider_for(f"http://127.0.0.1:{port}/sign-in/oidc/callback") as provider:
        settings = {
            "oidc_issuer": provider.issuer,
            "oidc_client_id": CLIENT_ID,
            "oidc_client_secret": CLIENT_SECRET,
            "oidc_name": "House ID",
        }
        async with started(database, tmp_path, port=str(port), **settings) as running:
            page = await (await browser.new_context()).new_page()
            page.set_default_timeout(PATIENCE_MS)

            await page.goto(f"{running.url}/sign-in")
            await page.get_by_role("link", name="Sign in with House ID").click()
            await expect(page.get_by_text("No account here is linked to that sign-in.")).to_be_visible()

            await page.fill("#login", "staff@here")
            await page.fill("#password", PASSWORD)
            await page.get_by_role("button", name="Sign in", exact=True).click()
            await page.wait_for_url(f"{running.url}/work")
            await page.goto(f"{running.url}/account")
            await page.get_by_role("button", name="Link", exact=True).click()
            await page.locator(".dialog").get_by_label("Password").fill(PASSWORD)
            await page.locator(".dialog").get_by_role("button", name="Link", exact=True).click()
            await expect(page.locator(".toast")).to_contain_text("House ID is linked")

            await page.context.clear_cookies()
            await page.goto(f"{running.url}/sign-in?next=/alerts")
            await page.get_by_role("link", name="Sign in with House ID").click()
            await page.wait_for_url(f"{running.url}/alerts")
            await page.goto(f"{running.url}/account")
            await expect(page.get_by_role("heading", level=1)).to_have_text("Staff Here")
