"""Signing in by an outer OpenID provider: `/sign-in/oidc` leads there, `/sign-in/oidc/callback` comes back.

What has to survive the way there and back (state, nonce, code verifier, where to go on) travels in a signed cookie of
this path only, so that any process can take the answer and nobody else's browser can.
"""

import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import httpx
import structlog
from authlib.common.errors import AuthlibBaseError  # type: ignore[import-untyped]  # authlib has no types
from authlib.deprecate import AuthlibDeprecationWarning  # type: ignore[import-untyped]
from fastapi import FastAPI
from joserfc.errors import JoseError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from actions.people import SESSION_LONGEST, SecondStep, SignedIn, cookies, seat_of, signed
from actions.people.oidc import (
    OuterIdentity,
    accept_invitation_by_identity,
    link_identity,
    may_link,
    sign_in_by_identity,
)
from domain.refusals import Refusal

with warnings.catch_warnings():  # authlib tells whoever starts a program that its own code still uses httpx
    warnings.simplefilter("ignore", AuthlibDeprecationWarning)
    from authlib.integrations.starlette_client import OAuth  # type: ignore[import-untyped]

PATH = "/sign-in/oidc"
STATE_COOKIE = "pitpilot_oidc"
STATE_LASTS = timedelta(minutes=10)
PROVIDER_WITHIN_S = 10.0
CLOCK_OFF_S = 60  # as far may the provider's clock be off
log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

_AWAY = (AuthlibBaseError, JoseError, httpx.HTTPError, RuntimeError, ValueError, KeyError, TypeError)
"""All the ways in which a provider can fail to answer, or answer something else than it should."""


@dataclass(frozen=True, slots=True)
class Provider:
    """An OpenID provider as its operator registered PitPilot with it; the redirect address is PATH + `/callback`."""

    issuer: str
    client_id: str
    client_secret: str


def mount(app: FastAPI, provider: Provider, public_url: str = "") -> None:
    """Adds both routes. `public_url` is the address by which browsers reach PitPilot, empty: as they ask."""
    door = _Door(provider, public_url)
    app.add_api_route(PATH, door.leave, methods=["GET"], include_in_schema=False)
    app.add_api_route(f"{PATH}/callback", door.come_back, methods=["GET"], include_in_schema=False)


class _Door:
    def __init__(self, provider: Provider, public_url: str) -> None:
        self._provider, self._public_url = provider, public_url
        self._client = OAuth().register(
            "provider",
            client_id=provider.client_id,
            client_secret=provider.client_secret,
            server_metadata_url=f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration",
            client_kwargs={
                "scope": "openid email profile",
                "code_challenge_method": "S256",
                "timeout": PROVIDER_WITHIN_S,
            },
        )

    async def leave(self, request: Request, next: str = "/", invitation: str = "", link: str = "") -> Response:
        """To the provider. With `invitation` (a link's token) to join by it, with `link` (a ticket of the own account's
        page) to link an account.
        """
        request.scope["session"] = {}
        try:
            response: Response = await self._client.authorize_redirect(request, self._callback(request))
        except _AWAY as fault:
            return _provider_failed(fault, next)
        kept = {"session": json.dumps(request.session), "next": next, "invitation": invitation, "link": link}
        response.set_cookie(
            STATE_COOKIE,
            signed.sign(signed.OUTER_SIGN_IN, kept, STATE_LASTS, datetime.now(UTC)),
            max_age=int(STATE_LASTS.total_seconds()),
            path=PATH,
            httponly=True,
            secure=self._is_secure,
            samesite="lax",
        )
        return response

    async def come_back(self, request: Request) -> Response:
        """From the provider, with a code that only we can turn into an identity."""
        now = datetime.now(UTC)
        kept = signed.read(signed.OUTER_SIGN_IN, request.cookies.get(STATE_COOKIE, ""), now, "session")
        if kept is None:
            return _to("/sign-in", done="away")
        request.scope["session"] = json.loads(kept["session"])
        try:
            token = await self._client.authorize_access_token(request, leeway=CLOCK_OFF_S)
            who = self._identity(token["userinfo"])
        except _AWAY as fault:
            response = _provider_failed(fault, kept["next"])
        else:
            response = await self._go_on(request, who, kept, now)
        response.delete_cookie(STATE_COOKIE, path=PATH)
        return response

    async def _go_on(self, request: Request, who: OuterIdentity, kept: Mapping[str, str], now: datetime) -> Response:
        address = request.client.host if request.client else ""
        agent = request.headers.get("user-agent", "")
        if kept["link"]:
            return await _link(request, who, kept["link"], now)
        if kept["invitation"]:
            joined = await accept_invitation_by_identity(kept["invitation"], who, address, agent, now)
            if isinstance(joined, Refusal):
                return _not_joined(joined, kept["invitation"])
            return self._let_in(joined, "/")
        answer = await sign_in_by_identity(who, address, agent, now)
        if isinstance(answer, SecondStep):
            return self._to_code(answer, kept["next"])
        if isinstance(answer, Refusal):
            done = "unlinked" if answer is Refusal.IDENTITY_NOT_LINKED else answer.value
            return _to("/sign-in", done=done, next=_safe(kept["next"]))
        return self._let_in(answer, _safe(kept["next"]))

    def _identity(self, claims: Mapping[str, Any]) -> OuterIdentity:
        """
        Raises:
            ValueError: the token is another issuer's.
            KeyError: it lacks what every ID token has.
        """
        if claims["iss"].rstrip("/") != self._provider.issuer.rstrip("/"):
            raise ValueError("the ID token is another issuer's")
        return OuterIdentity(
            claims["iss"], str(claims["sub"]), str(claims.get("name") or ""), str(claims.get("email") or "")
        )

    def _let_in(self, answer: SignedIn, path: str) -> Response:
        response = _to(path)
        self._set(response, cookies.SESSION, answer.token, SESSION_LONGEST)
        self._set(response, cookies.DEVICE, answer.device, cookies.DEVICE_LASTS)
        return response

    def _to_code(self, step: SecondStep, next_path: str) -> Response:
        response = _to("/sign-in/code", next=_safe(next_path))
        self._set(response, cookies.SECOND_STEP, step.ticket, step.lasts)
        return response

    def _set(self, response: Response, name: str, value: str, lasts: timedelta) -> None:
        seconds = int(lasts.total_seconds())
        response.set_cookie(name, value, max_age=seconds, httponly=True, secure=self._is_secure, samesite="lax")

    def _callback(self, request: Request) -> str:
        return f"{self._public_url or str(request.base_url).rstrip('/')}{PATH}/callback"

    @property
    def _is_secure(self) -> bool:
        return self._public_url.startswith("https://")


async def _link(request: Request, who: OuterIdentity, ticket: str, now: datetime) -> Response:
    seat = await seat_of(request.cookies.get(cookies.SESSION, ""), now)
    if seat is None or not may_link(seat, ticket, now):
        return _to("/sign-in", done="away")
    answer = await link_identity(seat, who, now)
    return _to("/account", done="linked" if answer in (None, Refusal.ALREADY_SO) else answer.value)


def _not_joined(why: Refusal, invitation: str) -> Response:
    """Whoever has an account signs in with it and joins; any other trouble is said by the invitation's own page."""
    path = f"/invitation/{invitation}"
    if why in (Refusal.IDENTITY_TAKEN, Refusal.LOGIN_TAKEN):
        return _to("/sign-in", done=why.value, next=path)
    return _to(path)


def _provider_failed(fault: Exception, next_path: str) -> Response:
    log.warning("the OpenID provider failed", error=f"{type(fault).__name__}: {fault}")
    return _to("/sign-in", done="away", next=_safe(next_path))


def _to(path: str, **query: str) -> Response:
    kept = {name: value for name, value in query.items() if value and value != "/"}
    return RedirectResponse(f"{path}?{urlencode(kept)}" if kept else path, status_code=303)


def _safe(path: str) -> str:
    """A path of ours; anything that could lead elsewhere becomes the first page."""
    is_ours = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return path if is_ours else "/"
