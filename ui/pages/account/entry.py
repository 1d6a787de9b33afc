"""What the pages before the sign-in share: how somebody is let in, and who knocks."""

from collections.abc import Mapping
from html import escape
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from actions.password_strength import CHARS_MIN
from actions.people import SESSION_LONGEST, SignedIn, cookies
from domain.refusals import Refusal, TryLater, Weakness
from ui import guard, plain
from ui.components.form_markup import Line, notice, waiting
from ui.pages.account.words import refusal_text, wait_text, wait_unit_s, weakness_text
from ui.texts import _, number

FIRST_RUN, REGISTER, FORGOT = "/first-run", "/register", "/forgot"
CODE = guard.SIGN_IN + "/code"
OIDC = guard.SIGN_IN + "/oidc"

LINK_REFUSALS = frozenset(
    {
        Refusal.LINK_UNKNOWN,
        Refusal.LINK_EXPIRED,
        Refusal.LINK_USED,
        Refusal.LINK_REVOKED,
        Refusal.TENANT_SUSPENDED,
    }
)
"""What makes a link of ours lead nowhere."""


def let_in(answer: SignedIn, path: str, *, secure: bool) -> Response:
    """Gives the browser its session and leads on. `secure`: browsers reach us by https only."""
    response = plain.see_other(path)
    for name, value, lasts in (
        (cookies.SESSION, answer.token, SESSION_LONGEST),
        (cookies.DEVICE, answer.device, cookies.DEVICE_LASTS),
    ):
        response.set_cookie(
            name, value, max_age=int(lasts.total_seconds()), httponly=True, secure=secure, samesite="lax"
        )
    response.delete_cookie(cookies.SECOND_STEP)
    return response


def caller(request: Request) -> tuple[str, str]:
    """Address and user agent."""
    return request.client.host if request.client else "", request.headers.get("user-agent", "")


def device(request: Request) -> str:
    return request.cookies.get(cookies.DEVICE, "")


def from_elsewhere() -> str:
    """The notice above a form that another site has sent."""
    return notice("error", _("The form came from another page. Nothing was done; try again here."))


def sign_in_href(*, next: str = "/", done: str = "") -> str:
    """The sign-in that leads to `next` afterwards and says why it is shown."""
    return with_query(guard.SIGN_IN, next=next, done=done)


def with_query(path: str, **query: str) -> str:
    """The path with those that are not empty; to go on to `/` need not be said."""
    kept = {key: value for key, value in query.items() if value and (key, value) != ("next", "/")}
    return f"{path}?{urlencode(kept)}" if kept else path


def new_login(form: Mapping[str, str], wrong: Mapping[str, str]) -> Line:
    """The name by which somebody will sign in."""
    return Line(
        "login",
        _("Sign-in name"),
        form.get("login", ""),
        autocomplete="username",
        help=_("For example your mail address. You enter it whenever you sign in."),
        wrong=wrong.get("login", ""),
        code=True,
    )


def new_password(wrong: Mapping[str, str], *, label: str = "") -> Line:
    """A password to be made up."""
    return Line(
        "password",
        label or _("Password"),
        kind="password",
        autocomplete="new-password",
        help=_("At least {n} characters; a few words are good.").format(n=number(CHARS_MIN)),
        wrong=wrong.get("password", ""),
    )


def missing(typed: Mapping[str, str], needed: Mapping[str, str]) -> dict[str, str]:
    """What to enter into those fields of `needed` (field to text) that were left empty."""
    return {name: text for name, text in needed.items() if not typed.get(name, "").strip()}


def faults(answer: Refusal | TryLater | Weakness) -> tuple[dict[str, str], str, int]:
    """Which fields a refusal is about, what stands above the form, and the answer's HTTP status."""
    if isinstance(answer, TryLater):
        return {}, later(answer), 429
    if isinstance(answer, Weakness):
        return {"password": weakness_text(answer)}, "", 422
    if answer is Refusal.LOGIN_TAKEN:
        return {"login": refusal_text(answer)}, "", 409
    return {}, refused(answer), 422


def later(answer: TryLater) -> str:
    """The notice above a form that has to wait."""
    return waiting(wait_text(answer), answer.wait_s, wait_unit_s(answer))


def said(answer: Refusal | TryLater | None) -> str:
    """What stands above a form; a wrong password stands beside its field instead."""
    if isinstance(answer, TryLater):
        return later(answer)
    if answer in (None, Refusal.WRONG_CREDENTIALS, Refusal.WRONG_CODE):
        return ""
    return notice("error", refusal_text(answer))


def refused(answer: Refusal) -> str:
    """The notice above a form."""
    return notice("error", refusal_text(answer))


def link_path(path: str, token: str) -> str:
    """The address of a page that is opened by a link; `token` came from outside."""
    return f"{path}/{quote(token, safe='')}"


def unusable(refusal: Refusal, *, ask: str, here: str) -> HTMLResponse:
    """The page of a link that can't be used: what is the case, and whom to `ask` for a new one."""
    titles = {
        Refusal.LINK_UNKNOWN: (_("This link is not complete"), _("A part of it may be missing. Open it once more.")),
        Refusal.LINK_EXPIRED: (_("This link has expired"), ""),
        Refusal.LINK_USED: (
            _("This link was used already"),
            _("A link works once. If that was you, sign in with what you chose."),
        ),
        Refusal.LINK_REVOKED: (_("This link was taken back"), _("There may be a newer one.")),
    }
    title, text = titles.get(refusal, (_("This link does not work now"), refusal_text(refusal)))
    content = f"<p>{escape(f'{text} {ask}'.strip())}</p>{to_sign_in()}"
    return plain.document(title, content, here=here, status=410 if refusal in titles else 403)


def other_ways_in(ways: str) -> str:
    """Buttons of other ways to sign in, below the form; nothing if there are none."""
    either = _("or")
    return f'<p class="or">{escape(either)}</p>{ways}' if ways else ""


def retry_after(page: HTMLResponse, answer: object) -> HTMLResponse:
    """Says also to programs how long to wait, if that is the answer."""
    if isinstance(answer, TryLater):
        page.headers["Retry-After"] = str(answer.wait_s)
    return page


def ways(*links: tuple[str, str]) -> str:
    """Where else somebody may want to go: (href, text), at the foot of the card."""
    made = "".join(f'<a href="{escape(href)}">{escape(text)}</a>' for href, text in links)
    return f'<nav class="ways">{made}</nav>'


def to_sign_in() -> str:
    """The button that leads on to the sign-in."""
    return way(guard.SIGN_IN, _("Go to the sign-in"))


def way(href: str, text: str) -> str:
    """A link that looks like a button."""
    return f'<a class="btn" href="{escape(href)}">{escape(text)}</a>'
