"""How somebody becomes a person here: the checks and rows that every such way shares."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from actions.password_strength import weakness
from actions.passwords import NO_PASSWORD, hashed, hashed_in_turn
from actions.people.credentials import LOGIN_CHARS_MAX
from domain.access import Role
from domain.refusals import Refusal, TryLater, Weakness
from domain.words import is_line, tidy
from storage.session import EVERY_TENANT, transaction
from storage.tables import Membership, Person

NAME_CHARS_MAX, CONTACT_CHARS_MAX = 80, 120
LANGUAGES = frozenset({"en", "hi", "bn"})


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody whose name, login and password can be taken."""

    login: str
    name: str
    contact: str
    language: str
    password_hash: str


async def judge_newcomer(
    login: str, name: str, contact: str, language: str, password: str, about: Iterable[str]
) -> Refusal | TryLater | Weakness | Newcomer:
    """Checks what somebody says about themselves, and hashes the password. EMPTY, TOO_LONG; whether the login is taken
    only storing tells. An unknown language becomes English.
    """
    login, name, contact = tidy(login), tidy(name), tidy(contact)
    if fault := text_fault(login, LOGIN_CHARS_MAX) or text_fault(name, NAME_CHARS_MAX):
        return fault
    if contact and (fault := text_fault(contact, CONTACT_CHARS_MAX)):
        return fault
    if weak := await weakness(password, (login, name, contact, *about)):
        return weak
    hash_ = await hashed_in_turn(password)
    if isinstance(hash_, TryLater):
        return hash_
    return Newcomer(login, name, contact, language if language in LANGUAGES else "en", hash_)


def text_fault(said: str, chars_max: int) -> Refusal | None:
    """Whether a line of text can be stored and shown. EMPTY, TOO_LONG."""
    if len(said) > chars_max:
        return Refusal.TOO_LONG
    return None if said.strip() and is_line(said) else Refusal.EMPTY


async def store_person(tx: AsyncSession, who: Newcomer, now: datetime) -> Refusal | Person:
    """Adds the person as part of the caller's transaction. LOGIN_TAKEN."""
    person = Person(
        login=who.login,
        name=who.name,
        contact=who.contact,
        language=who.language,
        password_hash=who.password_hash,
        password_changed_at=None if who.password_hash == NO_PASSWORD else now,
        created_at=now,
    )
    stored = await tx.scalar(
        text(
            "INSERT INTO person (id, login, name, contact, language, theme, password_hash, password_changed_at,"
            " created_at) VALUES (:id, :login, :name, :contact, :language, :theme, :password_hash,"
            " :password_changed_at, :created_at) ON CONFLICT DO NOTHING RETURNING id"
        ),
        person.model_dump(),
    )
    return Refusal.LOGIN_TAKEN if stored is None else person


async def store_membership(tx: AsyncSession, tenant_id: UUID, person_id: UUID, role: Role, now: datetime) -> bool:
    """Gives a person a role in a tenant as part of the caller's transaction; False if they have one there already."""
    stored = await tx.scalar(
        text(
            "INSERT INTO membership (tenant_id, person_id, role, created_at) VALUES (:tenant, :person, :role, :now)"
            " ON CONFLICT DO NOTHING RETURNING person_id"
        ),
        {"tenant": tenant_id, "person": person_id, "role": role, "now": now},
    )
    return stored is not None


async def store_identity(tx: AsyncSession, identity: tuple[str, str], person_id: UUID, now: datetime) -> bool:
    """Links an outer account (issuer, subject) as part of the caller's transaction; False if somebody has it."""
    stored = await tx.scalar(
        text(
            "INSERT INTO oidc_identity (issuer, subject, person_id, created_at)"
            " VALUES (:issuer, :subject, :person, :now) ON CONFLICT DO NOTHING RETURNING person_id"
        ),
        {"issuer": identity[0], "subject": identity[1], "person": person_id, "now": now},
    )
    return stored is not None


async def add_person(login: str, name: str, password: str, tenant_id: UUID, role: Role, language: str = "en") -> UUID:
    """Adds a person with a role, whatever the password. Used by the operator's commands and the demo.

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
