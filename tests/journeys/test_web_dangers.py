"""What a hostile text, page or request does to the running product: nothing."""

import asyncio
from pathlib import PurePosixPath
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.async_api import Browser, ConsoleMessage, Page
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.journeys.program import PASSWORD, Product
from tests.named import AUDIT_ROW, name_everything
from ui import guard

EVIL = """<img src=x onerror="window.owned=1"></script><script>window.owned=2</script>{{$root.constructor}}"'"""
PAGES_MAX = 40
DOCUMENTS = {".pdf": "application/pdf", ".csv": "text/csv", ".json": "application/json"}
"""Which a browser keeps, and does not show as pages."""
CAMERAS = ("/video/", "/api/v1/cameras/")
NO_PICTURE = ("(Conflict)", "(Service Unavailable)", "(Not Found)")
"""What is answered to who asks for the picture of a camera that can't be reached, or that the gateway, which was not
told of one put into the database from outside, has not come to know yet."""
TOO_BIG = 1009  # RFC 6455


async def every_page(page: Page, product: Product, first: list[str]) -> tuple[list[str], set[str]]:
    """Opens one page after the other, following each link of ours; says what it saw, and what documents are linked."""
    waiting = list(first)
    seen: list[str] = []
    documents: set[str] = set()
    while waiting and len(seen) < PAGES_MAX:
        path = waiting.pop(0)
        if path in seen:
            continue
        seen.append(path)
        await page.goto(product.url + path)
        await page.wait_for_timeout(300)  # what comes by the socket, and what a broken image would run
        assert await page.evaluate("window.owned") is None, path
        assert await page.locator("img[src=x]").count() == 0, path
        links = await page.eval_on_selector_all("a[href]", "all => all.map(one => one.href)")
        local = {link: urlsplit(link).path for link in links if link.startswith(product.url)}
        documents |= {link for link, path in local.items() if kind_of(path)}
        waiting += [
            path for path in local.values() if not path.startswith(("/api/", "/sign-out")) and not kind_of(path)
        ]
    return seen, documents


def kind_of(path: str) -> str:
    """The content type of a document; empty: it is a page."""
    return DOCUMENTS.get(PurePosixPath(path).suffix, "")


async def assert_is_kept(page: Page, link: str) -> None:
    """A document that is linked is there, and no browser takes it for a page."""
    answer = await page.request.get(link)
    kind = answer.headers["content-type"].partition(";")[0]
    assert (answer.status, kind) == (200, kind_of(urlsplit(link).path)), link
    assert answer.headers["x-content-type-options"] == "nosniff", link


def complaint(said: ConsoleMessage) -> list[str]:
    """What a browser finds wrong, and with what; that a camera has no picture is not wrong."""
    about = said.location["url"]
    if said.type != "error" or (urlsplit(about).path.startswith(CAMERAS) and said.text.endswith(NO_PICTURE)):
        return []
    return [f"{said.text} {about}"]


async def test_no_text_of_people_or_devices_becomes_markup_on_any_page(product: Product, browser: Browser) -> None:
    ids = await name_everything(product.shop, EVIL)
    page = await browser.new_page()
    complaints: list[str] = []
    page.on("dialog", lambda dialog: complaints.append(f"dialog: {dialog.message}"))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.extend(complaint(said)))
    await product.sign_in(page, "owner")
    pit, device, alert = (f"/{kind}s/{ids[f'{kind}_id']}" for kind in ("pit", "device", "alert"))
    seen, documents = await every_page(
        page, product, ["/", pit, device, alert, f"/audit/{AUDIT_ROW}", "/account", "/people"]
    )
    assert {"/", "/alerts", "/devices", "/audit"} <= set(seen)
    assert complaints == [] and documents
    for link in documents:
        await assert_is_kept(page, link)
    await page.goto(f"{product.url}/devices")
    assert EVIL in (await page.inner_text("main"))

    # And if one ever did, the browser would not run it.
    await page.evaluate("html => document.body.insertAdjacentHTML('beforeend', html)", EVIL)
    await page.wait_for_timeout(300)
    assert await page.locator("img[src=x]").count() == 1
    assert await page.evaluate("window.owned") is None
    assert "script-src" in complaints[0]


CLIMBS = [
    "/static/../../main.py", "/static/..%2f..%2fmain.py", "/static/%2e%2e/%2e%2e/main.py", "/static/....//main.py",
    "/static//../../main.py", "/static/..\\..\\main.py", "/static/..%5c..%5cmain.py", "/static/%252e%252e/main.py",
    "/static/built/../../../../main.py", "/static//etc/passwd", "/static/%2fetc%2fpasswd", "/static/%00/main.py",
    "/_nicegui/{version}/static/../nicegui.py", "/_nicegui/{version}/static/..%2fnicegui.py",
    "/_nicegui/{version}/libraries/..%2f..%2fnicegui.py", "/_nicegui/{version}/resources/x/..%2f..%2fnicegui.py",
    "/_nicegui/{version}/esm/x/..%2f..%2fnicegui.py",
]  # fmt: skip


async def raw(product: Product, path: str) -> tuple[int, str]:
    """Asks for a path exactly as it is written; clients would tidy it up."""
    host = urlsplit(product.url)
    reader, writer = await asyncio.open_connection(host.hostname, host.port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: {host.netloc}\r\nConnection: close\r\n\r\n".encode())
    answer = (await reader.read()).decode(errors="replace")
    writer.close()
    return int(answer.split()[1]), answer


async def test_no_path_climbs_out_and_no_foreign_page_gets_in(product: Product) -> None:
    from nicegui import __version__

    for climb in CLIMBS:
        status, answer = await raw(product, climb.replace("{version}", __version__))
        assert status in (307, 400, 403, 404), climb
        assert "import " not in answer and "root:" not in answer, climb

    socket = product.url.replace("http", "ws") + "/_nicegui_ws/socket.io/?EIO=4&transport=websocket"
    for origin in ("https://evil.example", "null", product.url + "0"):
        with pytest.raises(InvalidStatus, match="403"):
            await connect(socket, origin=origin)  # type: ignore[arg-type]  # a plain text is what it sends
        polling = {"params": {"EIO": "4", "transport": "polling"}, "headers": {"origin": origin}}
        async with httpx.AsyncClient() as client:
            answered = await client.get(f"{product.url}/_nicegui_ws/socket.io/", **polling)  # type: ignore[arg-type]
            posted = await client.post(f"{product.url}/sign-in", data={"login": "x"}, headers={"origin": origin})
        assert (answered.status_code, posted.status_code) == (400, 403)
    async with connect(socket, origin=product.url) as ours:  # type: ignore[arg-type]
        assert str(await ours.recv()).startswith("0{")
        with pytest.raises(ConnectionClosed) as closed:
            await ours.send("4" + "x" * (1 << 20))
            while True:
                await ours.recv()
        assert closed.value.rcvd is not None and closed.value.rcvd.code == TOO_BIG


async def test_a_session_is_a_cookie_that_no_script_reads_and_signing_in_leads_nowhere_else(product: Product) -> None:
    form = {"login": product.login("owner"), "password": PASSWORD, "next": "//evil.example"}
    async with httpx.AsyncClient(base_url=product.url, headers={"origin": product.url}) as client:
        answer = await client.post("/sign-in", data=form)
        assert answer.status_code == 303
        assert answer.headers["location"] == "/"
        [cookie] = [c for c in answer.headers.get_list("set-cookie") if c.startswith(guard.COOKIE)]
        flags = {part.strip().lower() for part in cookie.split(";")[1:]}
        assert {"httponly", "path=/", "samesite=lax"} <= flags
        assert not any(flag.startswith("domain") for flag in flags)
        page = await client.get("/")
        assert page.headers["cache-control"] == "no-store"
        assert "nonce" in page.headers["content-security-policy"]
