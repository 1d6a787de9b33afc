"""Statements that we sign and get back: JSON Web Tokens (HS256), each purpose with a key of its own, so that none can
stand for another. Whoever holds one can read it; nobody can change it.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from joserfc.jwt import ClaimsOption, JWTClaimsRegistry

from actions import keys

ISSUER = "pitpilot"
ALGORITHMS = ["HS256"]
ACCESS_TOKEN = "access tokens"  # noqa: S105  # purposes, no secrets
SECOND_STEP = "second steps of signing in"
DEVICE = "browsers that signed in before"
OUTER_SIGN_IN = "sign-ins by an outer provider"
LINKING = "linking an outer account"
VIDEO = "looking at a camera"


def sign(purpose: str, claims: Mapping[str, str | list[str]], lasts: timedelta, now: datetime) -> str:
    """A token that says these claims until `now + lasts`, to the second."""
    at = int(now.timestamp())
    whole: dict[str, Any] = {**claims, "iss": ISSUER, "iat": at, "exp": at + int(lasts.total_seconds())}
    return jwt.encode({"alg": "HS256"}, whole, _key(purpose), algorithms=ALGORITHMS)


def read(purpose: str, token: str, now: datetime, *essential: str) -> dict[str, Any] | None:
    """The claims of a token that was signed here for this purpose and has not expired, or None."""
    options: dict[str, ClaimsOption] = {name: {"essential": True} for name in ("exp", *essential)}
    registry = JWTClaimsRegistry(int(now.timestamp()), 0, iss={"essential": True, "value": ISSUER}, **options)
    try:
        claims = jwt.decode(token, _key(purpose), algorithms=ALGORITHMS).claims
        registry.validate(claims)  # decode() checks the signature only, not the time
    except (JoseError, ValueError):  # ValueError: not even of a token's form
        return None
    return claims


def _key(purpose: str) -> OctKey:
    return OctKey.import_key(keys.key(purpose))
