"""Signing in by password and, where it is on, by a code; signing out; and what to do about a forgotten password."""

from datetime import UTC, datetime
from html import escape

from nicegui import app
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from actions.people import SecondStep, SignedIn, cookies, sign_in, sign_out
from actions.people.entrance import enter_code
from actions.people.first_run import is_empty
from actions.people.resets import ask_for_reset
from domain.refusals import Refusal, TryLater
from ui import guard, plain
from ui.components.form_markup import Line, form, notice
from ui.pages.account import entry
from ui.pages.account.words import refusal_text
from ui.texts import _

CODE_CHARS_MAX = 40
SHUT_OUT = (Refusal.SUSPENDED, Refusal.TENANT_PENDING, Refusal.TENANT_DECLINED, Refusal.TENANT_SUSPENDED)

Answer = Refusal | TryLater

_NOT_BY_PROVIDER = frozenset(
    {
        Refusal.SUSPENDED.value,
        Refusal.TENANT_PENDING.value,
        Refusal.TENANT_DECLINED.value,
        Refusal.TENANT_SUSPENDED.value,
    }
)
"""Why an outer provider's word was not enough."""


def install(*, secure: bool, oidc_name: str = "") -> None:
    """`secure`: browsers reach us by https. `oidc_name`: how the outer provider calls itself; empty: there is none."""
    _install_password(secure, oidc_name)
    _install_code(secure)
    _install_forgotten()

    @app.post("/sign-out", include_in_schema=False)
    async def leave(request: Request) -> Response:
        token = request.cookies.get(cookies.SESSION)
        response = plain.see_other(guard.SIGN_IN)
        if plain.is_same_origin(request):
            if token:
                await sign_out(token, datetime.now(UTC))
                guard.close_pages_of(token)
            response.delete_cookie(cookies.SESSION)
        return response


def _install_password(secure: bool, oidc_name: str) -> None:
    @app.get(guard.SIGN_IN, include_in_schema=False)
    async def show(request: Request) -> Response:
        next_path = plain.safe_path(request.query_params.get("next", "/"))
        if await is_empty():
            return plain.see_other(entry.FIRST_RUN)
        if await guard.seat(request) is not None:
            return plain.see_other(next_path)
        with plain.spoken(request):
            above = _done(request.query_params.get("done", ""))
            return plain.remember_language(request, _password_page({"next": next_path}, None, oidc_name, above=above))

    @app.post(guard.SIGN_IN, include_in_schema=False)
    async def take(request: Request) -> Response:
        typed = await plain.read_form(request)
        typed["next"] = plain.safe_path(typed.get("next", "/"))
        with plain.spoken(request):
            if not plain.is_same_origin(request):
                return _password_page(typed, None, oidc_name, above=entry.from_elsewhere(), status=403)
            answer = await sign_in(
                typed.get("login", "").strip(),
                typed.get("password", ""),
                *entry.caller(request),
                datetime.now(UTC),
                device=entry.device(request),
            )
            if isinstance(answer, SignedIn):
                return entry.let_in(answer, typed["next"], secure=secure)
            if isinstance(answer, SecondStep):
                return _to_code(answer, typed["next"], secure)
            return _password_page(typed, answer, oidc_name, status=429 if isinstance(answer, TryLater) else 403)


def _password_page(
    typed: dict[str, str], answer: Answer | None, oidc_name: str, *, above: str = "", status: int = 200
) -> HTMLResponse:
    wrong = refusal_text(answer) if answer is Refusal.WRONG_CREDENTIALS else ""
    parts = (
        Line("login", _("Name or mail address"), typed.get("login", ""), autocomplete="username", code=True),
        Line("password", _("Password"), kind="password", autocomplete="current-password", wrong=wrong),
    )
    next_path = typed["next"]
    content = above or _said(answer)
    content += form(guard.SIGN_IN, parts, _("Sign in"), hidden={"next": next_path})
    if oidc_name:
        by_provider = _("Sign in with {provider}").format(provider=oidc_name)
        content += entry.provider_way(entry.with_query(entry.OIDC, next=next_path), by_provider)
    content += entry.ways(
        (entry.FORGOT, _("Forgotten your password?")), (entry.REGISTER, _("Register a workshop or pump"))
    )
    return plain.document(_("Sign in"), content, here=entry.sign_in_href(next=next_path), status=status)


def _said(answer: Answer | None) -> str:
    """What stands above a form; a wrong password stands beside its field instead."""
    if isinstance(answer, TryLater):
        return entry.later(answer)
    if answer in (None, Refusal.WRONG_CREDENTIALS, Refusal.WRONG_CODE):
        return ""
    return notice("error", refusal_text(answer))


def _done(done: str) -> str:
    """Why somebody stands before the sign-in, when a page of ours led here."""
    texts = {
        "reset": _("The new password is set. Sign in with it."),
        "late": refusal_text(Refusal.SECOND_STEP_EXPIRED),
        "unlinked": refusal_text(Refusal.IDENTITY_NOT_LINKED),
        "away": _("The other provider did not answer. Sign in by password, or try again in a minute."),
    }
    if done in (Refusal.IDENTITY_TAKEN.value, Refusal.LOGIN_TAKEN.value):  # of an invitation, by the provider
        return notice("info", _("You have an account here already. Sign in with it, then join."))
    if done in _NOT_BY_PROVIDER:
        return notice("error", refusal_text(Refusal(done)))
    return notice("done" if done == "reset" else "info", texts[done]) if done in texts else ""


def _to_code(step: SecondStep, next_path: str, secure: bool) -> Response:
    response = plain.see_other(entry.with_query(entry.CODE, next=next_path))
    response.set_cookie(
        cookies.SECOND_STEP,
        step.ticket,
        max_age=int(step.lasts.total_seconds()),
        httponly=True,
        secure=secure,
        samesite="lax",
    )
    return response


def _install_code(secure: bool) -> None:
    @app.get(entry.CODE, include_in_schema=False)
    async def show(request: Request) -> Response:
        if cookies.SECOND_STEP not in request.cookies:
            return plain.see_other(guard.SIGN_IN)
        with plain.spoken(request):
            next_path = plain.safe_path(request.query_params.get("next", "/"))
            return plain.remember_language(request, _code_page(next_path, None))

    @app.post(entry.CODE, include_in_schema=False)
    async def take(request: Request) -> Response:
        typed = await plain.read_form(request)
        next_path = plain.safe_path(typed.get("next", "/"))
        with plain.spoken(request):
            if not plain.is_same_origin(request):
                return _code_page(next_path, None, above=entry.from_elsewhere(), status=403)
            ticket = request.cookies.get(cookies.SECOND_STEP, "")
            answer = await enter_code(
                ticket, typed.get("code") or typed.get("spare", ""), *entry.caller(request), datetime.now(UTC)
            )
            if isinstance(answer, SignedIn):
                return entry.let_in(answer, next_path, secure=secure)
            if answer is Refusal.SECOND_STEP_EXPIRED:
                return plain.see_other(entry.sign_in_href(done="late", next=next_path))
            status = 429 if isinstance(answer, TryLater) else 403
            return _code_page(next_path, answer, by_recovery=bool(typed.get("spare")), status=status)


def _code_page(
    next_path: str, answer: Answer | None, *, by_recovery: bool = False, above: str = "", status: int = 200
) -> HTMLResponse:
    wrong = refusal_text(answer) if answer is Refusal.WRONG_CODE else ""
    digits = Line(
        "code",
        _("Code"),
        autocomplete="one-time-code",
        help=_("The 6 digits that your authenticator app shows now."),
        wrong="" if by_recovery else wrong,
        code=True,
        chars_max=CODE_CHARS_MAX,
    )
    content = above or _said(answer)
    content += form(entry.CODE, [digits], _("Sign in"), hidden={"next": next_path}, focus=not by_recovery)
    content += _recovery(next_path, _("That recovery code is wrong or was used already.") if wrong else "", by_recovery)
    content += entry.ways((guard.SIGN_IN, _("Sign in as somebody else")))
    return plain.document(_("Enter the code"), content, here=entry.CODE, status=status)


def _recovery(next_path: str, wrong: str, is_open: bool) -> str:
    """The way back for whoever lost the phone."""
    line = Line(
        "spare",
        _("Recovery code"),
        help=_("Each works once."),
        wrong=wrong if is_open else "",
        code=True,
        chars_max=CODE_CHARS_MAX,
    )
    verb, hidden = _("Sign in with a recovery code"), {"next": next_path}
    lost, kept = _("Lost your phone?"), _("Sign in with one of the recovery codes that you kept.")
    none_left = _("None left? The owner can turn the second step off for you, on the page People.")
    return (
        f"<details{' open' if is_open else ''}><summary>{escape(lost)}</summary><p>{escape(kept)}</p>"
        f"{form(entry.CODE, [line], verb, hidden=hidden, focus=is_open)}"
        f"<p>{escape(none_left)}</p></details>"
    )


def _install_forgotten() -> None:
    @app.get(entry.FORGOT, include_in_schema=False)
    async def show(request: Request) -> Response:
        with plain.spoken(request):
            return plain.remember_language(request, _forgotten_page({}, ""))

    @app.post(entry.FORGOT, include_in_schema=False)
    async def take(request: Request) -> Response:
        typed = await plain.read_form(request)
        login = typed.get("login", "").strip()
        with plain.spoken(request):
            if not plain.is_same_origin(request):
                return _forgotten_page(typed, entry.from_elsewhere(), status=403)
            if not login:
                return _forgotten_page(typed, "", wrong=_("Enter the name that you sign in with."), status=422)
            too_often = await ask_for_reset(login, entry.caller(request)[0], datetime.now(UTC))
            if too_often is not None:
                return _forgotten_page(typed, entry.later(too_often), status=429)
            # The same words whether there is such a person or not.
            said = _("If there is an account of that name, its owner sees your request and gives you a new link.")
            more = _("Tell them too: in person, or by phone. The link works once and for a day.")
            content = notice("done", said) + f"<p>{escape(more)}</p>" + entry.to_sign_in()
            return plain.document(_("Ask for a new password"), content, here=entry.FORGOT)


def _forgotten_page(typed: dict[str, str], above: str, *, wrong: str = "", status: int = 200) -> HTMLResponse:
    line = Line(
        "login", _("Name or mail address"), typed.get("login", ""), autocomplete="username", code=True, wrong=wrong
    )
    text = _("The owner of your workshop or pump makes a link for you, by which you set a new password.")
    content = above + f"<p>{escape(text)}</p>" + form(entry.FORGOT, [line], _("Ask the owner"))
    content += entry.ways((guard.SIGN_IN, _("Go to the sign-in")))
    return plain.document(_("Ask for a new password"), content, here=entry.FORGOT, status=status)
