"""Who asks: an access token, an API key or the browser's cookie, and what its person may do."""

from collections.abc import Awaitable, Callable
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, HTTPException, Request, Security
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import HTTPConnection

from actions.people import Seat, cookies, seat_of
from api.context import Now, Wired
from api.problems import refused
from domain.access import SCOPE_OF, Intent, Viewer
from domain.refusals import Refusal

COOKIE = cookies.SESSION
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

_bearer = HTTPBearer(
    scheme_name="session_token",
    auto_error=False,
    description="`access_token` of a sign-in, or a personal API key (`ppk_…`).",
)
_cookie = APIKeyCookie(
    name=COOKIE,
    scheme_name="session_cookie",
    auto_error=False,
    description="A browser's session. Requests that change something need an `Origin` header of PitPilot's own.",
)


async def session_token(
    request: Request,
    wired: Wired,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
    cookie: Annotated[str | None, Security(_cookie)],
) -> str:
    """The request's token. A page of somebody else can send our cookie, but not our origin."""
    if bearer is not None:
        return bearer.credentials
    if cookie is None:
        raise not_signed_in()
    if request.method not in SAFE_METHODS and not is_own_origin(request, wired.public_url):
        raise refused("wrong_origin", "With a session cookie, a change needs an Origin header of PitPilot's own.")
    return cookie


def is_own_origin(connection: HTTPConnection, public_url: str) -> bool:
    """Whether the Origin header names the public address, or, without one, the host that was asked."""
    origin = connection.headers.get("origin", "")
    if public_url:
        return origin.lower() == public_url.lower()
    host = connection.headers.get("host", "")
    return bool(host) and urlsplit(origin).scheme in ("http", "https") and urlsplit(origin).netloc == host


def not_signed_in() -> HTTPException:
    return refused("not_signed_in", "Sign in, or send the token of a session that has not ended.")


def not_allowed(by: Viewer, intent: Intent) -> HTTPException:
    scope = SCOPE_OF[intent]
    if scope not in by.scopes:
        return refused(Refusal.NOT_ALLOWED, f"This token or key does not have the scope `{scope}`.")
    return refused(Refusal.NOT_ALLOWED, f"The role {by.role} may not do this.")


def seat(intent: Intent) -> Callable[..., Awaitable[Seat]]:
    """A dependency: the signed-in person's seat, if the role may do this."""

    async def dependency(token: Annotated[str, Depends(session_token)], now: Now) -> Seat:
        found = await seat_of(token, now)
        if found is None:
            raise not_signed_in()
        if not found.viewer.may(intent):
            raise not_allowed(found.viewer, intent)
        return found

    return dependency


def viewer(intent: Intent) -> Callable[..., Awaitable[Viewer]]:
    """A dependency: the signed-in person as a viewer, if the role may do this."""

    async def dependency(found: Annotated[Seat, Depends(seat(intent))]) -> Viewer:
        return found.viewer

    return dependency
