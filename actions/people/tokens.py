"""Tokens for phones: a short access token (JWT) and a refresh token that is replaced with every use. One that is shown
a second time is in two hands: the session ends.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import select

from actions.people import signed
from actions.people.credentials import Account, check_password
from actions.people.entrance import chair_of, is_known_address
from actions.people.seats import SESSION_IDLE, Door
from actions.people.second_factor import check_code
from actions.people.secrets_once import digest, fresh
from actions.people.sessions import end_in, start_session
from actions.people.trail import note
from domain.access import ALL_SCOPES, Role, Scope, Viewer
from domain.refusals import Refusal, TryLater
from storage import seats
from storage.session import EVERY_TENANT, transaction
from storage.tables import RefreshToken, WebSession

ACCESS_LASTS = timedelta(minutes=10)
log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class PhoneTokens:
    """A phone's session: both tokens are shown once. `device` is as in `sessions.SignedIn`, empty after a refresh."""

    access: str
    access_expires_at: datetime
    refresh: str
    refresh_expires_at: datetime
    viewer: Viewer
    device: str = ""


async def sign_in_phone(
    login: str,
    password: str,
    code: str,
    address: str,
    agent: str,
    now: datetime,
    *,
    device: str = "",
    scopes: frozenset[Scope] = ALL_SCOPES,
) -> Refusal | TryLater | PhoneTokens:
    """Signs in with everything at once. CODE_NEEDED: the account wants a code too; else as `entrance.sign_in`."""
    account = await check_password(login, password, address, device, now)
    if not isinstance(account, Account):
        return account
    async with transaction(EVERY_TENANT) as tx:
        chair = await chair_of(tx, account.person_id)
        is_known = await is_known_address(tx, account.person_id, address, now)
    if isinstance(chair, Refusal):
        return chair
    if account.has_second_factor:
        if not code:
            return Refusal.CODE_NEEDED
        fault = await check_code(account.person_id, code, address, now, is_known=is_known)
        if fault is not None:
            return fault
    async with transaction(EVERY_TENANT) as tx:
        entered, session = await start_session(tx, chair, address, agent, now, door=Door.PHONE, scopes=scopes)
        return await _issue(tx, session, entered.viewer, now, entered.device)


async def refresh(token: str, now: datetime) -> Refusal | PhoneTokens:
    """New tokens for a refresh token, which is used up. LINK_UNKNOWN, LINK_EXPIRED, REFRESH_REUSED; SUSPENDED: the
    session ended, or person or tenant are suspended.
    """
    async with transaction(EVERY_TENANT) as tx:
        used = await tx.scalar(select(RefreshToken).where(RefreshToken.token_hash == digest(token)).with_for_update())
        if used is None:
            return Refusal.LINK_UNKNOWN
        if used.used_at is not None:
            await _end_stolen(tx, used.session_id, now)
            return Refusal.REFRESH_REUSED
        if used.expires_at <= now:
            return Refusal.LINK_EXPIRED
        row = await seats.by_session(tx, now, SESSION_IDLE, id_=used.session_id)
        if row is None:
            return Refusal.SUSPENDED
        used.used_at = now
        session = await tx.get_one(WebSession, used.session_id)
        scopes = frozenset(Scope(scope) for scope in row.scopes)
        viewer = Viewer(row.person_id, row.name, row.tenant_id, Role(row.role), scopes)
        return await _issue(tx, session, viewer, now)


async def _issue(tx: AsyncSession, session: WebSession, viewer: Viewer, now: datetime, device: str = "") -> PhoneTokens:
    token = fresh()
    tx.add(
        RefreshToken(
            session_id=session.id,
            tenant_id=session.tenant_id,
            token_hash=digest(token),
            created_at=now,
            expires_at=session.expires_at,
        )
    )
    claims: dict[str, str | list[str]] = {
        "sub": str(viewer.person_id),
        "sid": str(session.id),
        "tid": str(viewer.tenant_id),
        "scope": sorted(viewer.scopes),
    }
    access = signed.sign(signed.ACCESS_TOKEN, claims, ACCESS_LASTS, now)
    return PhoneTokens(access, now + ACCESS_LASTS, token, session.expires_at, viewer, device)


async def _end_stolen(tx: AsyncSession, session_id: UUID, now: datetime) -> None:
    session = await tx.get_one(WebSession, session_id)
    if await end_in(tx, session.person_id, now, only=session_id):
        log.warning("a refresh token was used twice; its session ended", session=str(session_id))
        what = "end_session_with_copied_tokens"
        await note(tx, None, what, "session", session_id, session.agent, tenant_id=session.tenant_id)
