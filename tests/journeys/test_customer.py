"""A customer's telephone with the page open, while the workshop moves the job over the API: the page follows without
being loaded again, from arrival to a passport that says genuine.
"""

from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
from playwright.async_api import Browser, FilePayload, Request, Response, expect

from domain.jobs.plans import CHECKLISTS, STAGES
from domain.jobs.words import WorkType
from tests.journeys.program import PASSWORD, Product

PATIENCE_MS = 60_000
PAGE_BYTES_MAX = 100_000
WORK = WorkType.CERAMIC_COATING
NEW = {
    "customer": {"name": "Meera Nair", "phone": "+91 98765 43210", "language": "bn", "agrees_to_notices": True},
    "vehicle": {"make": "Mahindra", "model": "Thar", "plate": "MH 12 AB 1234", "colour": "red"},
    "work_type": WORK.value,
}


class Desk:
    """The workshop, by the API."""

    def __init__(self, http: httpx.AsyncClient, job_id: str) -> None:
        self._http, self._job, self._version = http, job_id, 0

    async def assign(self, pit_id: object, person_id: object) -> None:
        said = {"version": self._version, "pit_id": str(pit_id), "staff": [str(person_id)]}
        await self._said("put", "assignment", said)

    async def move(self, event: str, **more: Any) -> None:
        await self._said("post", "move", {"event": event, "version": self._version, **more})

    async def _said(self, method: str, path: str, said: dict[str, Any]) -> None:
        answer = await self._http.request(method, f"/api/v1/jobs/{self._job}/{path}", json=said)
        assert answer.status_code == 200, answer.text
        self._version = answer.json()["version"]


async def test_the_customers_page_follows_the_job_to_its_passport(product: Product, browser: Browser) -> None:
    async with httpx.AsyncClient(base_url=product.url, timeout=30) as http:
        login = {"login": product.login("owner"), "password": PASSWORD}
        token = (await http.post("/api/v1/auth/login", json=login)).json()["access_token"]
        http.headers["Authorization"] = f"Bearer {token}"
        made = (await http.post(f"/api/v1/workshops/{product.shop.tenant_id}/jobs", json=NEW)).json()
        desk = Desk(http, made["job_id"])
        context = await browser.new_context(viewport={"width": 390, "height": 844}, accept_downloads=True)
        page = await context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        loads: list[str] = []
        faults: list[str] = []
        cookies: list[str] = []
        page.on("request", lambda r: _note_load(r, loads))
        page.on("pageerror", lambda fault: faults.append(str(fault)))
        page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)

        async def look(response: Response) -> None:
            cookies.extend(value for name, value in (await response.all_headers()).items() if name == "set-cookie")

        page.on("response", look)
        await page.goto(f"{product.url}/t/{made['token']}?lang=en")
        title = page.locator("h1")
        await expect(title).to_have_text("Your Thar has arrived")
        assert await page.evaluate(SENT_BYTES) < PAGE_BYTES_MAX
        await desk.assign(product.shop.pit_id, product.shop.staff.person_id)
        await desk.move("start", overrides_climate=True, reason="no sensors yet")
        await expect(title).to_have_text("Your Thar is being washed")
        await desk.move("hold", hold_reason="parts")
        await expect(title).to_have_text("Work on your Thar is paused")
        await expect(page.locator(".note.hold")).to_contain_text("waits for parts")
        await desk.move("resume", overrides_climate=True, reason="no sensors yet")
        for stage in STAGES[WORK]:
            await desk.move("finish_stage", stage=stage.value)
        await desk.move("submit")
        await expect(title).to_have_text("Your Thar is being checked")
        await desk.move("pass", checked=list(CHECKLISTS[WORK]))
        await expect(title).to_have_text("Your Thar is ready")
        passport = page.get_by_role("link", name="Open the environment passport")
        await expect(passport).to_be_visible()
        assert loads == [page.url] and faults == [] and cookies == []  # never loaded again
        await passport.click()
        await expect(page.locator("[data-verdict]")).to_have_attribute("data-verdict", "genuine")
        async with httpx.AsyncClient(base_url=product.url) as anybody:
            number = urlsplit(page.url).path.removeprefix("/p/")
            checked = (await anybody.get(f"/api/v1/passports/{number}")).json()
            file = (await anybody.get(f"{checked['page']}/passport.json")).json()
        assert (checked["record"], checked["signature"]) == (file["record"], file["signature"]), (
            "the page gives the same"
        )
        async with page.expect_download() as loading:
            await page.get_by_role("link", name="Load the PDF").click()
        paper = await (await loading.value).path()
        whole = paper.read_bytes()
        assert whole.startswith(b"%PDF-")
        for content, verdict in ((whole, "genuine"), (whole.replace(b"/Type", b"/Tyqe", 1), "changed")):
            sent = FilePayload(name="passport.pdf", mimeType="application/pdf", buffer=content)
            await page.set_input_files("input[type=file]", files=[sent])
            await page.get_by_role("button", name="Check it").click()
            await expect(page.locator("[data-verdict]")).to_have_attribute("data-verdict", verdict)
        gone = await page.goto(f"{product.url}/t/{uuid4().hex}")
        assert gone is not None and gone.status == 404
        await context.close()


def _note_load(request: Request, loads: list[str]) -> None:
    if request.is_navigation_request():
        loads.append(request.url)


SENT_BYTES = """async () => {
    await document.fonts.ready;
    const all = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
    return all.reduce((sum, entry) => sum + entry.transferSize, 0);
}"""
