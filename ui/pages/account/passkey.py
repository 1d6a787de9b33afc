"""Signing in by a passkey: a page that has the browser ask for one, and takes its answer."""

from datetime import UTC, datetime
from html import escape

from nicegui import app
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from actions.people import SignedIn, cookies
from actions.people.passkey_answers import CHALLENGE_LASTS, Asked
from actions.people.passkey_sign_in import ask_as_second_step, ask_for_passkey, sign_in_by_passkey
from domain.refusals import Refusal, TryLater
from domain.relying_party import RelyingParty
from ui import guard, passkeys, plain
from ui.components.form_markup import form, shape
from ui.pages.account import entry
from ui.texts import _

PATH = guard.SIGN_IN + "/passkey"
ANSWER = PATH + "/answer"


def install(*, secure: bool) -> None:
    """`secure`: browsers reach us by https."""

    @app.post(PATH, include_in_schema=False)
    async def ask(request: Request) -> Response:
        typed = await plain.read_form(request)
        next_path = plain.safe_path(typed.get("next", "/"))
        with plain.spoken(request):
            if not plain.is_same_origin(request):
                return _again(next_path, entry.from_elsewhere(), 403)
            asked = await _question(request, instead_of_code=bool(typed.get("step")))
            if asked is Refusal.SECOND_STEP_EXPIRED:
                return plain.see_other(entry.sign_in_href(done="late", next=next_path))
            if isinstance(asked, TryLater):
                return _again(next_path, entry.later(asked), 429)
            if isinstance(asked, Refusal):
                return _again(next_path, entry.refused(asked), 403)
            response = _page(asked, next_path)
            response.set_cookie(
                cookies.PASSKEY,
                asked.ticket,
                max_age=int(CHALLENGE_LASTS.total_seconds()),
                path=PATH,
                httponly=True,
                secure=secure,
                samesite="strict",
            )
            return response

    @app.get(PATH, include_in_schema=False)
    async def show(request: Request) -> Response:
        """Somebody came back to the address of the page above, or changed its language."""
        with plain.spoken(request):
            return plain.remember_language(request, _again(plain.safe_path(request.query_params.get("next", "/")), ""))

    @app.post(ANSWER, include_in_schema=False)
    async def take(request: Request) -> Response:
        typed = await plain.read_form(request)
        next_path = plain.safe_path(typed.get("next", "/"))
        with plain.spoken(request):
            if not plain.is_same_origin(request):
                return _again(next_path, entry.from_elsewhere(), 403)
            rp = passkeys.here(request)
            if isinstance(rp, Refusal):
                return _again(next_path, entry.refused(rp), 403)
            ticket = request.cookies.get(cookies.PASSKEY, "")
            caller = entry.caller(request)
            answer = await sign_in_by_passkey(ticket, typed.get("answer", ""), rp, *caller, datetime.now(UTC))
            if not isinstance(answer, SignedIn):
                return _again(next_path, entry.refused(answer), 403)
            response = entry.let_in(answer, next_path, secure=secure)
            response.delete_cookie(cookies.PASSKEY, path=PATH)
            return response


async def _question(request: Request, *, instead_of_code: bool) -> Refusal | TryLater | Asked:
    rp = passkeys.here(request)
    if not isinstance(rp, RelyingParty):
        return rp
    now = datetime.now(UTC)
    if instead_of_code:
        return await ask_as_second_step(request.cookies.get(cookies.SECOND_STEP, ""), rp, now)
    return await ask_for_passkey(rp, entry.caller(request)[0], now)


def way_in(request: Request, next_path: str) -> str:
    """The button of the sign-in page; nothing where browsers keep no passkeys."""
    if isinstance(passkeys.here(request), Refusal):
        return ""
    return form(PATH, (), _("Sign in with a passkey"), hidden={"next": next_path}, focus=False)


def instead_of_code(next_path: str) -> str:
    """The button of the second step's page."""
    hidden = {"next": next_path, "step": "yes"}
    return form(PATH, (), _("Use a passkey instead"), hidden=hidden, focus=False)


def _page(asked: Asked, next_path: str) -> HTMLResponse:
    faults = {
        "cancelled": _("Nothing happened: no passkey was chosen, or none of yours is for this address."),
        "impossible": _("This browser can't use passkeys at this address. Sign in by password."),
    }
    notices = "".join(
        f'<p class="notice" data-state="warn" role="alert" data-fault="{fault}" hidden>'
        f"{shape('info')}<span>{escape(text)}</span></p>"
        for fault, text in faults.items()
    )
    text = _("Your browser asks for your finger, your face or the PIN of this device. They stay on the device.")
    verb = _("Use your passkey")
    no_scripts = _("Passkeys need scripts, which are off in this browser. Sign in by password.")
    content = (
        f"{notices}<p>{escape(text)}</p><noscript><p>{escape(no_scripts)}</p></noscript>"
        f'<form method="post" action="{ANSWER}" data-passkey="{escape(asked.options)}">'
        f'<input type="hidden" name="next" value="{escape(next_path)}"><input type="hidden" name="answer" value="">'
        f'<button class="btn primary" type="button" hidden>{escape(verb)}</button></form>'
    ) + _elsewhere(next_path)
    here = entry.with_query(PATH, next=next_path)
    return plain.document(_("Sign in with a passkey"), content, here=here, script=passkeys.SCRIPT)


def _again(next_path: str, above: str, status: int = 200) -> HTMLResponse:
    """The same, to be begun anew."""
    content = above + form(PATH, (), _("Sign in with a passkey"), hidden={"next": next_path}) + _elsewhere(next_path)
    here = entry.with_query(PATH, next=next_path)
    return plain.document(_("Sign in with a passkey"), content, here=here, status=status)


def _elsewhere(next_path: str) -> str:
    return entry.ways((entry.sign_in_href(next=next_path), _("Sign in by password")))
