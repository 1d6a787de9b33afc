"""A new password by a link that works once: made by an owner for their people, by the platform, or by the operator."""

import time
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import select

from actions.outbox import Notice, put_for_person, ways
from actions.password_strength import weakness
from actions.passwords import hashed_in_turn
from actions.people import throttle
from actions.people.account_news import RESET_LINK, mail_link, tell_of_password
from actions.people.credentials import LOGIN_CHARS_MAX
from actions.people.members import own_person
from actions.people.passkeys import count_passkeys, forget_passkeys
from actions.people.profile import set_password
from actions.people.secrets_once import digest, fresh
from actions.people.sessions import end_in
from actions.people.trail import note, tell
from domain.access import Intent, Role, Viewer
from domain.links import fault_of
from domain.refusals import Refusal, TryLater, Weakness
from domain.throttling import ASKING
from domain.ways import Way
from domain.words import is_line, tidy
from storage.session import EVERY_TENANT, transaction
from storage.tables import PasswordReset, Person

RESET_LASTS = timedelta(hours=24)
MAILED_EVERY = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class ResetLink:
    """The token is shown once: the link is `/reset/<token>`."""

    token: str
    expires_at: datetime
    mailed_to: str = ""
    """The address to which the link was mailed as well; empty if it was not."""


@dataclass(frozen=True, slots=True)
class ResetView:
    """Whose password an open link sets."""

    login: str
    name: str
    language: str
    expires_at: datetime
    passkeys: int
    """How many passkeys open the account besides."""


async def ask_for_reset(login: str, address: str, now: datetime) -> TryLater | None:
    """Notes that somebody forgot a password, for the owners' page of people (`PersonRow.reset_asked_at`), and mails a
    link to the addresses that the person has proved before. The answer is the same, and takes as long, whether there is
    such a person or not.
    """
    began_s = time.monotonic()
    asked = await throttle.attempt({throttle.key_of("ask for reset", throttle.network_of(address)): ASKING}, now)
    if isinstance(asked, TryLater):
        return asked
    login = tidy(login)
    if len(login) <= LOGIN_CHARS_MAX and is_line(login):
        await _note_that_asked(login, now)
    await throttle.hold_back(began_s)
    return None


async def _note_that_asked(login: str, now: datetime) -> None:
    async with transaction(EVERY_TENANT) as tx:
        person_id = await tx.scalar(
            text("UPDATE person SET reset_asked_at = :now WHERE lower(login) = lower(:login) RETURNING id"),
            {"now": now, "login": login},
        )
        if person_id is not None:
            tenants = await _tenants_of(tx, person_id)
            for tenant_id in tenants:
                await tell(tx, tenant_id, person_id)
            for tenant_id in tenants[:1]:
                await _mail_to_themselves(tx, tenant_id, person_id, now)


async def _mail_to_themselves(tx: AsyncSession, tenant_id: UUID, person_id: UUID, now: datetime) -> None:
    """No more often than every ten minutes, and without ending links of before: anybody may ask for anybody."""
    is_recent = await tx.scalar(
        text(
            "SELECT EXISTS (SELECT 1 FROM message WHERE person_id = :id AND reason = :reason AND created_at > :since)"
        ),
        {"id": person_id, "reason": RESET_LINK, "since": now - MAILED_EVERY},
    )
    if is_recent or Way.MAIL not in ways.offered():
        return
    person, link = await tx.get_one(Person, person_id), ResetLink(fresh(), now + RESET_LASTS)
    if await put_for_person(tx, tenant_id, _notice(person, link), person_id, f"forgot:{uuid4()}", now, only=Way.MAIL):
        await _store(tx, link, person_id, None, now)
        after = {"expires_at": link.expires_at}
        await note(tx, None, "mail_reset_link", "person", person_id, person.name, after=after, tenant_id=tenant_id)


def _notice(person: Person, link: ResetLink) -> Notice:
    facts = {"name": person.name, "expires_at": link.expires_at.isoformat()}
    return Notice(RESET_LINK, facts, {"path": f"/reset/{link.token}"}, about=f"person:{person.id}")


async def make_reset_link(by: Viewer, person_id: UUID, now: datetime) -> Refusal | ResetLink:
    """A link for one of the tenant's people, to be handed over; earlier ones become useless. NOT_ALLOWED, NOT_FOUND,
    BELONGS_TO_OTHERS: an owner must not take over an account that opens other tenants as well.
    """
    if not by.may(Intent.RESET_PASSWORD):
        return Refusal.NOT_ALLOWED
    async with transaction(EVERY_TENANT) as tx:
        person = await own_person(tx, by, person_id)
        if isinstance(person, Refusal):
            return person
        link = await _add(tx, person, by.person_id, now)
        notice = _notice(person, link)
        mailed_to = await mail_link(tx, by.tenant_id, person.contact, person.language, notice, now, person.id)
        after = {"expires_at": link.expires_at}
        await note(tx, by, "make_reset_link", "person", person.id, person.name, after=after)
    return replace(link, mailed_to=mailed_to)


async def make_reset_link_as_operator(login: str, now: datetime) -> Refusal | ResetLink:
    """The same by whoever runs the program. NOT_FOUND."""
    async with transaction(EVERY_TENANT) as tx:
        person = await tx.scalar(
            select(Person).where(text("lower(login) = lower(:login)")).params(login=tidy(login)).with_for_update()
        )
        if person is None:
            return Refusal.NOT_FOUND
        link = await _add(tx, person, None, now)
        tenants = await _tenants_of(tx, person.id)
        for tenant_id in tenants:
            await note(tx, None, "make_reset_link", "person", person.id, person.name, tenant_id=tenant_id)
    return link


async def reset_of(token: str, now: datetime) -> Refusal | ResetView:
    """What a link is for. LINK_UNKNOWN, LINK_EXPIRED, LINK_USED, LINK_REVOKED (a newer one was made, or the password
    was changed since).
    """
    async with transaction(EVERY_TENANT) as tx:
        found = await _open(tx, token, now)
        if isinstance(found, Refusal):
            return found
        row, person = found
        passkeys = await count_passkeys(tx, person.id)
    return ResetView(person.login, person.name, person.language, row.expires_at, passkeys)


async def reset_password(
    token: str, password: str, now: datetime, *, keeps_passkeys: bool = False
) -> Refusal | TryLater | Weakness | None:
    """Sets the new password, ends all of the person's sessions and, unless they are kept, removes the passkeys, by
    which somebody else could still come in. They sign in with the password afterwards (with their second factor, if
    they have one). Refusals of `reset_of`.
    """
    view = await reset_of(token, now)  # before a costly hash is made for a link that does not work
    if isinstance(view, Refusal):
        return view
    if weak := await weakness(password, (view.login, view.name)):
        return weak
    hash_ = await hashed_in_turn(password)
    if isinstance(hash_, TryLater):
        return hash_
    async with transaction(EVERY_TENANT) as tx:
        found = await _open(tx, token, now)
        if isinstance(found, Refusal):
            return found
        row, person = found
        row.used_at = now
        await tx.flush()
        await set_password(tx, person.id, hash_, now)
        ended = await end_in(tx, person.id, now)
        removed = 0 if keeps_passkeys else await forget_passkeys(tx, person.id)
        tenants = await _tenants_of(tx, person.id)
        for tenant_id in tenants[:1]:
            await tell_of_password(tx, tenant_id, person.id, now)
        for tenant_id in tenants:
            by = Viewer(person.id, person.name, tenant_id, Role.MEMBER)
            after = {"ended_sessions": ended, "removed_passkeys": removed}
            await note(tx, by, "reset_password", "person", person.id, person.name, after=after)
    return None


async def _add(tx: AsyncSession, person: Person, by: UUID | None, now: datetime) -> ResetLink:
    link = ResetLink(fresh(), now + RESET_LASTS)
    await tx.execute(
        text(
            "UPDATE password_reset SET revoked_at = :now"
            " WHERE person_id = :id AND used_at IS NULL AND revoked_at IS NULL"
        ),
        {"now": now, "id": person.id},
    )
    person.reset_asked_at = None
    await _store(tx, link, person.id, by, now)
    return link


async def _store(tx: AsyncSession, link: ResetLink, person_id: UUID, by: UUID | None, now: datetime) -> None:
    tx.add(
        PasswordReset(
            id=uuid4(),
            person_id=person_id,
            token_hash=digest(link.token),
            created_by=by,
            created_at=now,
            expires_at=link.expires_at,
        )
    )
    await tx.flush()


async def _open(tx: AsyncSession, token: str, now: datetime) -> Refusal | tuple[PasswordReset, Person]:
    row = await tx.scalar(select(PasswordReset).where(PasswordReset.token_hash == digest(token)).with_for_update())
    if row is None:
        return Refusal.LINK_UNKNOWN
    if fault := fault_of(row.used_at, row.revoked_at, row.expires_at, now):
        return fault
    return row, await tx.get_one(Person, row.person_id)


async def _tenants_of(tx: AsyncSession, person_id: UUID) -> list[UUID]:
    """In one order for all, because each tenant's audit trail is locked in turn."""
    rows = await tx.execute(
        text("SELECT tenant_id FROM membership WHERE person_id = :id ORDER BY tenant_id"), {"id": person_id}
    )
    return list(rows.scalars())
