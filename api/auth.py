"""Who asks: a session by bearer token or by the browser's cookie, and what its person may do."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Literal
from urllib.parse import urlsplit
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Request, Security
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import HTTPConnection

from actions.people import LOGIN_CHARS_MAX, PASSWORD_CHARS_MAX, Seat, seat_of, sign_in, sign_out
from api.context import Now, Wired
from api.fields import Words
from api.openapi import errors
from api.problems import BoundedRoute, refused
from domain.access import Intent, Role, Viewer
from domain.refusals import Refusal

COOKIE = "pitpilot_session"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

router = APIRouter(prefix="/auth", tags=["sign-in"], route_class=BoundedRoute)
_bearer = HTTPBearer(scheme_name="session_token", auto_error=False, description="`access_token` of a sign-in.")
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


def seat(intent: Intent) -> Callable[..., Awaitable[Seat]]:
    """A dependency: the signed-in person's seat, if the role may do this."""

    async def dependency(token: Annotated[str, Depends(session_token)], now: Now) -> Seat:
        found = await seat_of(token, now)
        if found is None:
            raise not_signed_in()
        if not found.viewer.may(intent):
            raise refused(Refusal.NOT_ALLOWED, f"The role {found.viewer.role} may not do this.")
        return found

    return dependency


def viewer(intent: Intent) -> Callable[..., Awaitable[Viewer]]:
    """A dependency: the signed-in person as a viewer, if the role may do this."""

    async def dependency(found: Annotated[Seat, Depends(seat(intent))]) -> Viewer:
        return found.viewer

    return dependency


class Credentials(BaseModel):
    """Name and password of a person."""

    model_config = ConfigDict(extra="forbid")
    login: Words = Field(min_length=1, max_length=LOGIN_CHARS_MAX, examples=["owner@workshop.example"])
    password: Words = Field(min_length=1, max_length=PASSWORD_CHARS_MAX)


class SignedInPerson(BaseModel):
    """Who signed in, and in which tenant."""

    name: str
    role: Role
    tenant_id: UUID


class Token(BaseModel):
    """A session; the token is said once and can't be asked for again."""

    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105  # a scheme, no secret
    expires_at: datetime
    person: SignedInPerson


@router.post("/login", responses=errors(401, 403, 422, 503))
async def log_in(credentials: Credentials, request: Request, now: Now) -> Token:
    """Starts a session. It ends at `expires_at`, by a sign-out, or after seven days without use."""
    address = request.client.host if request.client else ""
    agent = request.headers.get("user-agent", "")
    answer = await sign_in(credentials.login, credentials.password, address, agent, now)
    if isinstance(answer, Refusal):
        suspended = answer is Refusal.SUSPENDED
        raise refused(answer, "This account is suspended." if suspended else "Name or password is wrong.")
    by = answer.viewer
    person = SignedInPerson(name=by.name, role=by.role, tenant_id=by.tenant_id)
    return Token(access_token=answer.token, expires_at=answer.expires_at, person=person)


@router.post("/logout", status_code=204, responses=errors(401, 403, 503))
async def log_out(token: Annotated[str, Depends(session_token)], now: Now) -> None:
    """Ends the session of the token or cookie. A token that is unknown or has ended already is no error."""
    await sign_out(token, now)
