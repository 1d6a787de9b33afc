"""A camera in a real browser: WebRTC plays, and HLS where there is none; what is wrong is said, and it comes back."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID

import pytest
from playwright.async_api import Browser, Page, expect
from sqlalchemy import text

from actions.announce import Announcement, Topic, announce
from actions.cameras import reach
from actions.cameras.keeping import add, change
from actions.jobs import links
from domain.cameras.address import CameraAddress, take_apart
from domain.cameras.makes import Make
from domain.refusals import Refusal
from storage.cameras import CameraSettings
from storage.session import transaction
from tests.conftest import Workshop
from tests.journeys.house import House
from tests.journeys.program import Product
from tests.named import name_everything
from tools.virtual_camera.film import Film
from tools.virtual_camera.server import VirtualCameras

PATIENCE_MS = 45_000  # nothing here measures time: many tests share a machine
NO_WEBRTC = "delete window.RTCPeerConnection"
# The cells that tools/virtual_camera/picture.py burns into the top of each frame: its number, if the sum fits.
READ = """(video) => {
    const CELLS = 64, canvas = new OffscreenCanvas(CELLS, 1), drawn = canvas.getContext("2d");
    const wide = Math.floor(video.videoWidth / CELLS) * CELLS, row = video.videoHeight / 24;
    drawn.drawImage(video, 0, row - 1, wide, 2, 0, 0, CELLS, 1);
    const pixels = drawn.getImageData(0, 0, CELLS, 1).data;
    let bits = 0n;
    for (let at = 0; at < CELLS; at++) bits = (bits << 1n) | (pixels[4 * at] > 125 ? 1n : 0n);
    let sum = 0;
    for (let at = 0n; at < 6n; at++) sum += Number((bits >> (8n + 8n * at)) & 0xffn);
    return (sum & 0xff) === Number(bits & 0xffn) && sum ? Number((bits >> 8n) & 0xffffn) : -1;
}"""


@pytest.fixture
async def cameras() -> AsyncIterator[VirtualCameras]:
    async with VirtualCameras({"lift": Film("Pit 1", 320, 176, 12, 400_000)}) as playing:
        yield playing


@pytest.fixture
async def product(opened: House, cameras: VirtualCameras) -> Product:
    product = await opened.product()
    await keep(product.shop, cameras)
    return product


async def keep(shop: Workshop, cameras: VirtualCameras, camera_id: UUID | None = None, password: str = "") -> UUID:
    """Adds the virtual camera to the first pit, or changes its password."""
    reach.open(loopback=True)
    address = take_apart(cameras.url("lift"))
    assert isinstance(address, CameraAddress)
    said = CameraSettings(shop.pit_id, "Lift", Make.OTHER, address.signing_in(password or cameras.password))
    now = datetime.now(UTC)
    if camera_id is None:
        added = await add(said, shop.owner, now)
        assert isinstance(added, UUID)
        return added
    assert await change(camera_id, said, shop.owner, now, keep_password=False) is None
    return camera_id


async def growing(page: Page) -> None:
    """The burnt-in number of the frame grows."""
    video, seen = page.locator(".player video"), set[int]()
    for _ in range(PATIENCE_MS // 200):
        number = await video.evaluate(READ)
        if number >= 0:
            seen.add(number)
        if len(seen) >= 5:
            break
        await page.wait_for_timeout(200)
    assert len(seen) >= 5 and max(seen) > min(seen), seen


async def test_webrtc_plays_what_is_wrong_is_said_and_the_picture_comes_back_by_itself(
    product: Product, browser: Browser, cameras: VirtualCameras
) -> None:
    page = await browser.new_page(viewport={"width": 1440, "height": 900})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await product.sign_in(page, "owner")
    await page.goto(f"{product.url}/pits/{product.shop.pit_id}")
    player = page.locator(".player")
    await expect(player).to_have_attribute("data-way", "whep", timeout=PATIENCE_MS)
    await growing(page)
    await expect(player.get_by_role("button", name="Full screen")).to_be_attached()

    await cameras.stop()
    await expect(player).to_have_attribute("data-reason", "unreachable", timeout=PATIENCE_MS)
    await expect(player).to_contain_text("The camera can't be reached. Check its power and its network cable.")
    await expect(player.locator("canvas.kept")).to_be_visible()
    await cameras.start()
    await player.get_by_role("button", name="Try again").click()
    await expect(player).to_have_attribute("data-state", "live", timeout=PATIENCE_MS)
    await growing(page)

    (camera_id,) = {url.split("/video/")[1].split("/")[0] for url in asked if "/video/" in url}
    await keep(product.shop, cameras, UUID(camera_id), "another password")
    await expect(player).to_contain_text("The camera refuses its user name or password.", timeout=PATIENCE_MS)
    await keep(product.shop, cameras, UUID(camera_id))
    await expect(player).to_have_attribute("data-state", "live", timeout=PATIENCE_MS)

    cameras.films["lift"].still = True
    await expect(player).to_have_attribute("data-reason", "frozen", timeout=2 * PATIENCE_MS)
    cameras.films["lift"].still = False
    await expect(player).to_have_attribute("data-state", "live", timeout=PATIENCE_MS)
    await growing(page)
    assert not [url for url in asked if "token=" in url or "eyJ" in url]


async def test_hls_plays_where_webrtc_does_not_get_through(product: Product, browser: Browser) -> None:
    context = await browser.new_context(viewport={"width": 390, "height": 844})
    await context.add_init_script(NO_WEBRTC)
    page = await context.new_page()
    await product.sign_in(page, "staff")
    await page.goto(f"{product.url}/pits/{product.shop.pit_id}")
    player = page.locator(".player")
    await expect(player).to_have_attribute("data-way", "hls", timeout=PATIENCE_MS)
    await expect(player).to_contain_text("Live, a little later (HLS)")
    await growing(page)

    customer = await context.new_page()
    await customer.goto(f"{product.url}/t/{await link_to_a_job_in_view(product.shop)}")
    await expect(customer.locator(".player")).to_have_attribute("data-way", "hls", timeout=PATIENCE_MS)
    await growing(customer)
    async with transaction(product.shop.tenant_id) as tx:
        await tx.execute(text("UPDATE job SET video_allowed = false"))
        (job_id,) = (await tx.execute(text("SELECT id FROM job"))).scalars()
        await announce(tx, Announcement(Topic.JOB, product.shop.tenant_id, id=str(job_id)))
    await expect(customer.locator(".player")).to_have_count(0, timeout=PATIENCE_MS)


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
