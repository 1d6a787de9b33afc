"""Who asks: an access token, an API key or the browser's cookie, and what its person may do."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import HTTPException, Request, Security
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import HTTPConnection

from actions.people import Seat, cookies, seat_of
from api.context import context, now
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


Bearer = Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]
Cookie = Annotated[str | None, Security(_cookie)]


async def session_token(request: Request, bearer: Bearer, cookie: Cookie) -> str:
    """The request's token. A page of somebody else can send our cookie, but not our origin."""
    if bearer is not None:
        return bearer.credentials
    if cookie is None:
        raise not_signed_in()
    if request.method not in SAFE_METHODS and not is_own_origin(request, context(request).public_url):
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

    async def dependency(request: Request, bearer: Bearer, cookie: Cookie) -> Seat:
        return await _seat_for(intent, await session_token(request, bearer, cookie), now(request))

    return dependency


def viewer(intent: Intent) -> Callable[..., Awaitable[Viewer]]:
    """A dependency: the signed-in person as a viewer, if the role may do this."""

    async def dependency(request: Request, bearer: Bearer, cookie: Cookie) -> Viewer:
        return (await _seat_for(intent, await session_token(request, bearer, cookie), now(request))).viewer

    return dependency


async def _seat_for(intent: Intent, token: str, at: datetime) -> Seat:
    found = await seat_of(token, at)
    if found is None:
        raise not_signed_in()
    if not found.viewer.may(intent):
        raise not_allowed(found.viewer, intent)
    return found
