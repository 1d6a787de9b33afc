"""Pages for when a page can't be shown: plain documents, which need neither database nor socket. They say what is the
case and what to do, and nothing of the server's insides.
"""

import secrets
from html import escape
from urllib.parse import quote

import structlog
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse

from domain.log_paths import noted
from storage.session import DATABASE_AWAY
from ui import plain
from ui.texts import _

RETRY_AFTER_S = 5
NO_RESPONSE = "No response returned."  # starlette.middleware.base
log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


def install(app: FastAPI) -> None:
    """Answers for every page; the API has its own words (api/problems.py)."""
    app.add_exception_handler(404, _on_unknown)
    app.add_exception_handler(Exception, _on_fault)
    for away in DATABASE_AWAY:
        app.add_exception_handler(away, _on_database_away)


def late(request: Request) -> HTMLResponse:
    """Instead of a page whose database does not answer in time."""
    with plain.spoken(request):
        text = _("The database does not answer in time. Nothing is lost: devices keep their readings meanwhile.")
        again = _way(_here(request), _("Try again"))
        content = f"<p>{escape(text)}</p>{again}"
        page = plain.document(_("PitPilot is slow at the moment"), content, here=_here(request), status=503)
    page.headers["Retry-After"] = str(RETRY_AFTER_S)
    return page


async def _on_unknown(request: Request, fault: Exception) -> HTMLResponse:
    return unknown(request)


def unknown(request: Request) -> HTMLResponse:
    """Where there is no page, or none for whoever asks."""
    with plain.spoken(request):
        text = _("The address may be cut off, or what it showed is gone.")
        content = f"<p>{escape(text)}</p>{_to_first_page()}"
        return plain.document(_("There is no such page"), content, here="/", status=404)


async def _on_database_away(request: Request, fault: Exception) -> HTMLResponse:
    log.warning("no database for a page", path=noted(request.url.path), error=str(fault))
    return late(request)


async def _on_fault(request: Request, fault: Exception) -> HTMLResponse:
    """What nobody expected: a number for the person, the trace for the log."""
    if str(fault) == NO_RESPONSE:  # the caller has gone in the middle of something
        log.info("nothing was answered", method=request.method, path=noted(request.url.path))
        return late(request)
    incident = secrets.token_hex(4)
    path = noted(request.url.path)
    log.error("page failed", incident=incident, method=request.method, path=path, exc_info=fault)
    with plain.spoken(request):
        text = _("That is our fault, not yours. Whoever runs this PitPilot finds it in the log under {number}.")
        content = f"<p>{escape(text.format(number=incident))}</p>{_to_first_page()}"
        return plain.document(_("Something went wrong here"), content, here="/", status=500)


def _to_first_page() -> str:
    return _way("/", _("Go to the first page"))


def _way(href: str, text: str) -> str:
    return f'<a class="btn primary" href="{escape(href)}">{escape(text)}</a>'


def _here(request: Request) -> str:
    """The page that was asked for; after a form was sent, the first one."""
    return quote(request.url.path) if request.method == "GET" else "/"
