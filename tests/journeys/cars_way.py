"""Who follows a car: the owner's desktop, the staff's tablet, the customer's telephone. Each notes what it loaded, so
that a page which had to be loaded again shows.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Self
from zoneinfo import ZoneInfo

from playwright.async_api import Browser, Locator, Page, Request, expect

from tests.journeys.hands import carry_by_mouse, middle
from tests.journeys.program import Product

PATIENCE_MS = 60_000
ZONE = ZoneInfo("Asia/Kolkata")
AXIS_MIN = 720  # of the calendar's day: an hour around the usual 9:30 to 18:30, in whole hours


@dataclass
class Watched:
    """A page, where it went, and what broke in it."""

    page: Page
    loads: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, page: Page) -> Self:
        watched = cls(page)
        page.set_default_timeout(PATIENCE_MS)
        page.on("request", watched._note)
        page.on("pageerror", lambda fault: watched.faults.append(str(fault)))
        return watched

    def _note(self, request: Request) -> None:
        if request.is_navigation_request() and request.frame == self.page.main_frame:
            self.loads.append(request.url)


class Desk:
    """Two tabs of the owner: the board, which stays open, and one that goes about."""

    def __init__(self, product: Product, board: Page, other: Page) -> None:
        self.product, self.board, self.page = product, Watched.of(board), Watched.of(other).page

    @classmethod
    async def of(cls, product: Product, browser: Browser) -> Self:
        context = await browser.new_context(viewport={"width": 1440, "height": 900})
        desk = cls(product, await context.new_page(), await context.new_page())
        await product.sign_in(desk.board.page, "owner")
        await desk.board.page.goto(f"{product.url}/jobs")
        await expect(desk.board.page.locator("h1")).to_have_text("No open jobs")
        desk.board.loads.clear()
        return desk

    @property
    def card(self) -> Locator:
        return self.board.page.locator(".job-card")

    def lane(self, state: str) -> Locator:
        return self.board.page.locator(f".lane[data-lane={state}]")

    async def shows(self, state: str, words: str = "") -> None:
        """The board, by itself."""
        await expect(self.lane(state).locator(".job-card")).to_contain_text(words)

    async def book(self, at: datetime) -> str:
        """Books a car without a pit, and returns the customer's link."""
        page = self.page
        await page.goto(f"{self.product.url}/jobs/new")
        for label, words in (("Plate", "MH 12 AB 1234"), ("Make", "Skoda"), ("Model", "Octavia")):
            await page.get_by_label(label, exact=True).fill(words)
        await page.get_by_role("button", name="Take the car in").click()
        await expect(page.locator(".field[data-state=crit]")).to_contain_text("Name")
        await page.get_by_label("Name", exact=True).fill("Meera Nair")
        await page.get_by_label("Phone", exact=True).fill("+91 98765 43210")
        await page.get_by_role("radio", name="Custom work").click()
        await page.get_by_role("button", name="Booked for later").click()
        await page.get_by_label("Day and time", exact=True).fill(f"{at:%Y-%m-%dT%H:%M}")
        await page.get_by_label("Pit", exact=True).first.click()
        await page.get_by_role("option", name="No pit yet").click()
        await page.get_by_role("button", name="Take the car in").click()
        await expect(page.locator(".qr svg")).to_be_visible()
        await expect(page.locator(".copy input")).to_have_value(re.compile(r"/t/[\w-]{43}$"))
        return await page.locator(".copy input").input_value()

    async def put_in_calendar(self, day: datetime, pit: object, *, later_min: int) -> None:
        """Drags the only booking of a day by mouse: to a pit, and so much later."""
        await self.page.goto(f"{self.product.url}/jobs/calendar?by=day&day={day:%Y-%m-%d}")
        bar, lane = self.page.locator(".cal-bar"), self.page.locator(f".lane-of[data-row='{pit}']")
        await expect(bar).to_be_visible()
        box = await lane.bounding_box()
        assert box is not None
        (x, _y), (_x, y) = await middle(bar), await middle(lane)
        await carry_by_mouse(self.page, bar, (x + box["width"] * later_min / AXIS_MIN, y))

    async def open_job(self) -> None:
        await self.page.goto(str(await self.card.locator("a").evaluate("a => a.href")))
        await expect(self.page.locator("h1")).to_contain_text("Skoda Octavia")


class Tablet:
    """A tablet of the staff, with gloves."""

    def __init__(self, watched: Watched) -> None:
        self.watched, self.page = watched, watched.page

    @classmethod
    async def of(cls, product: Product, browser: Browser) -> Self:
        context = await browser.new_context(viewport={"width": 1024, "height": 768}, has_touch=True)
        tablet = cls(Watched.of(await context.new_page()))
        await product.sign_in(tablet.page, "staff")
        await expect(tablet.page.locator(".work-list")).to_contain_text("No job for you today")
        tablet.watched.loads.clear()
        return tablet

    async def says(self, words: str) -> None:
        """The car that is looked at, by itself."""
        await expect(self.page.locator(".work-job .stands")).to_contain_text(words)

    async def too_small_for_gloves(self) -> list[str]:
        """What can be pressed and is lower than 64 px."""
        found: list[str] = await self.page.locator(".work-tablet").evaluate(
            "all => [...all.querySelectorAll('button, label.btn')]"
            ".filter((each) => each.offsetParent && each.offsetHeight < 64).map((each) => each.innerText)"
        )
        return found


class Phone:
    """The customer's telephone with the page of the own car."""

    def __init__(self, watched: Watched) -> None:
        self.watched, self.page = watched, watched.page
        self.cookies: list[str] = []

    @classmethod
    async def of(cls, browser: Browser, link: str) -> Self:
        context = await browser.new_context(viewport={"width": 390, "height": 844}, accept_downloads=True)
        phone = cls(Watched.of(await context.new_page()))
        phone.page.on("console", lambda said: phone.watched.faults.append(said.text) if said.type == "error" else None)
        await phone.page.goto(f"{link}?lang=en")
        return phone

    async def says(self, title: str) -> None:
        """By itself."""
        await expect(self.page.locator("h1")).to_have_text(title)


def working_day_at(hour: int) -> datetime:
    """The next day on which the workshop is open by its usual hours."""
    day = datetime.now(ZONE).replace(hour=hour, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return day if day.weekday() != 6 else day + timedelta(days=1)
