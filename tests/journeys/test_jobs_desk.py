"""A car's way at the owner's desk, in a real browser: taken in, moved by hand and by keys, marked, handed over."""

import re

from playwright.async_api import Browser, Locator, Page, expect

from tests.journeys.program import Product

PATIENCE_MS = 20_000


async def take_in(page: Page, url: str) -> None:
    """Fills in the form, and comes back to the board by the job's own page."""
    await page.goto(f"{url}/jobs/new")
    for label, words in (("Plate", "MH 12 AB 1234"), ("Make", "Skoda"), ("Model", "Octavia")):
        await page.get_by_label(label, exact=True).fill(words)
    await page.get_by_role("button", name="Take the car in").click()
    await expect(page.locator(".field[data-state=crit]")).to_contain_text("Name", timeout=PATIENCE_MS)
    await page.get_by_label("Name", exact=True).fill("Meera Nair")
    await page.get_by_label("Phone", exact=True).fill("+91 98765 43210")
    await page.get_by_role("radio", name="Custom work").click()
    await page.get_by_role("button", name="Take the car in").click()
    await expect(page.locator(".qr svg")).to_be_visible(timeout=PATIENCE_MS)
    await expect(page.locator(".copy input")).to_have_value(re.compile(r"/t/[\w-]{43}$"))


async def dialog_of(page: Page, words: str, button: str) -> None:
    """Writes words into the open dialog's field and presses its button."""
    dialog = page.locator(".dialog")
    await dialog.get_by_role("textbox").last.fill(words)
    await dialog.get_by_role("button", name=button).click()


async def test_a_car_is_taken_in_worked_on_and_handed_over_with_a_signature(product: Product, browser: Browser) -> None:
    page, other = [await browser.new_page(viewport={"width": 1440, "height": 900}) for _ in range(2)]
    for each in (page, other):
        each.set_default_timeout(PATIENCE_MS)
        await product.sign_in(each, "owner")
    await other.goto(f"{product.url}/jobs")
    await expect(other.locator("h1")).to_have_text("No open jobs")
    await take_in(page, product.url)

    def lane(state: str) -> Locator:
        return page.locator(f".lane[data-lane={state}]")

    card = page.locator(".job-card")
    await expect(other.locator(".lane[data-lane=received] .job-card")).to_contain_text("Skoda Octavia")
    await page.goto(f"{product.url}/jobs")
    await card.drag_to(lane("complete"))
    await expect(page.locator(".toast")).to_contain_text("can't go from Received to Complete")
    await page.locator(".toast").get_by_role("button", name="Close").click()
    await expect(lane("received").locator(".job-card")).to_be_visible()
    await card.drag_to(lane("in_progress"))
    await dialog_of(page, "no sensors yet", "Start work")
    await expect(other.locator(".lane[data-lane=in_progress] .job-card")).to_contain_text("Inspection")

    await card.focus()
    for key in ("Space", "ArrowRight", "ArrowRight", "Space"):
        await page.keyboard.press(key)
    await page.locator(".dialog").get_by_role("button", name="Put on hold").click()
    await expect(lane("on_hold").locator(".job-card")).to_contain_text("For parts")
    await expect(other.locator(".lane[data-lane=on_hold] .job-card")).to_be_visible()

    await card.locator("a").click()
    await page.locator(".damage-map svg").click(position={"x": 100, "y": 100})
    await dialog_of(page, "Scratch 4 cm", "Mark it")
    await expect(page.locator(".listed.marked")).to_contain_text("Scratch 4 cm")
    await page.get_by_role("button", name="Resume work").click()
    await dialog_of(page, "parts are here", "Resume work")
    for stage in ("Inspection", "Wash", "Preparation", "Finishing"):
        await expect(page.locator(".stepper .now")).to_contain_text(stage)
        await page.get_by_role("button", name="Finish stage").click()
    await page.get_by_role("button", name="Hand to quality check").click()
    await page.get_by_role("button", name="Pass the check").click()
    await page.locator(".dialog").get_by_role("button", name="Tick all").click()
    await page.locator(".dialog").get_by_role("button", name="Pass the check").click()
    await page.get_by_role("button", name="Hand over").click()
    await sign(page)
    await page.locator(".dialog").get_by_role("button", name="Hand over").click()
    await expect(page.locator("svg.signed path")).to_have_attribute("d", re.compile("^M.*L"), timeout=PATIENCE_MS)
    await expect(page.locator(".bar .chip")).to_contain_text("Delivered")
    await expect(other.locator("h1")).to_have_text("No open jobs")


async def sign(page: Page) -> None:
    """A line by the mouse."""
    box = await page.locator(".signature svg").bounding_box()
    assert box is not None
    await page.mouse.move(box["x"] + 40, box["y"] + 60)
    await page.mouse.down()
    for n in range(1, 8):
        await page.mouse.move(box["x"] + 40 + 30 * n, box["y"] + 60 + 20 * (n % 2))
    await page.mouse.up()
