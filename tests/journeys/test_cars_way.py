"""A car from its booking to the hand-over, on the owner's desktop, the staff's tablet and the customer's telephone at
once: whoever does something, the pages of the others follow by themselves. Meanwhile somebody guesses links.
"""

import asyncio
import re
from datetime import datetime

import pytest
from playwright.async_api import Browser, FilePayload, Page, expect

from tests.journeys.cars_way import ZONE, Desk, Phone, Tablet, working_day_at
from tests.journeys.hands import carry_by_finger, dialog_of, finish, sign, tap
from tests.journeys.program import Product
from tools.bench.guesses import guess

PAGE_BYTES_MAX = 100_000
GUESSES, JUDGED_MOST = 1_000, 90  # sixty are free, then each has to wait twice as long; `make bench` tries 10,000
SENT_BYTES = """async () => {
    await document.fonts.ready;
    const all = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
    return all.reduce((sum, entry) => sum + entry.transferSize, 0);
}"""


@pytest.mark.timeout(300)
async def test_a_car_is_followed_from_its_booking_to_the_hand_over_on_three_devices_at_once(
    product: Product, browser: Browser
) -> None:
    desk, tablet = await Desk.of(product, browser), await Tablet.of(product, browser)
    link = await desk.book(working_day_at(11))
    phone = await Phone.of(browser, link)
    async with asyncio.TaskGroup() as group:
        guessing = group.create_task(guess(product.url, GUESSES))
        await booked_and_put_elsewhere(desk, phone)
        await carried_on_the_board(desk, tablet, product.url)
        await begun(desk, tablet, phone)
        await warned(product, tablet)
        await held_and_resumed(desk, tablet, phone)
        await worked_on(desk, tablet, phone)
        await sent_back_and_passed(desk, tablet, phone)
        await handed_over(desk, phone)
    answers = guessing.result()
    assert set(answers) == {404, 429} and answers[404] < JUDGED_MOST and answers.total() == GUESSES
    assert [w.loads for w in (desk.board, tablet.watched)] == [[], []]  # nobody loaded anything again
    assert phone.watched.loads == [f"{link}?lang=en"] and await phone.page.context.cookies() == []
    assert [w.faults for w in (desk.board, tablet.watched, phone.watched)] == [[], [], []]
    await passport_checked(phone.page)


async def booked_and_put_elsewhere(desk: Desk, phone: Phone) -> None:
    """The booking goes to a pit and an hour later by mouse, and back by Undo."""
    await phone.says("Your Octavia is booked in")
    assert await phone.page.evaluate(SENT_BYTES) < PAGE_BYTES_MAX
    expected = phone.page.locator(".when b")
    await expect(expected).to_have_text("15:00")  # four hours of work from eleven on
    await desk.put_in_calendar(working_day_at(11), desk.product.shop.other_pit_id, later_min=60)
    await expect(desk.page.locator(".toast")).to_contain_text("Skoda Octavia comes")
    await expect(expected).to_have_text("16:00")
    await expect(desk.card).to_contain_text("Pit 2")
    await desk.page.locator(".toast").get_by_role("button", name="Undo").click()
    await expect(expected).to_have_text("15:00")
    await expect(desk.card).not_to_contain_text("Pit 2")


async def carried_on_the_board(desk: Desk, tablet: Tablet, url: str) -> None:
    """By mouse, and by a finger, to where the rules let nobody go; a swipe carries nothing."""
    await desk.card.drag_to(desk.lane("complete"))
    toast = desk.board.page.locator(".toast")
    await expect(toast).to_contain_text("can't go from Received to Complete")
    await toast.get_by_role("button", name="Close").click()
    await desk.shows("received")
    page = await tablet.page.context.new_page()
    await page.goto(f"{url}/jobs")
    card, lane = page.locator(".job-card"), page.locator(".lane[data-lane=quality_check]")
    await expect(card).to_be_visible()
    await carry_by_finger(page, card, page.locator("h1"), rest_s=0)
    await expect(page.locator(".job-card:is(.carried, .ahead)")).to_have_count(0)
    await expect(page.locator(".toast")).to_have_count(0)
    await carry_by_finger(page, card, lane)
    await expect(page.locator(".toast")).to_contain_text("can't go from Received to Quality check")
    await expect(page.locator(".lane[data-lane=received] .job-card")).to_be_visible()
    await page.close()


async def begun(desk: Desk, tablet: Tablet, phone: Phone) -> None:
    """The car comes earlier; on the tablet it gets a pit, and the work begins in spite of an unknown climate."""
    await desk.open_job()
    await desk.page.get_by_role("button", name="Reschedule").click()
    await desk.page.get_by_label("Day and time", exact=True).fill(f"{datetime.now(ZONE):%Y-%m-%dT%H:%M}")
    await desk.page.locator(".dialog").get_by_role("button", name="Save").click()
    await phone.says("Your Octavia has arrived")
    await tablet.page.locator(".work-line", has_text="Skoda Octavia").tap()
    assert await tablet.too_small_for_gloves() == []
    await tap(tablet.page, "Choose a pit")
    await tap(tablet.page, "Pit 1")
    await expect(desk.card).to_contain_text("Pit 1")
    await tap(tablet.page, "Start work")
    await tap(tablet.page, "Start work")
    await nevertheless(tablet.page, "No film is laid now")
    await tablet.says("Inspection")
    await phone.says("Your Octavia is being washed")
    await desk.shows("in_progress", "Inspection")


async def nevertheless(page: Page, reason: str) -> None:
    """A refusal because of the climate is overridden with a reason."""
    await tap(page, "Do it now")
    await tap(page, reason)
    await tap(page, "Go on nevertheless")
    await expect(page.locator(".work-news .alert")).to_have_count(0)


async def warned(product: Product, tablet: Tablet) -> None:
    """A hot pit is said beside the work until somebody has seen it."""
    await product.publish(1, t_c=48.5)
    warning = tablet.page.locator(".work-side .warning")
    await expect(warning).to_contain_text("Cool the pit.")
    await tap(tablet.page, "I have seen it")
    await expect(warning).to_have_count(0)
    await product.publish(2, t_c=24.0)


async def held_and_resumed(desk: Desk, tablet: Tablet, phone: Phone) -> None:
    await tap(tablet.page, "Hold")
    await tap(tablet.page, "For parts")
    await tablet.says("On hold")
    await phone.says("Work on your Octavia is paused")
    await expect(phone.page.locator(".note.hold")).to_contain_text("waits for parts")
    await desk.shows("on_hold", "For parts")
    await tap(tablet.page, "Resume work")
    await nevertheless(tablet.page, "The owner agrees")
    await phone.says("Your Octavia is being washed")
    await desk.shows("in_progress", "Inspection")


async def worked_on(desk: Desk, tablet: Tablet, phone: Phone) -> None:
    """Damage is marked at the desk meanwhile."""
    await desk.page.locator(".damage-map svg").click(position={"x": 100, "y": 100})
    await dialog_of(desk.page, "Scratch 4 cm", "Mark it")
    await expect(desk.page.locator(".listed.marked")).to_contain_text("Scratch 4 cm")
    for check in ("Damage noted", "Car photographed"):
        await tablet.page.get_by_role("checkbox", name=check).tap()
    await tap(tablet.page, "Finish inspection")  # with nothing open, nobody asks
    await tablet.says("Wash")
    await finish(tablet.page, "wash")
    await phone.says("Your Octavia is being prepared")
    await finish(tablet.page, "preparation")
    await phone.says("Your Octavia is being finished")
    await expect(desk.page.locator(".stepper .now")).to_contain_text("Finishing")
    await finish(tablet.page, "finishing")
    await to_the_check(tablet, phone)


async def to_the_check(tablet: Tablet, phone: Phone) -> None:
    await tap(tablet.page, "Hand to quality check")
    await tap(tablet.page, "Hand to quality check")
    await tablet.says("Quality check")
    await phone.says("Your Octavia is being checked")


async def sent_back_and_passed(desk: Desk, tablet: Tablet, phone: Phone) -> None:
    """Held by keys at the desk, gone on with there; sent back by a defect; then everything is ticked off."""
    await desk.shows("quality_check")
    await desk.card.focus()
    for key in ("Space", "ArrowRight", "Space"):
        await desk.board.page.keyboard.press(key)
    await desk.board.page.locator(".dialog").get_by_role("button", name="Put on hold").click()
    await tablet.says("On hold")
    await desk.page.get_by_role("button", name="Resume work").click()
    await dialog_of(desk.page, "parts are here", "Resume work")
    await tablet.says("Quality check")
    await tap(tablet.page, "Send back")
    await tap(tablet.page, "Bubble")
    await tap(tablet.page, "Save")
    await tap(tablet.page, "Finishing")
    await tablet.says("Finishing")
    await desk.shows("in_progress", "again (2)")
    await phone.says("Your Octavia is being finished")
    await finish(tablet.page, "finishing")
    await to_the_check(tablet, phone)
    for check in await tablet.page.locator(".tick").all():
        await check.tap()
    await tap(tablet.page, "Pass the check")
    await tap(tablet.page, "Pass the check")
    await phone.says("Your Octavia is ready")
    await desk.shows("complete")


async def handed_over(desk: Desk, phone: Phone) -> None:
    await desk.page.get_by_role("button", name="Hand over").click()
    await sign(desk.page)
    await desk.page.locator(".dialog").get_by_role("button", name="Hand over").click()
    await expect(desk.page.locator("svg.signed path")).to_have_attribute("d", re.compile("^M.*L"))
    await expect(desk.page.locator(".bar .chip")).to_contain_text("Delivered")
    await expect(desk.board.page.locator("h1")).to_have_text("No open jobs")
    await phone.says("Your Octavia has gone home")
    await expect(phone.page.get_by_role("link", name="Open the environment passport")).to_be_visible()


async def passport_checked(page: Page) -> None:
    """The page says genuine, and so does the PDF until a byte of it is another one."""
    await page.get_by_role("link", name="Open the environment passport").click()
    verdict = page.locator("[data-verdict]")
    await expect(verdict).to_have_attribute("data-verdict", "genuine")
    async with page.expect_download() as loading:
        await page.get_by_role("link", name="Load the PDF").click()
    whole = (await (await loading.value).path()).read_bytes()
    assert whole.startswith(b"%PDF-")
    for content, expected in ((whole, "genuine"), (whole.replace(b"/Type", b"/Tyqe", 1), "changed")):
        sent = FilePayload(name="passport.pdf", mimeType="application/pdf", buffer=content)
        await page.set_input_files("input[type=file]", files=[sent])
        await page.get_by_role("button", name="Check it").click()
        await expect(verdict).to_have_attribute("data-verdict", expected)
