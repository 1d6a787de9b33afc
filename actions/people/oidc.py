"""Accounts of an outer OpenID provider: who is linked to whom.

Nobody is linked because two mail addresses look alike: an account is linked by its person while signed in, or by
whoever holds an invitation.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from actions.passwords import NO_PASSWORD, has_password
from actions.people import signed
from actions.people.credentials import LOGIN_CHARS_MAX, Account, check_own_password
from actions.people.entrance import SecondStep, go_in
from actions.people.invitations import admit, open_invitation
from actions.people.newcomers import NAME_CHARS_MAX, Newcomer, store_identity, text_fault
from actions.people.passkeys import count_passkeys
from actions.people.seats import Seat
from actions.people.sessions import SignedIn
from actions.people.trail import note
from domain.access import Intent
from domain.refusals import Refusal, TryLater
from domain.words import tidy
from storage.session import EVERY_TENANT, transaction
from storage.tables import OidcIdentity, Person

LINKING_LASTS = timedelta(minutes=10)  # to the provider and back, with a sign-in there


@dataclass(frozen=True, slots=True)
class OuterIdentity:
    """Who the provider says that somebody is (claims of a verified ID token)."""

    issuer: str
    subject: str
    name: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class IdentityRow:
    issuer: str
    subject: str
    created_at: datetime


async def sign_in_by_identity(
    who: OuterIdentity, address: str, agent: str, now: datetime
) -> Refusal | SecondStep | SignedIn:
    """Signs in whoever linked this account; a second factor of ours is asked for all the same. IDENTITY_NOT_LINKED, or
    as `entrance.sign_in`.
    """
    async with transaction(EVERY_TENANT) as tx:
        identity = await tx.get(OidcIdentity, (who.issuer, who.subject))
        if identity is None:
            return Refusal.IDENTITY_NOT_LINKED
        person = await tx.get_one(Person, identity.person_id)
    account = Account(person.id, person.name, person.totp_since is not None, person.password_changed_at)
    return await go_in(account, address, agent, now)


async def accept_invitation_by_identity(
    token: str, who: OuterIdentity, address: str, agent: str, now: datetime
) -> Refusal | SignedIn:
    """Makes a person without a password from an invitation; the login is the provider's mail address. Refusals of
    `invitations.invitation_of`, LOGIN_TAKEN, EMPTY (the provider says no address), IDENTITY_TAKEN (sign in with it and
    join instead).
    """
    async with transaction(EVERY_TENANT) as tx:
        found = await open_invitation(tx, token, now)
        if isinstance(found, Refusal):
            return found
        row, tenant = found
        if await tx.get(OidcIdentity, (who.issuer, who.subject)) is not None:
            return Refusal.IDENTITY_TAKEN
    login, name = tidy(who.email), tidy(who.name)
    if fault := text_fault(login, LOGIN_CHARS_MAX):
        return fault
    shown = row.name if text_fault(name, NAME_CHARS_MAX) else name
    newcomer = Newcomer(login, shown, row.contact, tenant.language, NO_PASSWORD)
    return await admit(token, newcomer, address, agent, now, identity=(who.issuer, who.subject))


@dataclass(frozen=True, slots=True)
class LinkTicket:
    """What the account's own page sends along when its person wants to link an outer account, so that no other site can
    link its account to ours.
    """

    token: str


async def link_ticket(seat: Seat, password: str, address: str, now: datetime) -> Refusal | TryLater | LinkTicket:
    """Needs the own password, if there is one: whoever only found an open page must not link theirs. NOT_ALLOWED,
    WRONG_CREDENTIALS.
    """
    if not seat.viewer.may(Intent.CHANGE_OWN_ACCOUNT):
        return Refusal.NOT_ALLOWED
    if fault := await check_own_password(seat.viewer.person_id, password, address, now):
        return fault
    return LinkTicket(signed.sign(signed.LINKING, {"sid": str(seat.session_id)}, LINKING_LASTS, now))


def may_link(seat: Seat, ticket: str, now: datetime) -> bool:
    """Whether the ticket was made for this very session."""
    claims = signed.read(signed.LINKING, ticket, now, "sid")
    return claims is not None and claims["sid"] == str(seat.session_id)


async def link_identity(seat: Seat, who: OuterIdentity, now: datetime) -> Refusal | None:
    """NOT_ALLOWED, IDENTITY_TAKEN, ALREADY_SO."""
    by = seat.viewer
    if not by.may(Intent.CHANGE_OWN_ACCOUNT):
        return Refusal.NOT_ALLOWED
    async with transaction(EVERY_TENANT) as tx:
        if not await store_identity(tx, (who.issuer, who.subject), by.person_id, now):
            owner = await tx.get_one(OidcIdentity, (who.issuer, who.subject))
            return Refusal.ALREADY_SO if owner.person_id == by.person_id else Refusal.IDENTITY_TAKEN
        await note(tx, by, "link_identity", "person", by.person_id, by.name, after={"issuer": who.issuer})
    return None


async def unlink_identity(seat: Seat, issuer: str, subject: str, now: datetime) -> Refusal | None:
    """NOT_ALLOWED, NOT_FOUND, LAST_WAY_IN."""
    by = seat.viewer
    if not by.may(Intent.CHANGE_OWN_ACCOUNT):
        return Refusal.NOT_ALLOWED
    async with transaction(EVERY_TENANT) as tx:
        person = await tx.get_one(Person, by.person_id, with_for_update=True)
        mine = await _of(tx, seat)
        found = next((one for one in mine if (one.issuer, one.subject) == (issuer, subject)), None)
        if found is None:
            return Refusal.NOT_FOUND
        has_another_way = has_password(person.password_hash) or len(mine) > 1 or await count_passkeys(tx, person.id) > 0
        if not has_another_way:
            return Refusal.LAST_WAY_IN
        await tx.delete(found)
        await note(tx, by, "unlink_identity", "person", by.person_id, by.name, before={"issuer": issuer})
    return None


async def identities_of(seat: Seat) -> list[IdentityRow]:
    """The outer accounts that open the person's account."""
    async with transaction(EVERY_TENANT) as tx:
        return [IdentityRow(one.issuer, one.subject, one.created_at) for one in await _of(tx, seat)]


async def _of(tx: AsyncSession, seat: Seat) -> list[OidcIdentity]:
    rows = await tx.scalars(
        select(OidcIdentity)
        .where(OidcIdentity.person_id == seat.viewer.person_id)
        .order_by(col(OidcIdentity.created_at), col(OidcIdentity.issuer))
    )
    return list(rows.all())
