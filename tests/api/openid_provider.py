"""A real OpenID provider on a free port, made of authlib's server: code flow with PKCE, ID tokens signed with RSA.

Whoever comes is taken for `person` without being asked. `spoil` changes the claims of the next ID tokens.
"""

import asyncio
import socket as sockets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from authlib.oauth2.rfc6749 import (  # type: ignore[import-untyped]  # authlib has no types
    AuthorizationServer,
    OAuth2Payload,
    OAuth2Request,
)
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant  # type: ignore[import-untyped]
from authlib.oauth2.rfc7636 import CodeChallenge  # type: ignore[import-untyped]
from authlib.oidc.core import UserInfo  # type: ignore[import-untyped]
from authlib.oidc.core.grants import OpenIDCode  # type: ignore[import-untyped]
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT_ID, CLIENT_SECRET = "pitpilot", "a secret that only the two know"
Claims = dict[str, Any]


@dataclass
class OpenIdProvider:
    """What the tests steer: who is signed in at the provider, and what is wrong with its tokens."""

    issuer: str
    redirect_uri: str
    person: Claims = field(default_factory=lambda: {"sub": "sub-1", "name": "Asha Rao", "email": "asha@here"})
    spoil: Callable[[Claims], Claims] = field(default=lambda claims: claims)
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "1"}))
    signs_with: RSAKey | None = None
    codes: dict[str, Any] = field(default_factory=dict)
    is_down: bool = False


@asynccontextmanager
async def provider_for(redirect_uri: str) -> AsyncIterator[OpenIdProvider]:
    with sockets.create_server(("127.0.0.1", 0)) as listening:
        provider = OpenIdProvider(f"http://127.0.0.1:{listening.getsockname()[1]}", redirect_uri)
        server = uvicorn.Server(uvicorn.Config(_application(provider), log_level="warning", lifespan="off"))
        running = asyncio.create_task(server.serve(sockets=[listening]))
        yield provider
        server.should_exit = True
        await running


def _application(provider: OpenIdProvider) -> FastAPI:
    app, server = FastAPI(), _Server(provider)

    @app.get("/.well-known/openid-configuration")
    async def metadata() -> Response:
        if provider.is_down:
            return Response(status_code=500)
        return JSONResponse(
            {
                "issuer": provider.issuer,
                "authorization_endpoint": f"{provider.issuer}/authorize",
                "token_endpoint": f"{provider.issuer}/token",
                "jwks_uri": f"{provider.issuer}/jwks",
                "id_token_signing_alg_values_supported": ["RS256"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            }
        )

    @app.get("/jwks")
    async def keys() -> Claims:
        return {"keys": [provider.key.as_dict(private=False)]}

    @app.get("/authorize")
    async def authorize(request: Request) -> Response:
        asked = _Asked(request, {})
        grant = server.get_consent_grant(asked, end_user=provider.person)
        answer: Response = server.create_authorization_response(asked, grant_user=provider.person, grant=grant)
        return answer

    @app.post("/token")
    async def token(request: Request) -> Response:
        form = {name: str(value) for name, value in (await request.form()).items()}
        answer: Response = server.create_token_response(_Asked(request, form))
        return answer

    return app


class _Client:
    """PitPilot, as it is registered with the provider."""

    def __init__(self, redirect_uri: str) -> None:
        self.redirect_uri = redirect_uri

    def get_client_id(self) -> str:
        return CLIENT_ID

    def get_default_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_allowed_scope(self, scope: str) -> str:
        return scope

    def check_redirect_uri(self, uri: str) -> bool:
        return uri == self.redirect_uri

    def check_client_secret(self, secret: str) -> bool:
        return secret == CLIENT_SECRET

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == "client_secret_basic"

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


@dataclass
class _Code:
    """An authorization code and what it was given out for."""

    code: str
    redirect_uri: str
    scope: str
    nonce: str
    code_challenge: str
    code_challenge_method: str
    user: Claims
    auth_time: int

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope

    def get_nonce(self) -> str:
        return self.nonce

    def get_auth_time(self) -> int:
        return self.auth_time

    def get_acr(self) -> None:
        return None

    def get_amr(self) -> None:
        return None


class _Payload(OAuth2Payload):  # type: ignore[misc]  # authlib has no types
    def __init__(self, said: dict[str, str]) -> None:
        self._said = said

    @property
    def data(self) -> dict[str, str]:
        return self._said

    @property
    def datalist(self) -> dict[str, list[str]]:
        return {name: [value] for name, value in self._said.items()}


class _Asked(OAuth2Request):  # type: ignore[misc]
    """A request as authlib's server wants it; it insists on https, which nothing on loopback needs."""

    def __init__(self, request: Request, form: dict[str, str]) -> None:
        uri = str(request.url).replace("http://", "https://", 1)
        super().__init__(request.method, uri, headers=request.headers)
        self._args, self._form = dict(request.query_params), form
        self.payload = _Payload({**self._args, **form})

    @property
    def args(self) -> dict[str, str]:
        return self._args

    @property
    def form(self) -> dict[str, str]:
        return self._form


class _Server(AuthorizationServer):  # type: ignore[misc]
    def __init__(self, provider: OpenIdProvider) -> None:
        super().__init__(scopes_supported=["openid", "email", "profile"])
        self._client = _Client(provider.redirect_uri)
        self.register_token_generator("default", _bearer)
        extensions = [_IdToken(provider), CodeChallenge(required=True)]
        self.register_grant(_grant_of(provider), extensions)

    def query_client(self, client_id: str) -> _Client | None:
        return self._client if client_id == CLIENT_ID else None

    def save_token(self, token: Claims, request: OAuth2Request) -> None:
        """Nobody asks this provider for anything afterwards."""

    def create_oauth2_request(self, request: OAuth2Request) -> OAuth2Request:
        return request

    def handle_response(self, status: int, body: Any, headers: list[tuple[str, str]]) -> Response:
        answer = JSONResponse(body, status) if isinstance(body, dict) else Response(body, status)
        answer.headers.update(dict(headers))
        return answer

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Nobody listens."""


def _bearer(**asked: Any) -> Claims:
    return {"token_type": "Bearer", "access_token": "of no use here", "expires_in": 60, "scope": asked.get("scope")}


def _grant_of(provider: OpenIdProvider) -> type[Any]:
    class Grant(AuthorizationCodeGrant):  # type: ignore[misc]
        def save_authorization_code(self, code: str, request: OAuth2Request) -> None:
            said = request.payload.data
            provider.codes[code] = _Code(
                code=code,
                redirect_uri=said["redirect_uri"],
                scope=said["scope"],
                nonce=said["nonce"],
                code_challenge=said["code_challenge"],
                code_challenge_method=said["code_challenge_method"],
                user=provider.person,
                auth_time=int(time.time()),
            )

        def query_authorization_code(self, code: str, client: _Client) -> _Code | None:
            found: _Code | None = provider.codes.get(code)
            return found

        def delete_authorization_code(self, code: _Code) -> None:
            del provider.codes[code.code]

        def authenticate_user(self, code: _Code) -> Claims:
            return code.user

    return Grant


class _IdToken(OpenIDCode):  # type: ignore[misc]
    def __init__(self, provider: OpenIdProvider) -> None:
        super().__init__(require_nonce=True)
        self._provider = provider

    def exists_nonce(self, nonce: str, request: OAuth2Request) -> bool:
        return False

    def generate_user_info(self, user: Claims, scope: str) -> UserInfo:
        return UserInfo(user)

    def process_token(self, grant: Any, response: tuple[int, Claims, Any]) -> tuple[int, Claims, Any]:
        status, token, headers = response
        code, now = grant.request.authorization_code, int(time.time())
        claims = {
            "iss": self._provider.issuer,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 300,
            "nonce": code.nonce,
            **code.user,
        }
        key = self._provider.signs_with or self._provider.key
        header = {"alg": "RS256", "kid": "1"}
        token["id_token"] = jwt.encode(header, self._provider.spoil(claims), key, algorithms=["RS256"])
        return status, token, headers
