"""People: signing in and out, sessions in the database, and the first person of a new installation."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select

from actions.passwords import hashed, verify
from domain.access import Role, Viewer
from domain.refusals import Refusal
from storage.session import EVERY_TENANT, transaction
from storage.tables import Membership, Person, WebSession

SESSION_IDLE = timedelta(days=7)
SESSION_LONGEST = timedelta(days=30)
TOUCH_EVERY = timedelta(minutes=1)  # a session's last use is written at most this often
LOGIN_CHARS_MAX = 120
PASSWORD_CHARS_MAX = 1_000


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A fresh session: the token is shown once and only its hash is stored."""

    token: str
    viewer: Viewer
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Seat:
    """A viewer with what pages need: the tenant's name and zone, the person's language and theme."""

    viewer: Viewer
    session_id: UUID
    tenant_name: str
    zone: str
    language: str
    theme: str
    has_workshop: bool
    has_pump: bool


async def sign_in(login: str, password: str, address: str, agent: str, now: datetime) -> Refusal | SignedIn:
    """Checks name and password and starts a session. A wrong name and a wrong password look and last the same."""
    login = login.strip()
    if len(login) > LOGIN_CHARS_MAX or len(password) > PASSWORD_CHARS_MAX or not login.isprintable():
        return Refusal.WRONG_CREDENTIALS
    async with transaction(EVERY_TENANT) as tx:
        person = (
            await tx.scalars(select(Person).where(text("lower(login) = lower(:login)")).params(login=login))
        ).first()
    fits, better = await verify(password, person.password_hash if person else None)
    if not fits or person is None:
        return Refusal.WRONG_CREDENTIALS
    async with transaction(EVERY_TENANT) as tx:
        if better:
            await tx.execute(
                text("UPDATE person SET password_hash = :hash WHERE id = :id"), {"hash": better, "id": person.id}
            )
        membership = (
            await tx.scalars(
                select(Membership).where(col(Membership.person_id) == person.id).order_by(col(Membership.created_at))
            )
        ).first()
        if person.suspended_at is not None or membership is None:
            return Refusal.SUSPENDED
        token = secrets.token_urlsafe(32)
        session = WebSession(
            token_hash=_hash(token),
            person_id=person.id,
            tenant_id=membership.tenant_id,
            created_at=now,
            used_at=now,
            expires_at=now + SESSION_LONGEST,
            address=address[:60],
            agent=agent[:200],
        )
        tx.add(session)
        viewer = Viewer(person.id, person.name, membership.tenant_id, Role(membership.role))
    return SignedIn(token, viewer, session.expires_at)


async def seat_of(token: str, now: datetime) -> Seat | None:
    """Returns who a session's token stands for, or None if it is unknown, ended, idle for too long or suspended."""
    async with transaction(EVERY_TENANT) as tx:
        row = (
            await tx.execute(
                text(
                    "SELECT s.id, s.used_at, p.id, p.name, s.tenant_id, m.role, t.name, t.zone, p.language, p.theme,"
                    " t.has_workshop, t.has_pump FROM web_session s JOIN person p ON p.id = s.person_id"
                    " JOIN tenant t ON t.id = s.tenant_id"
                    " JOIN membership m ON m.person_id = p.id AND m.tenant_id = s.tenant_id"
                    " WHERE s.token_hash = :hash AND s.ended_at IS NULL AND s.expires_at > :now AND s.used_at > :idle"
                    " AND p.suspended_at IS NULL"
                ),
                {"hash": _hash(token), "now": now, "idle": now - SESSION_IDLE},
            )
        ).first()
        if row is None:
            return None
        session_id, used_at, person_id, name, tenant_id, role, *rest = row
        if now - used_at > TOUCH_EVERY:
            await tx.execute(
                text("UPDATE web_session SET used_at = :now WHERE id = :id"), {"now": now, "id": session_id}
            )
    return Seat(Viewer(person_id, name, tenant_id, Role(role)), session_id, *rest)


async def sign_out(token: str, now: datetime) -> None:
    async with transaction(EVERY_TENANT) as tx:
        await tx.execute(
            text("UPDATE web_session SET ended_at = :now WHERE token_hash = :hash AND ended_at IS NULL"),
            {"now": now, "hash": _hash(token)},
        )


async def set_look(viewer: Viewer, theme: str | None, language: str | None) -> None:
    """Remembers a person's theme (`system`, `light`, `dark`) or language (`en`, `hi`, `bn`)."""
    async with transaction(EVERY_TENANT) as tx:
        await tx.execute(
            text(
                "UPDATE person SET theme = coalesce(:theme, theme), language = coalesce(:language, language)"
                " WHERE id = :id"
            ),
            {"theme": theme, "language": language, "id": viewer.person_id},
        )


async def add_person(login: str, name: str, password: str, tenant_id: UUID, role: Role, language: str = "en") -> UUID:
    """Adds a person with a role. Used by the operator's commands and the demo.

    Raises:
        sqlalchemy.exc.IntegrityError: the login is taken.
    """
    hash_ = await hashed(password)
    async with transaction(EVERY_TENANT) as tx:
        person = Person(login=login, name=name, password_hash=hash_, language=language)
        tx.add(person)
        await tx.flush()
        tx.add(Membership(tenant_id=tenant_id, person_id=person.id, role=role))
    return person.id


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
