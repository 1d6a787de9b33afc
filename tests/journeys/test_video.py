"""Cameras in a real browser: WebRTC plays, and HLS where there is none; what is wrong is said, and it comes back."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from playwright.async_api import Browser, Locator, Page, expect
from sqlalchemy import text

from actions.announce import Announcement, Topic, announce
from actions.cameras import reach
from actions.cameras.keeping import add, change
from actions.jobs import links
from domain.cameras.address import CameraAddress, take_apart
from domain.cameras.makes import Make
from domain.cameras.privacy import WEEK, PrivacyHours
from domain.refusals import Refusal
from storage.cameras import CameraSettings
from storage.session import transaction
from tests.conftest import Workshop
from tests.journeys.house import House
from tests.journeys.program import Product
from tests.named import name_everything
from tests.video_parts import LISTEN
from tools.virtual_camera.film import Film
from tools.virtual_camera.player import NO_WEBRTC
from tools.virtual_camera.server import VirtualCameras

PATIENCE_MS = 45_000  # nothing here measures time: many tests share a machine
# The cells that tools/virtual_camera/picture.py burns into the top of each frame: its number, if the sum fits.
READ = """(shown) => {
    const CELLS = 64, canvas = new OffscreenCanvas(CELLS, 1), drawn = canvas.getContext("2d");
    const width = shown.videoWidth || shown.naturalWidth, height = shown.videoHeight || shown.naturalHeight;
    const wide = Math.floor(width / CELLS) * CELLS, row = height / 24;
    drawn.drawImage(shown, 0, row - 1, wide, 2, 0, 0, CELLS, 1);
    const pixels = drawn.getImageData(0, 0, CELLS, 1).data;
    let bits = 0n;
    for (let at = 0; at < CELLS; at++) bits = (bits << 1n) | (pixels[4 * at] > 125 ? 1n : 0n);
    let sum = 0;
    for (let at = 0n; at < 6n; at++) sum += Number((bits >> (8n + 8n * at)) & 0xffn);
    return (sum & 0xff) === Number(bits & 0xffn) && sum ? Number((bits >> 8n) & 0xffffn) : -1;
}"""


NO_STREAMS = "delete window.MediaSource; delete window.ManagedMediaSource"


@dataclass
class Studio:
    """A product with three cameras in its second pit: one frozen, one without H.264, one in its privacy hours. The
    first pit's has yet to be added.
    """

    product: Product
    lift: VirtualCameras
    faulty: VirtualCameras


@pytest.fixture
async def studio(opened: House, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Studio]:
    monkeypatch.setattr(reach._allowed, "loopback", True)
    small = Film("Pit 2", 320, 176, 12, 400_000)
    films = {"door": replace(small, still=True), "old": replace(small, codec="mjpeg")}
    lift_film = replace(small, name="Pit 1", sound="pcm_alaw")
    async with VirtualCameras({"lift": lift_film}) as lift, VirtualCameras(films) as faulty:
        product = await opened.product()
        shop = product.shop
        for path in films:
            await add(said(shop.other_pit_id, path.title(), faulty), shop.owner, datetime.now(UTC))
        private = replace(said(shop.other_pit_id, "Private", faulty), privacy=PrivacyHours(WEEK, 0, 1440))
        await add(private, shop.owner, datetime.now(UTC))
        yield Studio(product, lift, faulty)


def said(pit_id: UUID, name: str, cameras: VirtualCameras, password: str = "") -> CameraSettings:
    address = take_apart(cameras.url(name.lower()))
    assert isinstance(address, CameraAddress)
    return CameraSettings(pit_id, name, Make.OTHER, address.signing_in(password or cameras.password))


@pytest.mark.timeout(300)  # with all its cameras, pages and decoding, on a machine that others share
async def test_cameras_play_what_is_wrong_is_said_and_the_picture_comes_back_by_itself(
    studio: Studio, browser: Browser
) -> None:
    product, shop = studio.product, studio.product.shop
    context = await browser.new_context(viewport={"width": 1440, "height": 900})
    page, faulty = await context.new_page(), await context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await product.sign_in(page, "owner")
    await faulty.goto(f"{product.url}/pits/{shop.other_pit_id}")  # takes its time to be known as frozen
    await the_owner_tests_a_camera_and_adds_it(page, studio)
    await page.goto(f"{product.url}/pits/{shop.pit_id}")
    await expect(page.locator(".player")).to_have_attribute("data-way", "whep")
    await expect(page.locator(".player .wrong")).to_be_hidden()  # nothing stands over a picture that moves
    await growing(page)
    await the_tools_work(page)
    await a_dead_camera_is_named_and_comes_back(page, studio)
    await a_wrong_password_is_named_until_it_is_right(page, studio)
    await the_wall_is_live_under_the_pointer_and_by_keyboard(page, studio)
    await the_faulty_ones_are_named_and_come_back(faulty, studio)
    await hls_plays_without_webrtc_and_outlives_a_network_that_drops(browser, studio)
    assert not [url for url in asked if "token=" in url or "eyJ" in url]


async def the_owner_tests_a_camera_and_adds_it(page: Page, studio: Studio) -> None:
    await page.goto(f"{studio.product.url}/cameras/new?pit={studio.product.shop.pit_id}")
    await page.get_by_label("Name", exact=True).fill("Lift")
    await page.get_by_label("Address").fill(studio.lift.url("lift"))
    await page.get_by_role("button", name="Test").click()
    await expect(page.get_by_text("H.264, 320 × 176, 12 a second, sound in G.711")).to_be_visible()
    shown = page.get_by_role("img", name="What the camera sees now")
    assert await shown.evaluate("picture => picture.naturalWidth") == 320
    await page.get_by_text("With sound, for owners and staff").click()
    await page.get_by_role("button", name="Save").click()
    await page.wait_for_url(f"{studio.product.url}/cameras")
    await expect(page.get_by_role("heading", name="Lift")).to_be_visible()
    assert studio.lift.password not in await page.content()


async def the_wall_is_live_under_the_pointer_and_by_keyboard(page: Page, studio: Studio) -> None:
    await page.goto(f"{studio.product.url}/wall")
    cover = page.get_by_role("button", name="Lift live")
    tile = page.locator(".tile").filter(has=cover)
    await expect(tile.locator(":scope > img")).to_be_visible()
    await cover.hover()
    await expect(page.locator(".tile .player")).to_have_attribute("data-state", "live")
    await expect(page.locator(".tile .none", has_text="Privacy hours until 00:00")).to_be_visible()
    await page.mouse.move(1, 1)
    await expect(page.locator(".tile .player")).to_have_count(0)
    await cover.press("Enter")
    await expect(page.locator(".tile .player")).to_have_attribute("data-state", "live")
    await page.keyboard.press("Escape")
    await expect(page.locator(".tile .player")).to_have_count(0)
    await expect(cover).to_be_focused()


async def the_tools_work(page: Page) -> None:
    player = page.locator(".player")
    await page.bring_to_front()  # the one window that may fill the screen
    await player.hover()
    assert await player.locator("video").evaluate("video => video.muted"), "it begins muted"
    await player.get_by_role("button", name="Sound on").click()
    await page.evaluate(LISTEN)
    await page.wait_for_function("tone() > 100")
    await player.get_by_role("button", name="Mute").click()
    await expect(player.get_by_role("button", name="Sound on")).to_be_visible()
    await player.get_by_role("button", name="Full screen").click()
    await page.wait_for_function("document.fullscreenElement?.classList.contains('player')")
    await player.get_by_role("button", name="Full screen").click()
    await page.wait_for_function("!document.fullscreenElement")
    assert await page.evaluate("document.pictureInPictureEnabled")
    await player.get_by_role("button", name="Picture in picture").click()
    await page.wait_for_function("document.pictureInPictureElement?.tagName === 'VIDEO'")
    await growing(page)
    await player.get_by_role("button", name="Picture in picture").click()
    await page.wait_for_function("!document.pictureInPictureElement")


async def a_dead_camera_is_named_and_comes_back(page: Page, studio: Studio) -> None:
    player = page.locator(".player")
    await studio.lift.stop()
    await expect(player).to_have_attribute("data-reason", "unreachable")
    await expect(player).to_contain_text("The camera can't be reached. Check its power and its network cable.")
    await expect(player.locator("canvas.kept")).to_be_visible()
    await studio.lift.start()
    await player.get_by_role("button", name="Try again").click()
    await expect(player).to_have_attribute("data-state", "live")
    await growing(page)


async def a_wrong_password_is_named_until_it_is_right(page: Page, studio: Studio) -> None:
    shop, player = studio.product.shop, page.locator(".player")
    async with transaction(shop.tenant_id) as tx:
        lift_id = (await tx.execute(text("SELECT id FROM camera WHERE name = 'Lift'"))).scalar_one()
    for password, words in (("another password", "The camera refuses its user name or password."), ("", "Live")):
        settings = replace(said(shop.pit_id, "Lift", studio.lift, password), sound=True)
        now = datetime.now(UTC)
        assert await change(lift_id, settings, shop.owner, now, keep_password=False) is None
        await expect(player).to_contain_text(words)
    await growing(page)


async def the_faulty_ones_are_named_and_come_back(page: Page, studio: Studio) -> None:
    frozen, old, private = (page.locator(".player").nth(at) for at in range(3))
    await expect(private).to_contain_text("Privacy hours until 00:00: nobody sees the picture.")
    await expect(private.get_by_role("button", name="Try again")).to_be_hidden()
    await expect(old).to_contain_text("Browsers can't play what the camera sends. Ask the owner to allow converting.")
    await the_owner_allows_converting(page, studio)
    await expect(frozen).to_have_attribute("data-reason", "frozen", timeout=2 * PATIENCE_MS)
    await expect(frozen).to_contain_text("The camera's picture is frozen.")
    studio.faulty.films["door"].still = False
    await expect(frozen).to_have_attribute("data-state", "live")
    await expect(old).to_have_attribute("data-state", "live")
    await growing(page, old.locator("video"))


async def the_owner_allows_converting(page: Page, studio: Studio) -> None:
    owner = await page.context.new_page()
    await owner.goto(f"{studio.product.url}/cameras")
    card = owner.locator(".camera-card").filter(has=owner.get_by_role("heading", name="Old"))
    await card.get_by_role("link", name="Change").click()
    await owner.get_by_text("Convert what browsers can't play").click()
    await owner.get_by_role("button", name="Save").click()
    await owner.wait_for_url(f"{studio.product.url}/cameras")
    await owner.close()


async def hls_plays_without_webrtc_and_outlives_a_network_that_drops(browser: Browser, studio: Studio) -> None:
    product, shop = studio.product, studio.product.shop
    context = await browser.new_context(viewport={"width": 390, "height": 844})
    await context.add_init_script(NO_WEBRTC)
    page, customer, plain = [await context.new_page() for _ in range(3)]
    await product.sign_in(page, "staff")
    await page.goto(f"{product.url}/pits/{shop.pit_id}")
    player = page.locator(".player")
    await expect(player).to_have_attribute("data-way", "hls")
    await expect(player).to_contain_text("Live, a little later (HLS)")
    await growing(page)
    await expect(player.get_by_role("button", name="Sound on")).to_be_visible()
    await context.set_offline(True)
    await expect(player).to_contain_text("No connection to PitPilot. The picture comes back by itself.")
    await expect(player.locator("canvas.kept")).to_be_visible()
    await context.set_offline(False)
    await expect(player).to_have_attribute("data-state", "live")
    await growing(page)
    await page.close()
    await plain.add_init_script(NO_STREAMS)
    await plain.goto(f"{product.url}/pits/{shop.pit_id}")
    await expect(player_of(plain)).to_have_attribute("data-way", "stills")
    await expect(player_of(plain)).to_contain_text("A picture every 2 s")
    await growing(plain, player_of(plain).locator("img"))
    await plain.close()

    await customer.goto(f"{product.url}/t/{await link_to_a_job_in_view(shop)}")
    await expect(customer.locator(".player")).to_have_attribute("data-way", "hls")
    await expect(customer.locator(".player .wrong")).to_be_hidden()
    await growing(customer)
    await expect(customer.get_by_role("button", name="Sound on")).to_be_hidden()  # never for a customer
    async with transaction(shop.tenant_id) as tx:
        await tx.execute(text("UPDATE job SET video_allowed = false"))
        (job_id,) = (await tx.execute(text("SELECT id FROM job"))).scalars()
        await announce(tx, Announcement(Topic.JOB, shop.tenant_id, id=str(job_id)))
    await expect(customer.locator(".player")).to_have_count(0)


def player_of(page: Page) -> Locator:
    return page.locator(".player")


async def growing(page: Page, picture: Locator | None = None) -> None:
    """The burnt-in number of the frame grows."""
    shown, seen = picture or page.locator(".player video"), set[int]()
    for _ in range(PATIENCE_MS // 200):
        number = await shown.evaluate(READ)
        if number >= 0:
            seen.add(number)
        if len(seen) >= 5:
            break
        await page.wait_for_timeout(200)
    assert len(seen) >= 5 and max(seen) > min(seen), seen


async def link_to_a_job_in_view(shop: Workshop) -> str:
    """The token of a customer's link; the car stands in the first pit, and the job allows video."""
    job_id, now = UUID((await name_everything(shop, "x"))["job_id"]), datetime.now(UTC)
    async with transaction(shop.tenant_id) as tx:
        await tx.execute(
            text(
                "UPDATE job SET state = 'in_progress', pit_id = :pit, working_since = :now, started_at = :now,"
                " promised_at = :now, video_allowed = true WHERE id = :id"
            ),
            {"pit": shop.pit_id, "now": now, "id": job_id},
        )
    link = await links.rotate(job_id, shop.owner, now)
    assert isinstance(link, str) and link not in list(Refusal)
    return link
