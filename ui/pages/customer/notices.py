"""Whether a customer gets messages about the own car, by the link alone: `/t/{token}/notices`."""

from html import escape

from nicegui import app
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from actions.customers.consent import consent_by_link
from actions.jobs import tracked
from actions.jobs.tracked import Tracked
from ui import plain
from ui.pages.customer.asked import found_by, now, unknown
from ui.pages.customer.document import document
from ui.pages.customer.tracking_view import note, path
from ui.pages.customer.words import language_of
from ui.texts import _, speaking, voice

GET_NONE, GET_THEM = "none", "some"


def install() -> None:
    @app.get("/t/{token}/notices", include_in_schema=False)
    async def show(request: Request, token: str) -> Response:
        return await _shown(request, token)

    @app.post("/t/{token}/notices", include_in_schema=False)
    async def take(request: Request, token: str) -> Response:
        found = await found_by(request, token)
        if isinstance(found, Response):
            return found
        wanted = (await plain.read_form(request)).get("messages")
        if wanted in (GET_NONE, GET_THEM) and plain.is_same_origin(request):
            await consent_by_link(found, wanted == GET_THEM, now())  # twice the same is as good as once
            return await _shown(request, token, is_saved=True)
        return await _shown(request, token)


async def _shown(request: Request, token: str, *, is_saved: bool = False) -> Response:
    found = await found_by(request, token)
    if isinstance(found, Response):
        return found
    seen = await tracked.seen(found, now())
    if seen is None:
        return unknown(request)
    with speaking(language_of(request.query_params.get("lang"), seen.language)):
        return _page(seen, token, is_saved=is_saved)


def _page(seen: Tracked, token: str, *, is_saved: bool) -> HTMLResponse:
    car = f"{seen.make} {seen.model}"
    if seen.agrees_to_notices:
        title, value, verb = _("You get messages about your {car}"), GET_NONE, _("Get no more messages")
        text = _("{workshop} writes to you when something happens with it, and you can end that at any time.")
    else:
        title, value, verb = _("You get no messages about your {car}"), GET_THEM, _("Get messages")
        text = _(
            "{workshop} may write to you when something happens with it, if you agree. You can end it at any time."
        )
    said = title.format(car=car)
    saved = note("ok", "done", _("Saved")) if is_saved else ""
    here = f"{path(token)}/notices?lang={voice().language}"
    back = escape(_("Back to the car"))
    body = (
        f'<h1>{escape(said)}</h1><p class="quiet">{escape(text.format(workshop=seen.workshop))}</p>{saved}'
        f'<form method="post" action="{escape(here)}"><input type="hidden" name="messages" value="{value}">'
        f"<button>{escape(verb)}</button></form>"
        f'<a class="go" href="{escape(path(token))}?lang={voice().language}">{back}</a>'
    )
    # Browsers say "null" instead of where a form comes from, if no referrer may be sent at all.
    return document(said, f'<main class="alone">{body}</main>', referrer="same-origin")
