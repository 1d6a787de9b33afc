"""The outermost layer of the web server: what every request must fulfil, and what every answer tells the browser.

A change must come from a page of ours, a request must be meant for our address and be of a size that somebody may
send; the API asks for more by itself (api/auth.py, api/problems.py).
"""

import asyncio
import contextlib
import re
from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import urlsplit

import structlog
from fastapi import FastAPI, HTTPException
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from actions.audit import asked_from
from domain.log_paths import API, noted
from ui import content_policy

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
SOCKETS, UPLOADS = "/_nicegui_ws/", "/_nicegui/client/"
FOR_PROBES = frozenset({"/healthz", "/readyz", "/metrics"})
LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})

BODY_BYTES_MAX = 1 << 20
UPLOAD_BYTES_MAX = 16 << 20
"""Of a file that a page or the API takes; each says less where less will do."""
READ_ON_BYTES_MAX, READ_ON_S = UPLOAD_BYTES_MAX, 5.0
TAKES_PHOTO = re.compile(r"/api/v1/jobs/[^/]+/photos")
HSTS_S = 365 * 86_400
POLICY_REFUSED = 1008  # RFC 6455
TOO_LARGE = "This is too large to send. Send less at once."

REFUSALS = frozenset({401, 403, 413, 421, 429})
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not no-referrer: a browser would then say "null" where a form's origin is asked for.
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), serial=(),"
    " midi=(), display-capture=(), browsing-topics=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Permitted-Cross-Domain-Policies": "none",
}
API_POLICY = "default-src 'none'; frame-ancestors 'none'"


def install(app: FastAPI, public_url: str, is_stopping: Callable[[], bool] = lambda: False) -> None:
    """Puts the guard around everything that the application answers, errors included. `is_stopping`: whether the server
    was told to stop, and so cuts off what takes too long.
    """
    content_policy.install()
    build = app.build_middleware_stack
    app.build_middleware_stack = lambda: WebGuard(build(), public_url, is_stopping)  # type: ignore[method-assign]  # the outermost


class WebGuard:
    """ASGI middleware. `public_url` is the address by which browsers reach PitPilot, empty: as they ask."""

    def __init__(self, app: ASGIApp, public_url: str = "", is_stopping: Callable[[], bool] = lambda: False) -> None:
        self._app, self._public_url, self._is_stopping = app, public_url, is_stopping
        self._public_host = urlsplit(public_url).netloc.lower()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        asked = asked_from.set(scope["client"][0] if scope.get("client") else "")
        # NiceGUI would write this header's text into its pages; we are never served below a path.
        scope["headers"] = [pair for pair in scope["headers"] if pair[0] != b"x-forwarded-prefix"]
        try:
            if scope["type"] == "http":
                await self._serve(scope, receive, send)
            elif self._is_foreign_socket(scope):
                await send({"type": "websocket.close", "code": POLICY_REFUSED, "reason": "foreign origin"})
            else:
                await self._app(scope, receive, send)
        finally:
            asked_from.reset(asked)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        nonce = content_policy.new_nonce(scope)
        is_begun = is_whole = False

        async def headed(message: Message) -> None:
            nonlocal is_begun, is_whole
            if message["type"] == "http.response.start":
                is_begun = True
                self._add_headers(scope, MutableHeaders(scope=message), nonce)
                _note(scope, message["status"])
            await send(message)
            is_whole = message["type"] == "http.response.body" and not message.get("more_body")

        request = Request(scope)
        refusal = self._refusal(request)
        try:
            if refusal is not None and "expect" not in request.headers:  # who asks first sends nothing more
                await _read_on(receive)
            await (refusal or self._app)(scope, _bounded(scope, receive), headed)
        except asyncio.CancelledError:
            if not self._is_stopping():
                raise
            log.info("cut off by the stop", method=scope["method"], path=noted(scope["path"]))
            if not is_begun:
                await _say(scope["path"], 503, "PitPilot is stopping. Try again in a minute.")(scope, receive, headed)
        except Exception:
            if not is_whole:  # else it was said to the caller and to the log (ui/faults.py)
                raise

    def _refusal(self, request: Request) -> Response | None:
        """What is answered instead of asking the application, or None."""
        path = request.scope["path"]
        if _CONTROL.search(path):
            return _say(path, 404, "No address has such characters.")
        if not self._is_our_host(request):
            if request.method in SAFE_METHODS and not path.startswith(API):
                rest = "?" + request.url.query if request.url.query else ""
                # Our own address comes first: whatever the path holds, it leads to us.
                return RedirectResponse(self._public_url + "/" + path.lstrip("/") + rest, status_code=307)
            return _say(path, 421, f"This is PitPilot at {self._public_url}. Use that address.")
        if not path.startswith(API) and request.method not in SAFE_METHODS and not self._is_from_us(request):
            return _say(path, 403, "This came from another page. Open PitPilot itself and try there.")
        declared = request.headers.get("content-length", "0")
        if not declared.isdecimal() or int(declared) > _bytes_max(path):
            return _say(path, 413, TOO_LARGE)
        return None

    def _is_our_host(self, request: Request) -> bool:
        """Whether a browser was led here by our own name. Devices, programs and probes may use an address instead."""
        if not self._public_host or request.url.path in FOR_PROBES:
            return True
        host = request.headers.get("host", "").lower()
        is_program = request.url.path.startswith(API) and "cookie" not in request.headers
        return host == self._public_host or _name(host) in LOOPBACK or is_program

    def _is_from_us(self, request: Request) -> bool:
        """Whether the sender is a page of ours, or no page at all: a program that brings no cookies."""
        if "origin" in request.headers:
            return self._is_our_origin(request)
        site = request.headers.get("sec-fetch-site")
        return site in ("same-origin", "none") if site else "cookie" not in request.headers

    def _is_our_origin(self, connection: HTTPConnection) -> bool:
        origin = connection.headers["origin"].lower()
        host = connection.headers.get("host", "").lower()
        named = self._public_url.lower()
        if named and (origin == named or _name(host) not in LOOPBACK):
            return origin == named
        parts = urlsplit(origin)
        return bool(host) and parts.scheme in content_policy.SOCKET_SCHEMES and parts.netloc == host

    def _is_foreign_socket(self, scope: Scope) -> bool:
        """Pages' own sockets obey their cookie alone, so they must come from a page of ours; browsers always say."""
        connection = HTTPConnection(scope)
        is_pages = scope["path"].startswith(SOCKETS)
        return is_pages and "origin" in connection.headers and not self._is_our_origin(connection)

    def _add_headers(self, scope: Scope, headers: MutableHeaders, nonce: str) -> None:
        for name, value in HEADERS.items():
            headers.setdefault(name, value)
        of_api = scope["path"].startswith(API)
        headers.setdefault(
            "Content-Security-Policy", API_POLICY if of_api else content_policy.policy(nonce, self._public_url)
        )
        if self._public_url.startswith("https://"):
            headers.setdefault("Strict-Transport-Security", f"max-age={HSTS_S}; includeSubDomains")


def _bounded(scope: Scope, receive: Receive) -> Receive:
    """Counts the body as it arrives, for a request that does not say its size, or lies."""
    left = _bytes_max(scope["path"])

    async def counting() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise HTTPException(413, TOO_LARGE)
        return message

    return counting


async def _read_on(receive: Receive) -> None:
    """Takes what still comes with a request that is refused, for a while: a connection that is closed under its sender
    is reset, and the answer is lost with it.
    """
    left = READ_ON_BYTES_MAX
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(READ_ON_S):
            while left > 0:
                message = await receive()
                left -= len(message.get("body", b""))
                if not message.get("more_body"):
                    return


def _bytes_max(path: str) -> int:
    takes_files = path.startswith(UPLOADS) or TAKES_PHOTO.fullmatch(path)
    return UPLOAD_BYTES_MAX if takes_files else BODY_BYTES_MAX


def _name(host: str) -> str:
    """The host without its port."""
    return host if host.endswith("]") else host.rpartition(":")[0] or host


def _note(scope: Scope, status: int) -> None:
    """Refusals belong into the log."""
    if status in REFUSALS:
        path, address = noted(scope["path"]), asked_from.get()
        log.info("refused", status=status, method=scope["method"], path=path, address=address)


def _say(path: str, status: int, text: str) -> Response:
    """A refusal: a line for people, a problem as RFC 9457 has it for programs."""
    title, headers = HTTPStatus(status).phrase, {"Cache-Control": "no-store", "Connection": "close"}
    if not path.startswith(API):
        return PlainTextResponse(f"{title}. {text}\n", status, headers)
    code = _CODES[status]
    problem = {"type": f"urn:pitpilot:problem:{code}", "title": title, "status": status, "detail": text, "code": code}
    return JSONResponse(problem, status, headers, media_type="application/problem+json")


_CODES = {404: "not_found", 413: "too_large", 421: "wrong_host", 503: "unavailable"}
