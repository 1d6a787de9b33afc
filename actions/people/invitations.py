"""Invitations: a link that works once, before it expires, and makes somebody a member of a tenant."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import select

from actions.outbox import withdraw
from actions.people.invitation_links import INVITATION_LASTS, OPEN_MAX, Invited, add_invitation, open_count
from actions.people.newcomers import (
    CONTACT_CHARS_MAX,
    NAME_CHARS_MAX,
    Newcomer,
    judge_newcomer,
    store_identity,
    store_membership,
    store_person,
    text_fault,
)
from actions.people.seats import Seat
from actions.people.secrets_once import digest
from actions.people.sessions import Chair, SignedIn, start_session
from actions.people.trail import note, tell
from domain.access import MAY_GIVE, Intent, Role, Viewer
from domain.links import LinkState, fault_of
from domain.refusals import Refusal, TryLater, Weakness
from domain.tenancy import TenantStatus
from storage import people
from storage.people import InvitationRow
from storage.session import EVERY_TENANT, transaction
from storage.tables import Invitation, Person, Tenant

__all__ = [
    "CONTACT_CHARS_MAX", "INVITATION_LASTS", "NAME_CHARS_MAX", "InvitationRow", "InvitationView", "Invited",
    "LinkState", "accept_invitation", "admit", "invitation_of", "invitations", "invite", "join", "open_invitation",
    "renew_invitation", "revoke_invitation", "take", "waiting_invitations",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class InvitationView:
    """What somebody who holds an open link sees before accepting it."""

    tenant_name: str
    role: Role
    name: str
    contact: str
    language: str
    """The tenant's, for a page that nobody has signed in to."""
    invited_by: str
    expires_at: datetime


async def invite(by: Viewer, role: Role, name: str, contact: str, now: datetime) -> Refusal | Invited:
    """Makes a link that lets one person into the viewer's tenant. NOT_ALLOWED, EMPTY (name), TOO_LONG, TOO_MANY."""
    if not by.may(Intent.INVITE_PERSON) or role not in MAY_GIVE[by.role]:
        return Refusal.NOT_ALLOWED
    name, contact = name.strip(), contact.strip()
    fault = text_fault(name, NAME_CHARS_MAX) or (text_fault(contact, CONTACT_CHARS_MAX) if contact else None)
    if fault is not None:
        return fault
    async with transaction(EVERY_TENANT) as tx:
        if await open_count(tx, by.tenant_id, now) >= OPEN_MAX:
            return Refusal.TOO_MANY
        invited = await add_invitation(tx, by.tenant_id, by.person_id, role, name, contact, now)
        after = {"role": role, "contact": contact, "expires_at": invited.expires_at}
        await note(tx, by, "invite_person", "invitation", invited.id, name, after=after)
    return invited


async def revoke_invitation(by: Viewer, invitation_id: UUID, now: datetime) -> Refusal | None:
    """Makes an open link useless. NOT_ALLOWED, NOT_FOUND, LINK_USED, LINK_REVOKED."""
    async with transaction(EVERY_TENANT) as tx:
        row = await _lock_own(tx, by, invitation_id)
        if isinstance(row, Refusal):
            return row
        if row.revoked_at is not None:
            return Refusal.LINK_REVOKED
        row.revoked_at = now
        await withdraw(tx, by.tenant_id, f"invitation:{row.id}", now)
        await note(tx, by, "revoke_invitation", "invitation", row.id, row.name, after={"revoked_at": now})
    return None


async def renew_invitation(by: Viewer, invitation_id: UUID, now: datetime) -> Refusal | Invited:
    """A fresh link for the same person; the old one becomes useless. NOT_ALLOWED, NOT_FOUND, LINK_USED."""
    async with transaction(EVERY_TENANT) as tx:
        row = await _lock_own(tx, by, invitation_id)
        if isinstance(row, Refusal):
            return row
        row.revoked_at = row.revoked_at or now
        await withdraw(tx, by.tenant_id, f"invitation:{row.id}", now)
        invited = await add_invitation(tx, by.tenant_id, by.person_id, Role(row.role), row.name, row.contact, now)
        before, after = {"invitation": row.id}, {"invitation": invited.id, "expires_at": invited.expires_at}
        await note(tx, by, "renew_invitation", "invitation", invited.id, row.name, before=before, after=after)
    return invited


async def invitations(by: Viewer, now: datetime, *, open_only: bool = True, limit: int = 200) -> list[InvitationRow]:
    """The tenant's invitations, the newest first; nothing for whoever may not see people."""
    if not by.may(Intent.SEE_PEOPLE):
        return []
    async with transaction(by.tenant_id) as tx:
        return await people.invitations(tx, now, open_only, limit)


async def waiting_invitations(by: Viewer, search: str, limit: int, now: datetime) -> tuple[list[InvitationRow], int]:
    """Those that nobody has used or taken back, the newest first, and how many there are in all; none for whoever may
    not see people.
    """
    if not by.may(Intent.SEE_PEOPLE):
        return [], 0
    async with transaction(by.tenant_id) as tx:
        return await people.waiting_invitations(tx, now, search, limit)


async def invitation_of(token: str, now: datetime) -> Refusal | InvitationView:
    """What a link offers. LINK_UNKNOWN, LINK_EXPIRED, LINK_USED, LINK_REVOKED, TENANT_SUSPENDED."""
    async with transaction(EVERY_TENANT) as tx:
        found = await open_invitation(tx, token, now)
        if isinstance(found, Refusal):
            return found
        row, tenant = found
        inviter = await tx.get(Person, row.invited_by) if row.invited_by else None
    return InvitationView(
        tenant_name=tenant.name,
        role=Role(row.role),
        name=row.name,
        contact=row.contact,
        language=tenant.language,
        invited_by=inviter.name if inviter else "",
        expires_at=row.expires_at,
    )


async def accept_invitation(
    token: str, login: str, name: str, password: str, language: str, address: str, agent: str, now: datetime
) -> Refusal | TryLater | Weakness | SignedIn:
    """Makes a new person with the offered role and signs them in. Refusals of `invitation_of`, LOGIN_TAKEN, EMPTY,
    TOO_LONG.
    """
    offered = await invitation_of(token, now)  # before a costly hash is made for a link that does not work
    if isinstance(offered, Refusal):
        return offered
    who = await judge_newcomer(login, name, offered.contact, language, password, (offered.tenant_name,))
    if not isinstance(who, Newcomer):
        return who
    return await admit(token, who, address, agent, now)


async def admit(
    token: str, who: Newcomer, address: str, agent: str, now: datetime, *, identity: tuple[str, str] | None = None
) -> Refusal | SignedIn:
    """Makes somebody whose words were judged a person and a member, and signs them in. `identity`: issuer and subject
    of an outer account to link. Refusals of `invitation_of`, LOGIN_TAKEN, IDENTITY_TAKEN.
    """
    async with transaction(EVERY_TENANT) as tx:
        found = await open_invitation(tx, token, now)
        if isinstance(found, Refusal):
            return found
        row, tenant = found
        person = await store_person(tx, who, now)
        if isinstance(person, Refusal):
            return person
        if identity is not None and not await store_identity(tx, identity, person.id, now):
            await tx.rollback()
            return Refusal.IDENTITY_TAKEN
        await take(tx, row, person.id, now)
        chair = Chair(person.id, person.name, tenant.id, Role(row.role))
        entered, _ = await start_session(tx, chair, address, agent, now)
        after = {"invitation": row.id, "role": row.role, "login": person.login}
        await note(tx, entered.viewer, "accept_invitation", "person", person.id, person.name, after=after)
    return entered


async def join(seat: Seat, token: str, now: datetime) -> Refusal | UUID:
    """Gives the signed-in person the offered role beside those they hold; returns the tenant, to switch to. Refusals
    of `invitation_of`, NOT_ALLOWED, ALREADY_MEMBER.
    """
    by = seat.viewer
    if not by.may(Intent.CHANGE_OWN_ACCOUNT):
        return Refusal.NOT_ALLOWED
    async with transaction(EVERY_TENANT) as tx:
        found = await open_invitation(tx, token, now)
        if isinstance(found, Refusal):
            return found
        row, tenant = found
        if not await take(tx, row, by.person_id, now):
            return Refusal.ALREADY_MEMBER
        there = Viewer(by.person_id, by.name, tenant.id, Role(row.role))
        after = {"invitation": row.id, "role": row.role}
        await note(tx, there, "accept_invitation", "person", by.person_id, by.name, after=after)
    return tenant.id


async def open_invitation(
    tx: AsyncSession, token: str, now: datetime, *, first_run: bool = False
) -> Refusal | tuple[Invitation, Tenant]:
    """The invitation that a link stands for, locked, with its tenant; or why it does not work. `first_run`: the code of
    a first run is wanted, which is no link: it opens nothing once somebody runs the platform.
    """
    row = await tx.scalar(select(Invitation).where(Invitation.token_hash == digest(token)).with_for_update())
    if row is None or (row.role == Role.SUPER_ADMIN and row.invited_by is None) is not first_run:
        return Refusal.LINK_UNKNOWN
    if fault := fault_of(row.used_at, row.revoked_at, row.expires_at, now):
        return fault
    tenant = await tx.get_one(Tenant, row.tenant_id)
    return (row, tenant) if tenant.status == TenantStatus.ACTIVE else Refusal.TENANT_SUSPENDED


async def take(tx: AsyncSession, row: Invitation, person_id: UUID, now: datetime) -> bool:
    """Uses a locked invitation up; False, and nothing changed, if the person is a member already."""
    if not await store_membership(tx, row.tenant_id, person_id, Role(row.role), now):
        return False
    row.used_at, row.used_by = now, person_id
    await tell(tx, row.tenant_id, person_id)
    return True


async def _lock_own(tx: AsyncSession, by: Viewer, invitation_id: UUID) -> Refusal | Invitation:
    """An invitation of the viewer's tenant that was not used yet."""
    if not by.may(Intent.INVITE_PERSON):
        return Refusal.NOT_ALLOWED
    row = await tx.get(Invitation, invitation_id, with_for_update=True)
    if row is None or row.tenant_id != by.tenant_id or Role(row.role) not in MAY_GIVE[by.role]:
        return Refusal.NOT_FOUND
    return Refusal.LINK_USED if row.used_at is not None else row
