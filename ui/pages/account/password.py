"""Changing the own password: a plain form, so that password managers take part."""

from datetime import UTC, datetime
from html import escape

from nicegui import app
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from actions.people import Seat
from actions.people.profile import change_password, profile
from domain.access import Intent
from domain.refusals import Refusal
from ui import guard, plain
from ui.components.form_markup import Line, Login, form
from ui.pages import shell
from ui.pages.account import entry
from ui.texts import _

PATH = shell.ACCOUNT + "/password"
WELL_KNOWN = "/.well-known/change-password"  # W3C: where password managers look for this page


def install() -> None:
    @app.get(WELL_KNOWN, include_in_schema=False)
    async def well_known() -> Response:
        return plain.see_other(PATH)

    @app.get(PATH, include_in_schema=False)
    async def show(request: Request) -> Response:
        seat = await _seat(request)
        if isinstance(seat, Response):
            return seat
        with plain.spoken(request, seat.language):
            return await _page(seat, {})

    @app.post(PATH, include_in_schema=False)
    async def take(request: Request) -> Response:
        seat = await _seat(request)
        if isinstance(seat, Response):
            return seat
        typed = await plain.read_form(request)
        with plain.spoken(request, seat.language):
            if not plain.is_same_origin(request):
                return await _page(seat, {}, entry.from_elsewhere(), status=403)
            if wrong := entry.missing(typed, {"password": _("Enter the new password.")}):
                return await _page(seat, wrong, status=422)
            old, new, asked_by = typed.get("old", ""), typed["password"], entry.caller(request)[0]
            answer = await change_password(seat, old, new, asked_by, datetime.now(UTC))
            if answer is None:
                return plain.see_other(f"{shell.ACCOUNT}?done=password")
            if answer is Refusal.WRONG_CREDENTIALS:
                return await _page(seat, {"old": _("This is not your password of now. Try again.")}, status=403)
            wrong, above, status = entry.faults(answer)
            return await _page(seat, wrong, above, status=status)


async def _seat(request: Request) -> Seat | Response:
    seat = await guard.seat(request)
    if seat is None or not seat.viewer.may(Intent.CHANGE_OWN_ACCOUNT):
        return plain.see_other(guard.sign_in_href(PATH))
    return seat


async def _page(seat: Seat, wrong: dict[str, str], above: str = "", *, status: int = 200) -> HTMLResponse:
    mine = await profile(seat)
    old = Line(
        "old",
        _("Password of now"),
        kind="password",
        autocomplete="current-password",
        wrong=wrong.get("old", ""),
    )
    parts = (
        Login(_("Sign-in name"), mine.login),
        *((old,) if mine.has_password else ()),
        entry.new_password(wrong, label=_("New password")),
    )
    text = _("Your other devices are signed out; you stay signed in here.")
    content = above + f"<p>{escape(text)}</p>" + form(PATH, parts, _("Change password"))
    content += entry.ways((shell.ACCOUNT, _("Back to your account")))
    return plain.document(_("Change password"), content, here=PATH, status=status, theme=seat.theme)
