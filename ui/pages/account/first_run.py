"""The first run: whoever reads the program's log becomes the person who runs this PitPilot."""

from datetime import UTC, datetime
from html import escape

from nicegui import app
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from actions.people.first_run import is_first_run, take_first_run
from actions.people.sessions import SignedIn
from domain.refusals import Refusal, TryLater, Weakness
from ui import guard, plain
from ui.components.form_markup import Line, form
from ui.pages.account import entry
from ui.texts import _, voice


def install(*, secure: bool) -> None:
    @app.get(entry.FIRST_RUN, include_in_schema=False)
    async def show(request: Request) -> Response:
        if not await is_first_run():
            return plain.see_other(guard.SIGN_IN)
        with plain.spoken(request):
            return plain.remember_language(request, _page({}, {}))

    @app.post(entry.FIRST_RUN, include_in_schema=False)
    async def take(request: Request) -> Response:
        typed = await plain.read_form(request)
        with plain.spoken(request):
            if not plain.is_same_origin(request):
                return _page(typed, {}, entry.from_elsewhere(), status=403)
            if wrong := entry.missing(typed, _needed()):
                return _page(typed, wrong, status=422)
            answer = await take_first_run(
                typed["code"].strip(),
                typed["login"].strip(),
                typed["name"].strip(),
                typed["password"],
                voice().language,
                *entry.caller(request),
                datetime.now(UTC),
            )
            if isinstance(answer, SignedIn):
                return entry.let_in(answer, "/", secure=secure)
            return _refused(typed, answer)


def _needed() -> dict[str, str]:
    return {
        "code": _("Enter the code from the log."),
        "name": _("Enter your name."),
        "login": _("Enter the name that you want to sign in with."),
        "password": _("Enter a password."),
    }


def _refused(typed: dict[str, str], answer: Refusal | TryLater | Weakness) -> HTMLResponse:
    of_code = {
        Refusal.LINK_UNKNOWN: _("This is not the code. Look for “enter this code” in the log, at the last start."),
        Refusal.LINK_EXPIRED: _("This code has expired. Start PitPilot again; a new one stands in the log then."),
        Refusal.LINK_USED: _("Somebody else was quicker: this PitPilot is run by them now."),
    }
    if isinstance(answer, Refusal) and answer in of_code:
        return _page(typed, {"code": of_code[answer]}, status=403)
    wrong, above, status = entry.faults(answer)
    return _page(typed, wrong, above, status=status)


def _page(typed: dict[str, str], wrong: dict[str, str], above: str = "", *, status: int = 200) -> HTMLResponse:
    parts = (
        Line(
            "code",
            _("One-time code"),
            typed.get("code", ""),
            help=_("It stands in the program's log, at “open /first-run and enter this code”."),
            wrong=wrong.get("code", ""),
            code=True,
        ),
        Line("name", _("Your name"), typed.get("name", ""), autocomplete="name", wrong=wrong.get("name", "")),
        entry.new_login(typed, wrong),
        entry.new_password(wrong),
    )
    text = _("Nobody runs this PitPilot yet. Whoever can read its log may: you approve workshops and pumps, and help.")
    content = above + f"<p>{escape(text)}</p>" + form(entry.FIRST_RUN, parts, _("Begin"))
    return plain.document(_("First run"), content, here=entry.FIRST_RUN, status=status, wide=True)
