"""Signing in by password; signing out. The second step has a page of its own."""

from datetime import UTC, datetime

from nicegui import app
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from actions.people import SecondStep, SignedIn, cookies, sign_in, sign_out
from actions.people.first_run import is_empty
from actions.people.tenants import reason_for_owner
from domain.refusals import Refusal, TryLater
from ui import guard, plain
from ui.components.form_markup import Line, form, notice
from ui.pages.account import entry, passkey
from ui.pages.account.words import refusal_text
from ui.texts import _

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
            page = _password_page(request, {"next": next_path}, {}, oidc_name, above=above)
            return plain.remember_language(request, page)

    @app.post(guard.SIGN_IN, include_in_schema=False)
    async def take(request: Request) -> Response:
        typed = await plain.read_form(request)
        typed["next"] = plain.safe_path(typed.get("next", "/"))
        with plain.spoken(request):
            if not plain.is_same_origin(request):
                return _password_page(request, typed, {}, oidc_name, above=entry.from_elsewhere(), status=403)
            needed = {"login": _("Enter the name that you sign in with."), "password": _("Enter your password.")}
            if wrong := entry.missing(typed, needed):
                return _password_page(request, typed, wrong, oidc_name, status=422)
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
            status = 429 if isinstance(answer, TryLater) else 403
            above = await _reason(typed.get("login", ""), answer) or entry.said(answer)
            wrong = {"password": refusal_text(answer)} if answer is Refusal.WRONG_CREDENTIALS else {}
            page = _password_page(request, typed, wrong, oidc_name, above=above, status=status)
            return entry.retry_after(page, answer)


async def _reason(login: str, answer: Answer) -> str:
    """What an owner reads whose tenant the platform declined or suspended, after the right password."""
    if answer not in (Refusal.TENANT_DECLINED, Refusal.TENANT_SUSPENDED) or isinstance(answer, TryLater):
        return ""
    why = await reason_for_owner(login, answer)
    if not why:
        return ""
    return notice("error", f"{refusal_text(answer)} " + _("The reason given: {reason}").format(reason=why))


def _password_page(
    request: Request,
    typed: dict[str, str],
    wrong: dict[str, str],
    oidc_name: str,
    *,
    above: str = "",
    status: int = 200,
) -> HTMLResponse:
    login, secret = wrong.get("login", ""), wrong.get("password", "")
    parts = (
        Line(
            "login", _("Name or mail address"), typed.get("login", ""), autocomplete="username", wrong=login, code=True
        ),
        Line("password", _("Password"), kind="password", autocomplete="current-password", wrong=secret),
    )
    next_path = typed["next"]
    content = above + form(guard.SIGN_IN, parts, _("Sign in"), hidden={"next": next_path})
    others = passkey.way_in(request, next_path)
    if oidc_name:
        by_provider = _("Sign in with {provider}").format(provider=oidc_name)
        others += entry.way(entry.with_query(entry.OIDC, next=next_path), by_provider)
    content += entry.other_ways_in(others)
    content += entry.ways(
        (entry.FORGOT, _("Forgotten your password?")), (entry.REGISTER, _("Register a workshop or pump"))
    )
    return plain.document(_("Sign in"), content, here=entry.sign_in_href(next=next_path), status=status)


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
