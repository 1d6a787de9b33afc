"""Who asks by a link: the job it leads to, or the friendly page for a link that leads nowhere."""

from datetime import UTC, datetime
from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from actions.jobs import tracked
from actions.jobs.tracked import Followed
from domain.refusals import Refusal, TryLater
from ui import plain
from ui.pages.customer.document import document
from ui.pages.customer.drawing import sign
from ui.pages.customer.tracking_view import languages
from ui.texts import _

TOKEN_CHARS_MAX = 100


def now() -> datetime:
    return datetime.now(UTC)


async def found_by(request: Request, token: str) -> Followed | Response:
    """The job of a link, or what is answered instead."""
    address = request.client.host if request.client else ""
    if not 0 < len(token) <= TOKEN_CHARS_MAX or "\0" in token:
        token = ""
    found = await tracked.find(token, address, now())
    if isinstance(found, TryLater):
        return _too_many(request, found)
    return unknown(request) if isinstance(found, Refusal) else found


def unknown(request: Request) -> Response:
    with plain.spoken(request):
        text = _(
            "Links end some weeks after the car has gone home, or when the workshop makes a new one. Ask the workshop."
        )
        return _alone(_("This link no longer works"), text, 404)


def _too_many(request: Request, later: TryLater) -> Response:
    with plain.spoken(request):
        text = _("Somebody on this network tried many addresses. If you copied yours by hand, compare it once more.")
        page = _alone(_("This link is not known"), text, 429)
    page.headers["Retry-After"] = str(later.wait_s)
    return page


def _alone(title: str, text: str, status: int) -> HTMLResponse:
    body = f'{sign("help")}<h1>{escape(title)}</h1><p class="quiet">{escape(text)}</p>'
    return document(title, f'<main class="alone">{body}<div class="foot">{languages("")}</div></main>', status=status)
