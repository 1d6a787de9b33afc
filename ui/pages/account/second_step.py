"""The second step of signing in: the authenticator's code, a passkey instead, or a recovery code."""

from datetime import UTC, datetime
from html import escape

from nicegui import app
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from actions.people import SignedIn, cookies
from actions.people.entrance import enter_code
from actions.people.passkey_sign_in import may_use_passkey
from domain.refusals import Refusal, TryLater
from domain.relying_party import RelyingParty
from ui import guard, passkeys, plain
from ui.components.form_markup import Line, form
from ui.pages.account import entry, passkey
from ui.pages.account.words import refusal_text
from ui.texts import _

CODE_CHARS_MAX = 40


def install(*, secure: bool) -> None:
    """`secure`: browsers reach us by https."""

    @app.get(entry.CODE, include_in_schema=False)
    async def show(request: Request) -> Response:
        if cookies.SECOND_STEP not in request.cookies:
            return plain.see_other(guard.SIGN_IN)
        with plain.spoken(request):
            next_path = plain.safe_path(request.query_params.get("next", "/"))
            return plain.remember_language(request, _page(next_path, by_passkey=await _may_use_passkey(request)))

    @app.post(entry.CODE, include_in_schema=False)
    async def take(request: Request) -> Response:
        typed = await plain.read_form(request)
        next_path = plain.safe_path(typed.get("next", "/"))
        with plain.spoken(request):
            if not plain.is_same_origin(request):
                return _page(next_path, above=entry.from_elsewhere(), status=403)
            ticket, said = request.cookies.get(cookies.SECOND_STEP, ""), typed.get("code") or typed.get("spare", "")
            by_recovery = "spare" in typed
            if not said.strip():
                return _page(next_path, wrong=_("Enter the code."), by_recovery=by_recovery, status=422)
            answer = await enter_code(ticket, said, *entry.caller(request), datetime.now(UTC))
            if isinstance(answer, SignedIn):
                return entry.let_in(answer, next_path, secure=secure)
            if answer is Refusal.SECOND_STEP_EXPIRED:
                return plain.see_other(entry.sign_in_href(done="late", next=next_path))
            page = _page(
                next_path,
                wrong=_wrong_code(by_recovery=by_recovery) if answer is Refusal.WRONG_CODE else "",
                by_recovery=by_recovery,
                by_passkey=await _may_use_passkey(request),
                above=entry.said(answer),
                status=429 if isinstance(answer, TryLater) else 403,
            )
            return entry.retry_after(page, answer)


async def _may_use_passkey(request: Request) -> bool:
    here = passkeys.here(request)
    step = request.cookies.get(cookies.SECOND_STEP, "")
    return isinstance(here, RelyingParty) and await may_use_passkey(step, here, datetime.now(UTC))


def _wrong_code(*, by_recovery: bool) -> str:
    return _("That recovery code is wrong or was used already.") if by_recovery else refusal_text(Refusal.WRONG_CODE)


def _page(
    next_path: str,
    *,
    wrong: str = "",
    by_recovery: bool = False,
    by_passkey: bool = False,
    above: str = "",
    status: int = 200,
) -> HTMLResponse:
    """`wrong` stands beside the field that was sent: the recovery code's with `by_recovery`, else the app's."""
    digits = Line(
        "code",
        _("Code"),
        autocomplete="one-time-code",
        help=_("The 6 digits that your authenticator app shows now."),
        wrong="" if by_recovery else wrong,
        code=True,
        chars_max=CODE_CHARS_MAX,
    )
    content = above + form(entry.CODE, [digits], _("Sign in"), hidden={"next": next_path}, focus=not by_recovery)
    content += entry.other_ways_in(passkey.instead_of_code(next_path) if by_passkey else "")
    content += _recovery(next_path, wrong if by_recovery else "", by_recovery)
    content += entry.ways((guard.SIGN_IN, _("Sign in as somebody else")))
    return plain.document(_("Enter the code"), content, here=entry.CODE, status=status)


def _recovery(next_path: str, wrong: str, is_open: bool) -> str:
    """The way back for whoever lost the phone."""
    line = Line(
        "spare",
        _("Recovery code"),
        help=_("Each works once."),
        wrong=wrong,
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
