"""Signing in for programs: a short access token, and a refresh token that is replaced with every use."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, HTTPException, Request
from pydantic import BaseModel, ConfigDict, Field

from actions.people import LOGIN_CHARS_MAX, PASSWORD_CHARS_MAX, sign_out
from actions.people.seats import TOKEN_CHARS_MAX
from actions.people.tokens import PhoneTokens, refresh, sign_in_phone
from api.auth import session_token
from api.context import Now
from api.fields import Words
from api.openapi import errors
from api.problems import refused, try_later
from api.routes import routes
from domain.access import ALL_SCOPES, Role, Scope
from domain.refusals import Refusal, TryLater

CODE_CHARS_MAX = 40
router = routes("/auth", tag="sign-in")

_SAYS = {
    Refusal.WRONG_CREDENTIALS: "Name or password is wrong.",
    Refusal.CODE_NEEDED: "This account also wants the code of the authenticator app, or a recovery code.",
    Refusal.WRONG_CODE: "The code is wrong, too old, or was used before.",
    Refusal.SUSPENDED: "This account is suspended.",
    Refusal.TENANT_PENDING: "The tenant waits for the platform's approval.",
    Refusal.TENANT_DECLINED: "The tenant's registration was declined.",
    Refusal.TENANT_SUSPENDED: "The tenant is suspended.",
}


class Credentials(BaseModel):
    """Name and password of a person, and the second factor's code if the account wants one."""

    model_config = ConfigDict(extra="forbid")
    login: Words = Field(min_length=1, max_length=LOGIN_CHARS_MAX, examples=["owner@workshop.example"])
    password: Words = Field(min_length=1, max_length=PASSWORD_CHARS_MAX)
    code: Words = Field("", max_length=CODE_CHARS_MAX, description="Of the authenticator app, or a recovery code.")
    device: Words = Field(
        "",
        max_length=TOKEN_CHARS_MAX,
        description="`device` of an earlier answer: strangers' wrong guesses then don't slow this sign-in down.",
    )
    scopes: set[Scope] = Field(set(ALL_SCOPES), min_length=1, description="What the tokens are for; less is safer.")


class RefreshRequest(BaseModel):
    """The newest refresh token of a session."""

    model_config = ConfigDict(extra="forbid")
    refresh_token: Words = Field(min_length=1, max_length=TOKEN_CHARS_MAX)


class SignedInPerson(BaseModel):
    """Who signed in, and in which tenant."""

    name: str
    role: Role
    tenant_id: UUID


class Token(BaseModel):
    """A session's tokens; they are said once and can't be asked for again."""

    access_token: str = Field(description="Send it as `Authorization: Bearer …`.")
    token_type: Literal["bearer"] = "bearer"  # noqa: S105  # a scheme, no secret
    expires_at: datetime = Field(description="When the access token ends; get another one before.")
    refresh_token: str = Field(description="For `POST /auth/refresh`, once: the answer brings the next one.")
    refresh_expires_at: datetime = Field(description="When the session ends at the latest.")
    device: str = Field(description="To be sent with later sign-ins of this device; empty after a refresh.")
    scopes: list[Scope]
    person: SignedInPerson

    @classmethod
    def of(cls, tokens: PhoneTokens) -> "Token":
        by = tokens.viewer
        return cls(
            access_token=tokens.access,
            expires_at=tokens.access_expires_at,
            refresh_token=tokens.refresh,
            refresh_expires_at=tokens.refresh_expires_at,
            device=tokens.device,
            scopes=sorted(by.scopes),
            person=SignedInPerson(name=by.name, role=by.role, tenant_id=by.tenant_id),
        )


@router.post("/login", responses=errors(401, 403, 422, 429, 503))
async def log_in(credentials: Credentials, request: Request, now: Now) -> Token:
    """Starts a session. A wrong name and a wrong password get the same answer; `code_needed` says that both are right
    and a code is missing. The session ends at `refresh_expires_at`, by a sign-out, or after seven days without use.
    """
    answer = await sign_in_phone(
        credentials.login,
        credentials.password,
        credentials.code.strip(),
        request.client.host if request.client else "",
        request.headers.get("user-agent", ""),
        now,
        device=credentials.device,
        scopes=frozenset(credentials.scopes),
    )
    if isinstance(answer, TryLater):
        raise try_later(answer)
    if isinstance(answer, Refusal):
        raise refused(answer, _SAYS[answer])
    return Token.of(answer)


@router.post("/refresh", responses=errors(401, 422, 503))
async def refresh_tokens(asked: RefreshRequest, now: Now) -> Token:
    """New tokens for a refresh token, which is used up by this. Access tokens last ten minutes. A refresh token
    that is shown twice ends the session (`refresh_reused`): somebody else has a copy.
    """
    answer = await refresh(asked.refresh_token, now)
    if isinstance(answer, Refusal):
        raise _not_refreshed(answer)
    return Token.of(answer)


@router.post("/logout", status_code=204, responses=errors(401, 403, 503))
async def log_out(token: Annotated[str, Depends(session_token)], now: Now) -> None:
    """Ends the session of the token or cookie. One that is unknown or has ended already is no error; an API key is not
    a session and stays.
    """
    await sign_out(token, now)


def _not_refreshed(why: Refusal) -> HTTPException:
    if why is Refusal.REFRESH_REUSED:
        return refused(why, "This refresh token was used before; the session has ended. Sign in again.")
    return refused("refresh_refused", "There is no such session, or it has ended. Sign in again.")
