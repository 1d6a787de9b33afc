"""The staff's tablet on a bad network: what was tapped arrives once, in its order, and nobody overtakes in silence."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from playwright.async_api import Browser, Page, Route, expect

from actions.jobs.create import Created, NewJob, create
from actions.jobs.move import move
from domain.access import Viewer
from domain.jobs.job import Ask, Job
from domain.jobs.words import Event, Stage, WorkType
from storage import jobs
from storage import photos as photo_rows
from storage.job_intake import NewCustomer, NewVehicle
from storage.session import transaction
from tests.journeys.hands import finish, tap
from tests.journeys.program import Product
from tests.pictures import SVG, photo

PATIENCE_MS = 60_000
TABLET = {"width": 1024, "height": 768}
CAR = NewVehicle("MH 12 AB 1234", "Skoda", "Octavia")
NEW = NewJob(NewCustomer("Meera Nair", "+91 98765 43210"), CAR, WorkType.CUSTOM)


@dataclass
class Shop:
    """A workshop in which one car is being inspected."""

    product: Product
    staff: Viewer
    job_id: UUID

    async def tablet(self, browser: Browser, role: str = "staff") -> Page:
        context = await browser.new_context(viewport=TABLET, has_touch=True)  # type: ignore[arg-type]
        page = await context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        await self.product.sign_in(page, role)
        if role == "owner":
            await page.goto(f"{self.product.url}/work")
            await page.locator(".switch button", has_text="Pit 1").tap()
        await expect(page.locator(".work-job")).to_contain_text("Inspection")
        return page

    async def kinds(self) -> list[str]:
        """What happened to the job since the work began."""
        async with transaction(self.staff.tenant_id) as tx:
            events = await jobs.timeline(tx, self.staff.tenant_id, self.job_id)
        return [event.kind for event in events][2:]

    async def photos(self) -> int:
        async with transaction(self.staff.tenant_id) as tx:
            return len(await photo_rows.of_job(tx, self.staff.tenant_id, self.job_id))

    async def until(self, kinds: list[str]) -> None:
        async with asyncio.timeout(PATIENCE_MS / 1_000):
            while await self.kinds() != kinds:  # the database tells nobody
                await asyncio.sleep(0.1)


@pytest.fixture
async def shop(product: Product) -> AsyncIterator[Shop]:
    here, now = product.shop, datetime.now(UTC)
    staffed = replace(NEW, pit_id=here.pit_id, staff=frozenset({here.staff.person_id}))
    made = await create(staffed, here.owner, now, key=uuid4())
    assert isinstance(made, Created)
    start = Ask(Event.START, 0, here.staff.role, reason="No sensors yet", overrides_climate=True)
    assert isinstance(await move(made.job_id, start, here.staff, now), Job)
    yield Shop(product, here.staff, made.job_id)


async def note_scratch(page: Page) -> None:
    await tap(page, "Defect")
    await tap(page, "Scratch")
    await tap(page, "Save")


async def take_photo(page: Page, folder: Path) -> None:
    file = folder / "car.jpg"
    file.write_bytes(photo(800, 600))
    await page.locator(".acts input[type=file]").set_input_files(file)


async def test_what_was_tapped_without_a_connection_arrives_once_and_in_its_order(
    shop: Shop, browser: Browser, tmp_path: Path
) -> None:
    page = await shop.tablet(browser)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    await page.context.set_offline(True)
    await page.get_by_role("checkbox", name="Damage noted").tap()
    await finish(page, "inspection")
    await note_scratch(page)
    await take_photo(page, tmp_path)
    await expect(page.locator(".work-news")).to_contain_text("4 entries wait.")
    await expect(page.locator(".work-job")).to_contain_text("Wash")  # painted already
    assert await shop.kinds() == []
    await page.context.set_offline(False)
    arrived = ["finish_stage", "note_defect", "take_photo"]
    await shop.until(arrived)
    await expect(page.locator(".work-news")).to_be_hidden()
    assert await shop.photos() == 1 and errors == []

    # The page is closed meanwhile, and then two answers get lost.
    await page.context.set_offline(True)
    await note_scratch(page)
    await expect(page.locator(".work-news")).to_contain_text("1 entry waits.")
    context = page.context
    await page.close()
    await context.set_offline(False)
    page, sent = await context.new_page(), 0

    async def lose_the_answer(route: Route) -> None:
        nonlocal sent
        sent += 1
        if sent > 2:
            await route.continue_()
            return
        await route.fetch()  # the server has it; the tablet never hears
        await route.abort()

    await page.route("**/defects", lose_the_answer)
    await page.goto(f"{shop.product.url}/work")
    async with asyncio.timeout(PATIENCE_MS / 1_000):
        while sent < 3:  # the first is stored at once, and nothing is said until its answer is known to be lost
            await asyncio.sleep(0.1)
    await expect(page.locator(".work-job")).to_be_visible(timeout=PATIENCE_MS)
    await expect(page.locator(".work-news")).to_be_hidden(timeout=PATIENCE_MS)
    assert sent == 3 and await shop.kinds() == [*arrived, "note_defect"]


async def test_of_two_tablets_one_moves_the_car_and_the_other_is_told_and_a_mistake_is_taken_back(
    shop: Shop, browser: Browser, tmp_path: Path
) -> None:
    slow, fast = await shop.tablet(browser), await shop.tablet(browser, "owner")
    await slow.context.set_offline(True)
    await finish(slow, "inspection")
    await finish(fast, "inspection")
    await shop.until(["finish_stage"])
    await slow.context.set_offline(False)
    told = slow.locator(".work-news .alert")
    await expect(told).to_contain_text(f"{shop.product.shop.owner.name} changed this job meanwhile.")
    await expect(told).to_contain_text("Finish inspection, Skoda Octavia")
    await expect(slow.locator(".work-job")).to_contain_text("Wash")
    await told.get_by_role("button", name="Understood").tap()
    await expect(slow.locator(".work-news")).to_be_hidden()
    assert await shop.kinds() == ["finish_stage"]
    await taken_back(shop, fast)
    await photos_on_the_jobs_page(shop, fast, tmp_path)


async def taken_back(shop: Shop, page: Page) -> None:
    """A stage that was finished by mistake, sent already or not yet."""
    await page.get_by_role("button", name="Undo").tap()
    await shop.until(["finish_stage", "undo_stage"])
    await expect(page.locator(".work-job")).to_contain_text("Inspection")
    await page.context.set_offline(True)
    await finish(page, "inspection")
    await page.get_by_role("button", name="Undo").tap()
    await expect(page.locator(".work-job")).to_contain_text("Inspection")
    await page.context.set_offline(False)
    await page.get_by_role("checkbox", name="Damage noted").tap()
    await finish(page, "inspection")
    await shop.until(["finish_stage", "undo_stage", "finish_stage"])
    async with transaction(shop.staff.tenant_id) as tx:
        row = await jobs.one(tx, shop.staff.tenant_id, shop.job_id)
    assert row is not None and row.stages_done == (Stage.INSPECTION,)


async def photos_on_the_jobs_page(shop: Shop, page: Page, folder: Path) -> None:
    """Chosen, shown to the customer, removed; a file that is none is refused in words."""
    car, other = folder / "car.jpg", folder / "script.jpg"
    car.write_bytes(photo(800, 600))
    other.write_bytes(SVG)
    await page.goto(f"{shop.product.url}/jobs/{shop.job_id}")
    photos = page.locator(".photos")
    await photos.locator("input[multiple]").set_input_files([car, other])
    await expect(photos.locator(".upload[data-state=warn]")).to_contain_text("Not a photo.")
    await photos.get_by_role("button", name="Leave it").tap()
    await photos.locator(".grid button").tap()
    await page.get_by_role("switch", name="Show to customer").tap()
    await expect(page.get_by_role("switch", name="Hide from customer")).to_be_visible()
    await page.get_by_role("button", name="Remove", exact=True).tap()
    await page.get_by_role("button", name="Remove for good").tap()
    await expect(photos).to_contain_text("No photos yet.")
    assert (await shop.kinds())[-3:] == ["take_photo", "release_photo", "remove_photo"] and await shop.photos() == 0
