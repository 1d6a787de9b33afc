"""How people come in, and how they are shown out, in real browsers in front of the running product."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime

import pyotp
import pytest
from playwright.async_api import Browser, Page, ViewportSize, expect
from sqlalchemy import text

from domain.access import Role
from storage.session import EVERY_TENANT, transaction
from storage.tables import Membership, Person
from tests.journeys.program import PASSWORD, Installation, Product, give_password

PATIENCE_MS = 60_000
AT_ONCE_MS = 1_000
NOTES_WHEN_SIGN_IN_IS_SHOWN = """
    if (location.pathname === "/sign-in") {
        new MutationObserver(() => {
            window.shownAfterMs ??= document.querySelector("#password") ? performance.now() : undefined;
        }).observe(document, { childList: true, subtree: true });
    }"""
"""The page itself notes it, so that a slow test doesn't count; both clocks are this machine's."""

STRONG = "mango tractor violet seven"
DESKTOP = {"width": 1440, "height": 900}
TABLET = {"width": 1024, "height": 768}
PHONE = {"width": 390, "height": 844}


Open = Callable[[dict[str, int]], Awaitable[Page]]


@pytest.fixture
async def open_browser(browser: Browser) -> AsyncIterator[Open]:
    """Opens browsers of one's own; a script that fails in one of them makes the test fail."""
    errors: list[str] = []

    async def opened(view: dict[str, int]) -> Page:
        size = ViewportSize(width=view["width"], height=view["height"])
        context = await browser.new_context(viewport=size, has_touch=view is not DESKTOP)
        page = await context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: errors.append(str(error)))
        return page

    yield opened
    assert errors == []


async def begin(product: Installation, page: Page) -> None:
    """Becomes the one who runs the platform, by the code in the log."""
    await page.goto(f"{product.url}/first-run")
    await page.get_by_label("One-time code").fill(product.first_run_code())
    await page.get_by_label("Your name").fill("Anita Rao")
    await page.get_by_label("Sign-in name").fill("anita@example.com")
    await page.get_by_label("Password", exact=True).fill(STRONG)
    await page.get_by_role("button", name="Begin").click()
    await page.wait_for_url("**/tenants")


async def join(page: Page, link: str, login: str) -> None:
    """Accepts an invitation as somebody new."""
    await page.goto(link)
    await page.get_by_label("Sign-in name").fill(login)
    await page.get_by_label("Password", exact=True).fill(STRONG)
    await page.get_by_role("button", name="Join", exact=True).click()


async def invite(page: Page, product: Installation, name: str) -> str:
    """Makes an invitation on the owner's page; returns the link."""
    await page.goto(f"{product.url}/people")
    await page.get_by_role("button", name="Invite").click()
    await page.locator(".dialog").get_by_label("Name", exact=True).fill(name)
    await page.get_by_role("button", name="Make the link").click()
    link = await page.get_by_label("Link", exact=True).input_value()
    await page.get_by_role("button", name="Done").click()
    return link


async def test_from_registering_a_tenant_to_suspending_its_staff_whose_open_page_shows_the_sign_in_within_a_second(
    product: Product, open_browser: Open
) -> None:
    platform, owner = await open_browser(DESKTOP), await open_browser(DESKTOP)
    await sign_in(platform, product, await super_admin(), PASSWORD)
    await platform.wait_for_url("**/tenants")

    await owner.goto(f"{product.url}/register")
    await owner.get_by_label("Name of the workshop or pump").fill("Wakad Detailing")
    await owner.get_by_label("Your name").fill("Meera Iyer")
    await owner.get_by_label("Phone or mail").fill("+91 98220 11440")
    await owner.get_by_label("Sign-in name").fill("meera@example.com")
    await owner.get_by_label("Password", exact=True).fill(STRONG)
    await owner.get_by_role("button", name="Register").click()
    await expect(owner.get_by_role("status")).to_contain_text("Wakad Detailing is registered and waits")

    await platform.goto(f"{product.url}/tenants")
    await expect(platform.get_by_role("heading", level=1)).to_contain_text("1 waits for approval")
    await platform.get_by_role("link", name="Wakad Detailing").click()
    await platform.get_by_role("button", name="Approve").click()
    await expect(platform.locator(".toast")).to_contain_text("Wakad Detailing is approved")

    await sign_in(owner, product, "meera@example.com", STRONG)
    await expect(owner.get_by_role("heading", level=1)).to_contain_text("pits")
    link = await invite(owner, product, "Ravi Kulkarni")

    tablet = await open_browser(TABLET)
    await join(tablet, link, "ravi")
    await expect(tablet.get_by_role("heading", level=1)).to_contain_text("My work")
    await expect(tablet.get_by_text("No job for you today")).to_be_visible()

    await owner.goto(f"{product.url}/people")
    await owner.get_by_role("link", name="Ravi Kulkarni").click()
    await tablet.add_init_script(NOTES_WHEN_SIGN_IN_IS_SHOWN)
    await owner.get_by_role("button", name="Suspend").click()
    await owner.locator(".dialog").get_by_role("button", name="Suspend").click()
    await tablet.wait_for_url("**/sign-in")
    shown_ms = await tablet.evaluate("performance.timeOrigin + window.shownAfterMs")
    assert shown_ms - await suspended_ms("ravi") <= AT_ONCE_MS

    await sign_in(tablet, product, "ravi", STRONG)
    await expect(tablet.get_by_role("alert")).to_contain_text("no access at the moment")
    await owner.get_by_role("button", name="Let in again").click()
    await expect(owner.locator(".toast", has_text="may sign in again").last).to_be_visible()
    await sign_in(tablet, product, "ravi", STRONG)
    await expect(tablet.get_by_role("heading", level=1)).to_contain_text("My work")


async def test_the_first_run_leads_from_an_empty_database_to_the_platforms_page(
    installation: Installation, open_browser: Open
) -> None:
    page, late = await open_browser(PHONE), await open_browser(PHONE)
    await page.goto(installation.url)
    await page.wait_for_url("**/first-run")
    await page.get_by_label("One-time code").fill("AAAA-AAAA")
    await page.get_by_label("Your name").fill("Anita Rao")
    await page.get_by_label("Sign-in name").fill("anita@example.com")
    await page.get_by_label("Password", exact=True).fill(STRONG)
    await page.get_by_role("button", name="Begin").click()
    await expect(page.get_by_label("One-time code")).to_have_attribute("aria-invalid", "true")
    await expect(page.get_by_label("Your name")).to_have_value("Anita Rao")
    await expect(page.get_by_label("One-time code")).to_be_focused()
    await late.goto(f"{installation.url}/first-run")
    await begin(installation, page)
    await expect(page.get_by_text("No tenants yet")).to_be_visible()

    await late.get_by_label("One-time code").fill(installation.first_run_code())
    await late.get_by_label("Your name").fill("Mallory")
    await late.get_by_label("Sign-in name").fill("mallory")
    await late.get_by_label("Password", exact=True).fill(STRONG)
    await late.get_by_role("button", name="Begin").click()
    await expect(late.get_by_text("Somebody else was quicker")).to_be_visible()


async def test_a_used_or_cut_link_says_so_and_what_to_do(product: Product, open_browser: Open) -> None:
    owner, phone = await open_browser(DESKTOP), await open_browser(PHONE)
    await sign_in(owner, product, product.login("owner"), PASSWORD)
    link = await invite(owner, product, "Salma")
    await join(phone, link, "salma")
    await expect(phone.get_by_role("heading", level=1)).to_contain_text("My work")
    await phone.context.clear_cookies()
    for href, title in ((link, "This link was used already"), (link[:-3], "This link is not complete")):
        await phone.goto(href)
        await expect(phone.get_by_role("heading", level=1)).to_have_text(title)
        await expect(phone.get_by_text("Ask who invited you for a new one.")).to_be_visible()
    await phone.get_by_role("link", name="Go to the sign-in").click()
    await phone.wait_for_url("**/sign-in")


async def test_a_lost_phone_has_a_way_back_by_a_recovery_code(product: Product, open_browser: Open) -> None:
    page = await open_browser(DESKTOP)
    await sign_in(page, product, product.login("staff"), PASSWORD)
    await page.goto(f"{product.url}/account")
    await page.get_by_role("button", name="Turn on").click()
    await page.locator(".dialog").get_by_label("Password").fill(PASSWORD)
    await page.keyboard.press("Enter")
    secret = await page.get_by_label("Secret, to type it instead").input_value()
    await page.get_by_label("Code", exact=True).fill(pyotp.TOTP(secret.replace(" ", "")).now())
    await page.keyboard.press("Enter")
    codes = (await page.get_by_label("Recovery codes", exact=True).input_value()).splitlines()
    await page.get_by_role("button", name="I have kept them").click()

    elsewhere = await open_browser(PHONE)
    await sign_in(elsewhere, product, product.login("staff"), PASSWORD)
    await elsewhere.wait_for_url("**/sign-in/code")
    await elsewhere.get_by_text("Lost your phone?").click()
    await elsewhere.get_by_label("Recovery code").fill(codes[0])
    await elsewhere.get_by_role("button", name="Sign in with a recovery code").click()
    await expect(elsewhere.get_by_role("heading", level=1)).to_contain_text("My work")


async def test_every_other_device_is_signed_out_at_once(product: Product, open_browser: Open) -> None:
    here, there = await open_browser(DESKTOP), await open_browser(TABLET)
    for page in (there, here):
        await sign_in(page, product, product.login("staff"), PASSWORD)
    await expect(there.get_by_role("heading", level=1)).to_contain_text("My work")
    await here.goto(f"{product.url}/account")
    await here.get_by_role("button", name="Sign out all others").click()
    await here.locator(".dialog").get_by_role("button", name="Sign out all others").click()
    await there.wait_for_url("**/sign-in")
    await expect(here.locator(".toast")).to_contain_text("1 device is signed out")


async def super_admin() -> str:
    """Makes somebody who runs the platform; returns the login."""
    async with transaction(EVERY_TENANT) as tx:
        platform_id = (await tx.execute(text("SELECT id FROM tenant WHERE is_platform"))).scalar_one()
        person = Person(login="root@platform", name="Anita Rao", password_hash="!")
        tx.add(person)
        await tx.flush()
        tx.add(Membership(tenant_id=platform_id, person_id=person.id, role=Role.SUPER_ADMIN))
        await tx.flush()
        await give_password(tx, platform_id)
    return person.login


async def suspended_ms(login: str) -> float:
    """When somebody was suspended: the moment that the intent began with, just before its commit; ms since 1970."""
    async with transaction(EVERY_TENANT) as tx:
        moment = await tx.scalar(
            text("SELECT m.suspended_at FROM membership m JOIN person p ON p.id = m.person_id WHERE p.login = :login"),
            {"login": login},
        )
    assert isinstance(moment, datetime)
    return moment.timestamp() * 1_000


async def sign_in(page: Page, product: Installation, login: str, password: str) -> None:
    await page.goto(f"{product.url}/sign-in")
    await page.fill("#login", login)
    await page.fill("#password", password)
    await page.click("button[type=submit]")
