"""A customer's page on a slow telephone: what is loaded, when something is painted, how soon it follows a tap on the
staff's tablet.
"""

from collections.abc import Sequence
from statistics import median
from time import perf_counter
from typing import Any
from uuid import uuid4

import aiohttp
from playwright.async_api import Browser, Page

from api.auth import COOKIE
from tools.bench.browser import PATIENCE_MS
from tools.bench.found import Found
from tools.bench.guesses import guess
from tools.bench.measure import percentile
from tools.bench.product import Product
from tools.bench.rig import Rig
from tools.bench.world import Workshop, make_world
from tools.chromium import launched

TURNS = 3
TAPS = 30
GUESSES = 10_000
LANGUAGES = ("en", "hi", "bn")
# A middling telephone on a slow mobile network, as Lighthouse simulates it.
SLOW = {"offline": False, "latency": 150, "downloadThroughput": 1_638_400 / 8, "uploadThroughput": 675_000 / 8}
SLOWER_CPU = 4

KEYS = ("tracking.page_bytes", "tracking.first_paint_ms", "tracking.tap_to_page_p95_ms", "tracking.guesses_found")

SENT_BYTES = """async () => {
    await document.fonts.ready;
    const all = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
    return all.reduce((sum, entry) => sum + entry.transferSize, 0);
}"""
FIRST_PAINT_MS = """() => performance.getEntriesByName("first-contentful-paint")[0].startTime"""
OBSERVE = """() => {
    window.changes = [];
    new MutationObserver(() => window.changes.push([document.querySelector("h1").textContent, Date.now()]))
        .observe(document.querySelector("main"), { subtree: true, childList: true });
}"""


async def measure(rig: Rig, found: Found) -> None:
    database = await rig.database("tracking")
    world = await make_world(database.superuser_url, tenants=1)
    shop = world.workshops[0]
    headers = {"Authorization": f"Bearer {shop.token}"}
    with rig.broker() as broker:
        async with (
            await Product.launch(rig.folder, database=database, broker=broker) as product,
            aiohttp.ClientSession(product.url, headers=headers, raise_for_status=True) as http,
            launched() as browser,
        ):
            tokens = [(await _job(http, shop, language))["token"] for language in LANGUAGES]
            await _loads(browser, [f"{product.url}/t/{token}" for token in tokens], found)
            await _taps(browser, http, shop, product.url, found)
            await _guesses(product.url, found)


async def _loads(browser: Browser, urls: Sequence[str], found: Found) -> None:
    """Everything that is loaded, compressed, in the language that needs most; each time by a browser that knows none
    of it.
    """
    sizes, paints = [], []
    for _ in range(TURNS):
        for url in urls:
            page = await _page(browser, slow=True)
            await page.goto(url)
            await page.wait_for_load_state("load")
            sizes.append(await page.evaluate(SENT_BYTES))
            paints.append(await page.evaluate(FIRST_PAINT_MS))
            await page.context.close()
    found.put("tracking.page_bytes", max(sizes))
    found.put("tracking.first_paint_ms", median(paints))


async def _taps(browser: Browser, http: aiohttp.ClientSession, shop: Workshop, url: str, found: Found) -> None:
    """From a tap on the staff's tablet, which holds a job, until its customer's open page shows it; not throttled."""
    made = await _job(http, shop, "en")
    desk, over = f"/api/v1/jobs/{made['job_id']}", {"overrides_climate": True, "reason": "a benchmark"}
    owner = (await _said(http.get("/api/v1/account")))["person_id"]
    given = {"version": 0, "pit_id": str(shop.pit_ids[0]), "staff": [owner]}
    version = (await _said(http.put(f"{desk}/assignment", json=given)))["version"]
    await _said(http.post(f"{desk}/move", json={"event": "start", "version": version, **over}))
    phone, tablet = await _page(browser, slow=False), await _tablet(browser, url, shop.token)
    await phone.goto(f"{url}/t/{made['token']}")
    await phone.evaluate(OBSERVE)
    taken: list[float] = []
    for _ in range(TAPS):
        await tablet.get_by_role("button", name="Hold").click()
        await tablet.get_by_role("button", name="For parts").click()
        await phone.wait_for_function("() => document.querySelector('h1').textContent.includes('paused')")
        changes = await phone.evaluate("() => window.changes.splice(0)")
        tapped_ms = await tablet.evaluate("() => window.tappedMs")
        taken.append(next(at_ms for title, at_ms in changes if "paused" in title) - tapped_ms)
        version = (await _said(http.get(desk)))["version"]
        await _said(http.post(f"{desk}/move", json={"event": "resume", "version": version, **over}))
        await phone.wait_for_function("() => document.querySelector('h1').textContent.includes('washed')")
    found.put("tracking.tap_to_page_p95_ms", percentile(taken, 95))
    await phone.context.close()
    await tablet.context.close()


async def _guesses(url: str, found: Found) -> None:
    """Last, because this network's address has to wait afterwards."""
    began_s = perf_counter()
    answers = await guess(url, GUESSES)
    found.put("tracking.guesses_found", answers.total() - answers[404] - answers[429])
    found.put("tracking.guesses_judged", answers[404])
    found.put("tracking.guesses_per_s", GUESSES / (perf_counter() - began_s))


async def _tablet(browser: Browser, url: str, token: str) -> Page:
    """Shows the car that is worked on, and notes when it was tapped."""
    context = await browser.new_context(viewport={"width": 1024, "height": 768})
    await context.add_cookies([{"name": COOKIE, "value": token, "url": url}])
    page = await context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    await page.goto(f"{url}/work")
    await page.wait_for_selector(".work-job")
    await page.evaluate("() => addEventListener('click', () => { window.tappedMs = Date.now(); }, true)")
    return page


async def _page(browser: Browser, *, slow: bool) -> Page:
    context = await browser.new_context(viewport={"width": 360, "height": 640})
    page = await context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    if slow:
        devtools = await context.new_cdp_session(page)
        await devtools.send("Network.enable")
        await devtools.send("Network.emulateNetworkConditions", SLOW)
        await devtools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER_CPU})
    return page


async def _job(http: aiohttp.ClientSession, shop: Workshop, language: str) -> dict[str, Any]:
    new = {
        "customer": {"name": "Meera", "phone": uuid4().hex[:12], "language": language},
        "vehicle": {"make": "Mahindra", "model": "Thar", "plate": "MH 12 AB 1234", "colour": "red"},
        "work_type": "full_ppf",
    }
    return await _said(http.post(f"/api/v1/workshops/{shop.tenant_id}/jobs", json=new))


async def _said(asked: Any) -> dict[str, Any]:
    async with asked as answer:
        said: dict[str, Any] = await answer.json()
        return said
