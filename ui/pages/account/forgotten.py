"""What to do about a forgotten password: ask the owner for a link."""

from datetime import UTC, datetime
from html import escape

from nicegui import app
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from actions.outbox import ways
from actions.people.resets import ask_for_reset
from domain.ways import Way
from ui import guard, plain
from ui.components.form_markup import Line, form, notice
from ui.pages.account import entry
from ui.texts import _


def install() -> None:
    @app.get(entry.FORGOT, include_in_schema=False)
    async def show(request: Request) -> Response:
        with plain.spoken(request):
            return plain.remember_language(request, _page({}, ""))

    @app.post(entry.FORGOT, include_in_schema=False)
    async def take(request: Request) -> Response:
        typed = await plain.read_form(request)
        login = typed.get("login", "").strip()
        with plain.spoken(request):
            if not plain.is_same_origin(request):
                return _page(typed, entry.from_elsewhere(), status=403)
            if not login:
                return _page(typed, "", wrong=_("Enter the name that you sign in with."), status=422)
            too_often = await ask_for_reset(login, entry.caller(request)[0], datetime.now(UTC))
            if too_often is not None:
                return entry.retry_after(_page(typed, entry.later(too_often), status=429), too_often)
            # The same words whether there is such a person or not.
            said = _("If there is an account of that name, its owner sees your request and gives you a new link.")
            more = _("Tell them too: in person, or by phone. The link works once and for a day.")
            if Way.MAIL in ways.offered():
                more += " " + _("Whoever proved a mail address in the own account gets a link there as well.")
            content = notice("done", said) + f"<p>{escape(more)}</p>" + entry.to_sign_in()
            return plain.document(_("Ask for a new password"), content, here=entry.FORGOT)


def _page(typed: dict[str, str], above: str, *, wrong: str = "", status: int = 200) -> HTMLResponse:
    line = Line(
        "login", _("Name or mail address"), typed.get("login", ""), autocomplete="username", code=True, wrong=wrong
    )
    text = _("The owner of your workshop or pump makes a link for you, by which you set a new password.")
    content = above + f"<p>{escape(text)}</p>" + form(entry.FORGOT, [line], _("Ask the owner"))
    content += entry.ways((guard.SIGN_IN, _("Go to the sign-in")))
    return plain.document(_("Ask for a new password"), content, here=entry.FORGOT, status=status)
