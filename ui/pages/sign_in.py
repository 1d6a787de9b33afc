"""Signing in and out: a plain form, so that password managers and browsers without a socket manage."""

from datetime import UTC, datetime
from html import escape
from urllib.parse import quote

from nicegui import app, ui
from nicegui.element import Element
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from actions.people import SESSION_LONGEST, sign_in, sign_out
from domain.refusals import Refusal
from ui import guard, theme
from ui.components import markup
from ui.components.markup import Text, raw
from ui.frame import LOGO
from ui.texts import _, negotiate

FORM_BYTES_MAX = 8_192


def install(*, secure: bool) -> None:
    @ui.page(guard.SIGN_IN)
    async def sign_in_page(request: Request) -> Response | None:
        next_path = safe_path(request.query_params.get("next", "/"))
        if await guard.seat(request) is not None:
            return RedirectResponse(next_path, status_code=303)
        theme.apply("system", negotiate(request.headers.get("accept-language")))
        ui.page_title(_("Sign in") + " · PitPilot")
        _form(next_path, request.query_params.get("problem", ""), request.query_params.get("name", ""))
        return None

    @app.post(guard.SIGN_IN, include_in_schema=False)
    async def take_form(request: Request) -> Response:
        form = await _read(request)
        login, next_path = _text(form, "login"), safe_path(_text(form, "next"))
        if not is_same_origin(request):
            return _again("origin", login, next_path)
        agent = request.headers.get("user-agent", "")
        address = request.client.host if request.client else ""
        answer = await sign_in(login, _text(form, "password"), address, agent, datetime.now(UTC))
        if isinstance(answer, Refusal):
            return _again(answer.value, login, next_path)
        response = RedirectResponse(next_path, status_code=303)
        response.set_cookie(
            guard.COOKIE,
            answer.token,
            max_age=int(SESSION_LONGEST.total_seconds()),
            httponly=True,
            secure=secure,
            samesite="lax",
        )
        return response

    @app.post("/sign-out", include_in_schema=False)
    async def leave(request: Request) -> Response:
        token = request.cookies.get(guard.COOKIE)
        if token and is_same_origin(request):
            await sign_out(token, datetime.now(UTC))
            guard.close_pages_of(token)
        response = RedirectResponse(guard.SIGN_IN, status_code=303)
        response.delete_cookie(guard.COOKIE)
        return response


def _form(next_path: str, problem: str, name: str) -> None:
    texts = {
        "": "",
        Refusal.WRONG_CREDENTIALS.value: _("Name or password is wrong. Check both, then try again."),
        Refusal.SUSPENDED.value: _("This account is suspended. Ask the owner."),
        "origin": _("The form came from another page. Try again here."),
    }
    wrong = texts.get(problem, _("That did not work. Try again."))
    with Element("main").classes("sign-in"), Element("div").classes("card pad stack"):
        raw(f"{LOGO}<span>PitPilot</span>").classes("logo")
        Text("h1", _("Sign in"))
        state = ' data-state="crit"' if wrong else ""
        below = (
            f'<p id="wrong" role="alert">{markup.icon("error", "s")}<span>{escape(wrong)}</span></p>' if wrong else ""
        )
        described = ' aria-describedby="wrong" aria-invalid="true"' if wrong else ""
        raw(
            f'<form method="post" action="{guard.SIGN_IN}" class="stack">'
            f'<input type="hidden" name="next" value="{escape(next_path)}">'
            f'<div class="field"><label for="login">{escape(_("Name or mail address"))}</label>'
            f'<input id="login" name="login" value="{escape(name)}" autocomplete="username" required maxlength="120"'
            f' autocapitalize="none" spellcheck="false"{"" if name else " autofocus"}></div>'
            f'<div class="field"{state}><label for="password">{escape(_("Password"))}</label>'
            f'<input id="password" name="password" type="password" autocomplete="current-password" required'
            f' maxlength="1000"{described}{" autofocus" if name else ""}>{below}</div>'
            f'<button class="btn primary" type="submit">{escape(_("Sign in"))}</button></form>'
        )


def _again(problem: str, name: str, next_path: str) -> Response:
    query = f"problem={quote(problem)}&name={quote(name[:120])}&next={quote(next_path)}"
    return RedirectResponse(f"{guard.SIGN_IN}?{query}", status_code=303)


async def _read(request: Request) -> FormData:
    """Reads a small form; a larger one is read as empty."""
    if int(request.headers.get("content-length", "0") or 0) > FORM_BYTES_MAX:
        return FormData()
    return await request.form(max_files=0, max_fields=10)


def _text(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return value if isinstance(value, str) else ""


def safe_path(path: str) -> str:
    """A path of ours to go on to; anything that could leave this site becomes the overview."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) and "\\" not in path else "/"


def is_same_origin(request: Request) -> bool:
    """Whether a form was posted by a page of ours. Browsers always say where a POST comes from."""
    origin = request.headers.get("origin")
    if origin is None:
        return request.headers.get("sec-fetch-site", "same-origin") in ("same-origin", "none")
    return origin.partition("://")[2] == request.headers.get("host")
