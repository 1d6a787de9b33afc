"""What makes the pump's page installable on a home screen: a manifest, and a worker that keeps nothing of anybody.

The worker stores one page only, which says that there is no connection; every other answer comes from the network.
"""

from nicegui import app, ui
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from ui.texts import _, negotiate, speaking
from ui.theme import STATIC, static_url, token

MANIFEST, WORKER, OFFLINE = "/manifest.webmanifest", "/service-worker.js", "/offline"
START = "/my-pump"


def install() -> None:
    app.add_api_route(MANIFEST, _manifest, methods=["GET"], include_in_schema=False)
    app.add_api_route(WORKER, _worker, methods=["GET"], include_in_schema=False)
    app.add_api_route(OFFLINE, _offline, methods=["GET"], include_in_schema=False)


def add_to_page() -> None:
    """For the pages of members."""
    ui.add_head_html(
        f'<link rel="manifest" href="{MANIFEST}"><link rel="apple-touch-icon" href="{static_url("home_screen.png")}">'
        f'<script type="module" src="{static_url("installable.js")}"></script>'
    )


def _manifest(request: Request) -> Response:
    icons = [
        {"src": static_url("logo.svg"), "sizes": "any", "type": "image/svg+xml"},
        {"src": static_url("home_screen.png"), "sizes": "512x512", "type": "image/png", "purpose": "any maskable"},
    ]
    with speaking(negotiate(request.headers.get("accept-language"))):
        said = {"name": _("PitPilot pump"), "short_name": _("Pump")}
    shape = {"id": START, "start_url": START, "scope": "/", "display": "standalone", "orientation": "portrait"}
    colors = {"background_color": token("canvas"), "theme_color": token("canvas")}
    return JSONResponse(said | shape | colors | {"icons": icons}, media_type="application/manifest+json")


def _worker() -> Response:
    source = (STATIC / "service_worker.js").read_text(encoding="utf-8")
    return PlainTextResponse(source, media_type="text/javascript", headers={"Cache-Control": "no-cache"})


def _offline(request: Request) -> Response:
    with speaking(negotiate(request.headers.get("accept-language"))):
        title, text, again = (
            _("No connection"),
            _("The motor does what it was told last, and stops by itself. Nothing is lost."),
            _("Try again"),
        )
    style = f"background:{token('canvas')};color:{token('ink')};font:16px/24px system-ui,sans-serif"
    return HTMLResponse(
        f'<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<title>{title}</title><body style="{style};margin:0;padding:25vh 32px;text-align:center">'
        f'<h1 style="font-size:24px">{title}</h1><p>{text}</p><p><a href="{START}">{again}</a></p>'
    )
