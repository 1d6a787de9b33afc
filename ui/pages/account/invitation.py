"""Accepting an invitation: as somebody new, or, for whoever is signed in, beside the roles they hold."""

from datetime import UTC, datetime
from html import escape
from typing import cast

from nicegui import app
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from actions.people import Seat, SignedIn
from actions.people.invitations import InvitationView, accept_invitation, invitation_of, join
from actions.people.sessions import switch_tenant
from domain.refusals import Refusal
from ui import guard, plain
from ui.components.form_markup import Line, form
from ui.pages.account import entry
from ui.pages.account.words import refusal_text, role_help
from ui.role_words import role_phrase
from ui.texts import _, voice

PATH = "/invitation"


def install(*, secure: bool, oidc_name: str = "") -> None:
    @app.get(PATH + "/{token}", include_in_schema=False)
    async def show(request: Request, token: str) -> Response:
        view = await invitation_of(token, datetime.now(UTC))
        seat = await guard.seat(request)
        with plain.spoken(request, _language(view, seat)):
            page = _show(view, token, seat, oidc_name)
            return plain.remember_language(request, page)

    @app.post(PATH + "/{token}", include_in_schema=False)
    async def take(request: Request, token: str) -> Response:
        typed = await plain.read_form(request)
        view = await invitation_of(token, datetime.now(UTC))
        seat = await guard.seat(request)
        with plain.spoken(request, _language(view, seat)):
            if isinstance(view, Refusal):
                return _unusable(view, token)
            if not plain.is_same_origin(request):
                return _show(view, token, seat, oidc_name, above=entry.from_elsewhere(), status=403)
            if seat is not None:
                return await _join(request, view, token, seat)
            return await _accept(request, view, token, typed, oidc_name, secure)


def _language(view: InvitationView | Refusal, seat: Seat | None) -> str:
    if seat is not None:
        return seat.language
    return "" if isinstance(view, Refusal) else view.language


def _show(
    view: InvitationView | Refusal, token: str, seat: Seat | None, oidc_name: str, *, above: str = "", status: int = 200
) -> HTMLResponse:
    if isinstance(view, Refusal):
        return _unusable(view, token)
    if seat is not None:
        return _join_page(view, token, seat, above, status)
    mail = view.contact if "@" in view.contact else ""
    return _accept_page(view, token, {"name": view.name, "login": mail}, {}, oidc_name, above, status)


async def _accept(
    request: Request, view: InvitationView, token: str, typed: dict[str, str], oidc_name: str, secure: bool
) -> Response:
    needed = {
        "name": _("Enter your name."),
        "login": _("Enter the name that you want to sign in with."),
        "password": _("Enter a password."),
    }
    if wrong := entry.missing(typed, needed):
        return _accept_page(view, token, typed, wrong, oidc_name, "", 422)
    answer = await accept_invitation(
        token,
        typed["login"].strip(),
        typed["name"].strip(),
        typed["password"],
        voice().language,
        *entry.caller(request),
        datetime.now(UTC),
    )
    if isinstance(answer, SignedIn):
        return entry.let_in(answer, "/", secure=secure)
    if answer in entry.LINK_REFUSALS:
        return _unusable(cast(Refusal, answer), token)
    wrong, above, status = entry.faults(answer)
    return _accept_page(view, token, typed, wrong, oidc_name, above, status)


async def _join(request: Request, view: InvitationView, token: str, seat: Seat) -> Response:
    now = datetime.now(UTC)
    answer = await join(seat, token, now)
    if answer in entry.LINK_REFUSALS:
        return _unusable(cast(Refusal, answer), token)
    if isinstance(answer, Refusal):
        return _join_page(view, token, seat, entry.refused(answer), 409)
    if joined := await guard.seat(request):  # the seat of before does not know the new tenant
        await switch_tenant(joined, answer, now)
    return plain.see_other("/")


def _accept_page(
    view: InvitationView,
    token: str,
    typed: dict[str, str],
    wrong: dict[str, str],
    oidc_name: str,
    above: str,
    status: int,
) -> HTMLResponse:
    parts = (
        Line("name", _("Your name"), typed.get("name", ""), autocomplete="name", wrong=wrong.get("name", "")),
        entry.new_login(typed, wrong),
        entry.new_password(wrong),
    )
    content = above + _offer(view) + form(_path(token), parts, _("Join"))
    if oidc_name:
        by_provider = _("Join with {provider}").format(provider=oidc_name)
        content += entry.other_ways_in(entry.way(entry.with_query(entry.OIDC, invitation=token), by_provider))
    content += entry.ways((entry.sign_in_href(next=_path(token)), _("I have an account already")))
    return plain.document(_title(view), content, here=_path(token), status=status, wide=True)


def _join_page(view: InvitationView, token: str, seat: Seat, above: str, status: int) -> HTMLResponse:
    text = _("You are signed in as {name}. You keep your other roles, and switch between them in the menu.")
    content = above + _offer(view) + f"<p>{escape(text.format(name=seat.viewer.name))}</p>"
    content += form(_path(token), (), _("Join as {name}").format(name=seat.viewer.name))
    content += form("/sign-out", (), _("Sign out, then join as somebody else"), focus=False)
    return plain.document(_title(view), content, here=_path(token), status=status, wide=True)


def _title(view: InvitationView) -> str:
    return _("Join {tenant}").format(tenant=view.tenant_name)


def _offer(view: InvitationView) -> str:
    text = _("{who} invites you as {role}.").format(who=view.invited_by, role=role_phrase(view.role))
    return f"<p><b>{escape(text)}</b> {escape(role_help(view.role))}</p>"


def _unusable(refusal: Refusal, token: str) -> HTMLResponse:
    if refusal is Refusal.TENANT_SUSPENDED:
        return entry.unusable(refusal, ask=refusal_text(refusal), here=_path(token))
    return entry.unusable(refusal, ask=_("Ask who invited you for a new one."), here=_path(token))


def _path(token: str) -> str:
    return entry.link_path(PATH, token)
