"""The outermost layer: who may change something, by which address, how much may be sent, and what browsers are told."""

from collections.abc import AsyncIterator, MutableMapping
from typing import Any

import pytest
from fastapi import FastAPI, Request, WebSocket
from httpx import ASGITransport, AsyncClient, Response
from structlog.testing import capture_logs

from actions.audit import asked_from
from ui.web_guard import BODY_BYTES_MAX, HEADERS, READ_ON_BYTES_MAX, UPLOAD_BYTES_MAX, WebGuard

PUBLIC = "https://pits.example"
FOREIGN = "https://evil.example"


def guarded(public_url: str = "") -> WebGuard:
    """A small application behind the guard: every path says what it got."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)

    @app.get("/fails")
    async def fails() -> None:
        raise ZeroDivisionError

    @app.api_route("/{path:path}", methods=["GET", "POST", "PUT", "DELETE"])
    async def say(request: Request) -> dict[str, Any]:
        prefix = request.headers.get("x-forwarded-prefix")
        return {"bytes": len(await request.body()), "from": asked_from.get(), "prefix": prefix}

    @app.websocket("/{path:path}")
    async def talk(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text("hello")
        await socket.close()

    return WebGuard(app, public_url)


async def ask(
    method: str, path: str, *, public_url: str = "", host: str = "pits.example", body: Any = None, **headers: str
) -> Response:
    transport = ASGITransport(guarded(public_url), raise_app_exceptions=False, client=("192.0.2.8", 4000))
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with AsyncClient(transport=transport, base_url=f"http://{host}") as client:
        return await client.request(method, path, content=body, headers=named)


# What browsers are told


@pytest.mark.parametrize("path", ["/", "/fails", "/api/v1/pits"])
async def test_every_answer_carries_the_headers_also_an_error(path: str) -> None:
    answer = await ask("GET", path)
    assert {name: answer.headers[name] for name in HEADERS} == dict(HEADERS)
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert "strict-transport-security" not in answer.headers


async def test_a_page_may_run_the_scripts_of_its_own_template_only() -> None:
    policies = [(await ask("GET", "/")).headers["content-security-policy"] for _ in range(2)]
    rules = dict(rule.strip().partition(" ")[::2] for rule in policies[0].split(";"))
    assert policies[0] != policies[1]
    assert "'unsafe-inline'" not in rules["script-src"]
    assert rules["script-src-attr"] == rules["object-src"] == rules["base-uri"] == "'none'"
    assert rules["default-src"] == rules["form-action"] == rules["connect-src"] == "'self'"
    assert (await ask("GET", "/api/x")).headers["content-security-policy"].startswith("default-src 'none'")


async def test_behind_tls_browsers_are_told_to_stay_there() -> None:
    answer = await ask("GET", "/", public_url=PUBLIC)
    assert answer.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"
    assert "upgrade-insecure-requests" in answer.headers["content-security-policy"]
    assert "connect-src 'self' wss://pits.example;" in answer.headers["content-security-policy"]


# Who may change something

SENDERS: dict[str, tuple[dict[str, str], bool]] = {
    "our page": ({"origin": "http://pits.example"}, True),
    "our page behind a proxy's TLS": ({"origin": "https://pits.example"}, True),
    "another page": ({"origin": FOREIGN}, False),
    "another page with our cookie": ({"origin": FOREIGN, "cookie": "pitpilot_session=x"}, False),
    "a page without an origin": ({"origin": "null"}, False),
    "our name on another port": ({"origin": "http://pits.example:8081"}, False),
    "a name that begins like ours": ({"origin": "http://pits.example.evil.example"}, False),
    "our name as a user's": ({"origin": "http://pits.example@evil.example"}, False),
    "an extension": ({"origin": "chrome-extension://pits.example"}, False),
    "a browser that says same-origin only": ({"sec_fetch_site": "same-origin", "cookie": "a=b"}, True),
    "a browser that says cross-site only": ({"sec_fetch_site": "cross-site"}, False),
    "a neighbour's site": ({"sec_fetch_site": "same-site", "cookie": "a=b"}, False),
    "a program": ({}, True),
    "something with a cookie that does not say where it comes from": ({"cookie": "a=b"}, False),
}


@pytest.mark.parametrize(("headers", "allowed"), SENDERS.values(), ids=SENDERS.keys())
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_a_change_comes_from_a_page_of_ours_or_from_no_page(
    method: str, headers: dict[str, str], allowed: bool
) -> None:
    answer = await ask(method, "/sign-in", **headers)
    assert answer.status_code == (200 if allowed else 403)
    assert allowed or "another page" in answer.text


async def test_reading_needs_no_origin_and_the_api_decides_for_itself() -> None:
    assert (await ask("GET", "/", origin=FOREIGN)).status_code == 200
    assert (await ask("POST", "/api/v1/x", origin=FOREIGN)).status_code == 200


@pytest.mark.parametrize(
    ("origin", "host", "allowed"),
    [
        (PUBLIC, "pits.example", True),
        ("https://PITS.example", "pits.example", True),
        ("http://pits.example", "pits.example", False),
        (FOREIGN, "pits.example", False),
        ("http://127.0.0.1:8080", "127.0.0.1:8080", True),
        (PUBLIC, "127.0.0.1:8080", True),
    ],
)
async def test_with_a_public_address_a_change_comes_from_there(origin: str, host: str, allowed: bool) -> None:
    answer = await ask("POST", "/x", public_url=PUBLIC, host=host, origin=origin)
    assert answer.status_code == (200 if allowed else 403)


# By which address


async def test_somebody_who_comes_by_another_name_is_led_to_ours() -> None:
    answer = await ask("GET", "/pits/7?range=1h", public_url=PUBLIC, host="evil.example")
    assert (answer.status_code, answer.headers["location"]) == (307, f"{PUBLIC}/pits/7?range=1h")
    assert (await ask("POST", "/x", public_url=PUBLIC, host="evil.example", origin=PUBLIC)).status_code == 421


@pytest.mark.parametrize("path", ["//evil.example/x", "/\\evil.example", "/%2f%2fevil.example", "/..//evil.example"])
async def test_and_nowhere_else_whatever_the_path_says(path: str) -> None:
    answer = await ask("GET", f"http://other.example{path}", public_url=PUBLIC, host="other.example")
    assert answer.status_code == 307
    assert answer.headers["location"].startswith(PUBLIC + "/")


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
async def test_probes_may_use_an_address(path: str) -> None:
    assert (await ask("GET", path, public_url=PUBLIC, host="192.0.2.1")).status_code == 200


async def test_devices_and_programs_may_use_an_address_but_no_browser_with_a_cookie_may() -> None:
    here = {"public_url": PUBLIC, "host": "192.0.2.1"}
    assert (await ask("POST", "/api/v1/sensors/ingest", **here, authorization="Bearer pk")).status_code == 200
    assert (await ask("GET", "/api/v1/alerts", **here, cookie="pitpilot_session=x")).status_code == 421


async def test_without_a_public_address_any_name_will_do() -> None:
    assert (await ask("GET", "/", host="whatever.example")).status_code == 200


async def test_a_header_of_a_proxy_that_we_do_not_have_reaches_nobody() -> None:
    answer = await ask("GET", "/", x_forwarded_prefix="//evil.example")
    assert answer.json() == {"bytes": 0, "from": "192.0.2.8", "prefix": None}
    assert asked_from.get() == ""


@pytest.mark.parametrize("path", ["/a%0Ab", "/%00", "/x%7f", "/%0d%0aset-cookie:%20a=b"])
async def test_an_address_with_control_characters_is_nobodys(path: str) -> None:
    answer = await ask("GET", path)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/plain; charset=utf-8")
    assert "set-cookie" not in answer.headers
    answer = await ask("GET", "/api/v1" + path)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert answer.json()["code"] == "not_found"


# How much


async def test_a_body_may_be_as_large_as_its_place_says() -> None:
    assert (await ask("POST", "/x", body=b"x" * BODY_BYTES_MAX)).json()["bytes"] == BODY_BYTES_MAX
    answer = await ask("POST", "/x", body=b"x" * (BODY_BYTES_MAX + 1))
    assert answer.status_code == 413
    assert "Send less at once" in answer.text
    assert (await ask("POST", "/_nicegui/client/x", body=b"x" * UPLOAD_BYTES_MAX)).status_code == 200
    assert (await ask("POST", "/_nicegui/client/x", body=b"x" * (UPLOAD_BYTES_MAX + 1))).status_code == 413


async def test_a_body_that_does_not_say_its_size_is_counted() -> None:
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        for _ in range(1_000):
            taken += 64 * 1024
            yield b"x" * 64 * 1024

    assert (await ask("POST", "/x", body=endless())).status_code == 413
    assert taken < 2 * BODY_BYTES_MAX
    assert (await ask("POST", "/x", body=b"", content_length="-1")).status_code == 413


@pytest.mark.parametrize(
    ("headers", "read"),
    [({}, 2 * BODY_BYTES_MAX), ({"content_length": f"{1 << 40}"}, READ_ON_BYTES_MAX), ({"expect": "100-continue"}, 0)],
)
async def test_who_sends_too_much_is_read_on_for_a_while_to_hear_why(headers: dict[str, str], read: int) -> None:
    sent, piece = 0, 1 << 16
    length = int(headers.get("content_length", 2 * BODY_BYTES_MAX))

    async def body() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < length:
            sent += piece
            yield b"x" * piece

    answer = await ask("POST", "/x", body=body(), **{"content_length": str(length), **headers})
    assert answer.status_code == 413
    assert sent == read


# Sockets


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [("http://pits.example", True), (None, True), (FOREIGN, False), ("null", False), ("http://pits.example:81", False)],
)
async def test_a_pages_socket_opens_for_a_page_of_ours_only(origin: str | None, allowed: bool) -> None:
    said = await handshake("/_nicegui_ws/socket.io/", origin)
    assert said == ("websocket.accept" if allowed else "websocket.close")


async def test_the_apis_own_socket_decides_for_itself() -> None:
    assert await handshake("/ws", FOREIGN) == "websocket.accept"


async def handshake(path: str, origin: str | None) -> str:
    """The first answer to somebody who opens a socket."""
    headers = [(b"host", b"pits.example")] + ([(b"origin", origin.encode())] if origin else [])
    scope = {"type": "websocket", "path": path, "query_string": b"", "headers": headers, "subprotocols": []}
    said: list[str] = []

    async def receive() -> dict[str, str]:
        return {"type": "websocket.connect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        said.append(message["type"])

    await guarded()(scope, receive, send)
    return said[0]


# What is noted


async def test_a_refusal_is_logged_with_its_sender_and_without_the_secret_part_of_its_path() -> None:
    with capture_logs() as logged:
        await ask("POST", "/invitation/secret-of-a-link", origin=FOREIGN)
        await ask("POST", "/x")
    assert logged == [
        {
            "event": "refused", "log_level": "info", "status": 403, "method": "POST", "path": "/invitation",
            "address": "192.0.2.8",
        }
    ]  # fmt: skip
