"""A new password by the link that an owner handed over."""

from datetime import UTC, datetime
from html import escape

from nicegui import app
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from actions.people.resets import ResetView, reset_of, reset_password
from domain.refusals import Refusal
from ui import plain
from ui.components.form_markup import Login, Part, Ticks, form
from ui.pages.account import entry
from ui.texts import _

PATH = "/reset"
REMOVES = "remove_passkeys"


def install() -> None:
    @app.get(PATH + "/{token}", include_in_schema=False)
    async def show(request: Request, token: str) -> Response:
        view = await reset_of(token, datetime.now(UTC))
        with plain.spoken(request, "" if isinstance(view, Refusal) else view.language):
            page = _unusable(view, token) if isinstance(view, Refusal) else _page(view, token, {})
            return plain.remember_language(request, page)

    @app.post(PATH + "/{token}", include_in_schema=False)
    async def take(request: Request, token: str) -> Response:
        typed = await plain.read_form(request)
        now = datetime.now(UTC)
        view = await reset_of(token, now)
        with plain.spoken(request, "" if isinstance(view, Refusal) else view.language):
            if isinstance(view, Refusal):
                return _unusable(view, token)
            if not plain.is_same_origin(request):
                return _page(view, token, {}, entry.from_elsewhere(), status=403)
            if wrong := entry.missing(typed, {"password": _("Enter a password.")}):
                return _page(view, token, wrong, status=422)
            keeps = view.passkeys > 0 and typed.get(REMOVES) != "yes"
            answer = await reset_password(token, typed["password"], now, keeps_passkeys=keeps)
            if answer is None:
                return plain.see_other(entry.sign_in_href(done="reset"))
            if isinstance(answer, Refusal):
                return _unusable(answer, token)
            wrong, above, status = entry.faults(answer)
            return _page(view, token, wrong, above, status=status)


def _unusable(refusal: Refusal, token: str) -> HTMLResponse:
    return entry.unusable(refusal, ask=_("Ask the owner for a new link if you need one."), here=_path(token))


def _page(view: ResetView, token: str, wrong: dict[str, str], above: str = "", *, status: int = 200) -> HTMLResponse:
    parts: list[Part] = [Login(_("Sign-in name"), view.login), entry.new_password(wrong, label=_("New password"))]
    if view.passkeys:
        word = _("Remove them, in case somebody else has one. I make a new one afterwards.")
        parts.append(
            Ticks(_("Passkeys of this account: {n}").format(n=view.passkeys), {REMOVES: word}, frozenset({REMOVES}))
        )
    text = _("{name}, choose a new password. You are signed out everywhere; sign in with it afterwards.")
    content = above + f"<p>{escape(text.format(name=view.name))}</p>"
    content += form(_path(token), parts, _("Set the password"))
    return plain.document(_("New password"), content, here=_path(token), status=status)


def _path(token: str) -> str:
    return entry.link_path(PATH, token)
