"""The people of a tenant, as its owner manages them: roles, suspension, a lost second factor; and the platform's hand
on whole accounts.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from actions.people.passkeys import forget_passkeys
from actions.people.second_factor import forget_second_factor
from actions.people.sessions import end_in
from actions.people.trail import note, tell, tell_everywhere
from domain.access import MAY_GIVE, Intent, Role, Viewer
from domain.refusals import Refusal
from storage import people as stored
from storage.people import AccountRow, PeopleFilter, PersonRow
from storage.session import EVERY_TENANT, transaction
from storage.tables import Membership, Person


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """Some of the tenant's people and how many the filter finds in all."""

    rows: list[PersonRow]
    total: int


@dataclass(frozen=True, slots=True)
class AccountsPage:
    """Some of the platform's accounts and how many the search finds in all."""

    rows: list[AccountRow]
    total: int


async def people(
    by: Viewer, filter_: PeopleFilter, now: datetime, offset: int = 0, limit: int = 50
) -> Refusal | PeoplePage:
    """One page of the tenant's people. NOT_ALLOWED."""
    if not by.may(Intent.SEE_PEOPLE):
        return Refusal.NOT_ALLOWED
    async with transaction(by.tenant_id) as tx:
        return PeoplePage(*await stored.people(tx, filter_, offset, limit))


async def person(by: Viewer, person_id: UUID, now: datetime) -> Refusal | PersonRow:
    """One of the tenant's people. NOT_ALLOWED, NOT_FOUND."""
    if not by.may(Intent.SEE_PEOPLE):
        return Refusal.NOT_ALLOWED
    async with transaction(by.tenant_id) as tx:
        return await stored.person(tx, person_id) or Refusal.NOT_FOUND


async def accounts(by: Viewer, search: str = "", offset: int = 0, limit: int = 50) -> Refusal | AccountsPage:
    """For the platform: people of every tenant, by name. NOT_ALLOWED."""
    if not by.may(Intent.SUSPEND_ACCOUNT):
        return Refusal.NOT_ALLOWED
    async with transaction(EVERY_TENANT) as tx:
        return AccountsPage(*await stored.accounts(tx, search, offset, limit))


async def change_role(by: Viewer, person_id: UUID, role: Role, now: datetime) -> Refusal | None:
    """Gives somebody another role in the viewer's tenant; their open pages load again with it. NOT_ALLOWED, NOT_FOUND,
    YOURSELF, LAST_OWNER, ALREADY_SO.
    """
    async with transaction(EVERY_TENANT) as tx:
        found = await _lock_member(tx, by, person_id, Intent.CHANGE_ROLE)
        if isinstance(found, Refusal):
            return found
        member, who = found
        if role not in MAY_GIVE[by.role]:
            return Refusal.NOT_ALLOWED
        if member.role == role:
            return Refusal.ALREADY_SO
        if await _is_last(tx, member):
            return Refusal.LAST_OWNER
        before, member.role = member.role, role
        await _withdraw_links(tx, member, now)
        await tell(tx, by.tenant_id, person_id)
        await note(tx, by, "change_role", "person", person_id, who.name, before={"role": before}, after={"role": role})
    return None


async def suspend_person(by: Viewer, person_id: UUID, now: datetime) -> Refusal | None:
    """Takes somebody out of the viewer's tenant: sessions there end and keys are refused, open pages show the sign-in
    within a second. Other tenants of theirs are not touched; whoever no longer runs the platform is support nowhere.
    NOT_ALLOWED, NOT_FOUND, YOURSELF, LAST_OWNER, ALREADY_SO.
    """
    async with transaction(EVERY_TENANT) as tx:
        found = await _lock_member(tx, by, person_id, Intent.SUSPEND_PERSON)
        if isinstance(found, Refusal):
            return found
        member, who = found
        if member.suspended_at is not None:
            return Refusal.ALREADY_SO
        if await _is_last(tx, member):
            return Refusal.LAST_OWNER
        member.suspended_at = now
        await _withdraw_links(tx, member, now)
        ended = await end_in(tx, person_id, now, tenant_id=by.tenant_id, as_support=by.role is Role.SUPER_ADMIN)
        await tell(tx, by.tenant_id, person_id)
        after = {"suspended_at": now, "ended_sessions": ended}
        await note(tx, by, "suspend_person", "person", person_id, who.name, after=after)
    return None


async def reactivate_person(by: Viewer, person_id: UUID, now: datetime) -> Refusal | None:
    """Lets somebody in again; they sign in anew. NOT_ALLOWED, NOT_FOUND, YOURSELF, ALREADY_SO."""
    async with transaction(EVERY_TENANT) as tx:
        found = await _lock_member(tx, by, person_id, Intent.SUSPEND_PERSON)
        if isinstance(found, Refusal):
            return found
        member, who = found
        if member.suspended_at is None:
            return Refusal.ALREADY_SO
        before, member.suspended_at = {"suspended_at": member.suspended_at}, None
        await tell(tx, by.tenant_id, person_id)
        await note(tx, by, "reactivate_person", "person", person_id, who.name, before=before)
    return None


async def suspend_account(by: Viewer, person_id: UUID, now: datetime) -> Refusal | None:
    """For the platform: takes somebody out of every tenant. NOT_ALLOWED, NOT_FOUND, YOURSELF, LAST_OWNER (of those who
    run the platform), ALREADY_SO.
    """
    if not by.may(Intent.SUSPEND_ACCOUNT):
        return Refusal.NOT_ALLOWED
    if person_id == by.person_id:
        return Refusal.YOURSELF
    async with transaction(EVERY_TENANT) as tx:
        runs = await tx.get(Membership, {"tenant_id": by.tenant_id, "person_id": person_id}, with_for_update=True)
        if runs is not None and await _is_last(tx, runs):
            return Refusal.LAST_OWNER
        who = await tx.get(Person, person_id, with_for_update=True)
        if who is None:
            return Refusal.NOT_FOUND
        if who.suspended_at is not None:
            return Refusal.ALREADY_SO
        who.suspended_at = now
        await tell_everywhere(tx, person_id)
        ended = await end_in(tx, person_id, now)
        after = {"suspended_at": now, "ended_sessions": ended}
        await note(tx, by, "suspend_account", "person", person_id, who.name, after=after)
    return None


async def reactivate_account(by: Viewer, person_id: UUID, now: datetime) -> Refusal | None:
    """For the platform: NOT_ALLOWED, NOT_FOUND, ALREADY_SO."""
    if not by.may(Intent.SUSPEND_ACCOUNT):
        return Refusal.NOT_ALLOWED
    async with transaction(EVERY_TENANT) as tx:
        who = await tx.get(Person, person_id, with_for_update=True)
        if who is None:
            return Refusal.NOT_FOUND
        if who.suspended_at is None:
            return Refusal.ALREADY_SO
        before, who.suspended_at = {"suspended_at": who.suspended_at}, None
        await tell(tx, by.tenant_id, person_id)
        await note(tx, by, "reactivate_account", "person", person_id, who.name, before=before)
    return None


async def clear_second_factor(by: Viewer, person_id: UUID, now: datetime) -> Refusal | None:
    """For somebody who lost the telephone: its codes and passkeys open nothing any more, the next sign-in asks for the
    password only, and open sessions end. NOT_ALLOWED, NOT_FOUND, YOURSELF, BELONGS_TO_OTHERS, SECOND_FACTOR_OFF.
    """
    if not by.may(Intent.CLEAR_SECOND_FACTOR):
        return Refusal.NOT_ALLOWED
    if person_id == by.person_id:
        return Refusal.YOURSELF
    async with transaction(EVERY_TENANT) as tx:
        who = await own_person(tx, by, person_id)
        if isinstance(who, Refusal):
            return who
        since, passkeys = await forget_second_factor(tx, person_id), await forget_passkeys(tx, person_id)
        if since is None and not passkeys:
            return Refusal.SECOND_FACTOR_OFF
        ended = await end_in(tx, person_id, now)
        before, after = {"second_factor_since": since}, {"ended_sessions": ended, "removed_passkeys": passkeys}
        await note(tx, by, "clear_second_factor", "person", person_id, who.name, before=before, after=after)
    return None


async def own_person(tx: AsyncSession, by: Viewer, person_id: UUID) -> Refusal | Person:
    """Somebody over whose whole account the viewer has a say, locked: the platform over everybody, an owner over those
    who have a role in that one tenant only. NOT_FOUND, BELONGS_TO_OTHERS.
    """
    person = await tx.get(Person, person_id, with_for_update=True)
    rows = await tx.execute(text("SELECT tenant_id FROM membership WHERE person_id = :id"), {"id": person_id})
    tenants = set(rows.scalars())
    if person is None or (by.role is not Role.SUPER_ADMIN and by.tenant_id not in tenants):
        return Refusal.NOT_FOUND
    if by.role is not Role.SUPER_ADMIN and tenants != {by.tenant_id}:
        return Refusal.BELONGS_TO_OTHERS
    return person


async def _lock_member(
    tx: AsyncSession, by: Viewer, person_id: UUID, intent: Intent
) -> Refusal | tuple[Membership, Person]:
    """Somebody else in the viewer's tenant whose role the viewer could give. NOT_ALLOWED, NOT_FOUND, YOURSELF.

    Locks the memberships of everybody who could be the last owner, in one order, then the person's own.
    """
    if not by.may(intent):
        return Refusal.NOT_ALLOWED
    await tx.execute(
        text(
            "SELECT 1 FROM membership WHERE tenant_id = :tenant"
            " AND (role IN ('owner', 'super_admin') OR person_id = :id) ORDER BY person_id FOR UPDATE"
        ),
        {"tenant": by.tenant_id, "id": person_id},
    )
    member = await tx.get(Membership, {"tenant_id": by.tenant_id, "person_id": person_id})
    if member is None:
        return Refusal.NOT_FOUND
    if person_id == by.person_id:
        return Refusal.YOURSELF
    if Role(member.role) not in MAY_GIVE[by.role]:
        return Refusal.NOT_ALLOWED
    return member, await tx.get_one(Person, person_id)


async def _is_last(tx: AsyncSession, member: Membership) -> bool:
    """Whether the tenant would have no active owner (the platform no active super_admin) without this one."""
    if Role(member.role) not in (Role.OWNER, Role.SUPER_ADMIN) or member.suspended_at is not None:
        return False
    others = await tx.scalar(
        text(
            "SELECT count(*) FROM membership m JOIN person p ON p.id = m.person_id WHERE m.tenant_id = :tenant"
            " AND m.role = :role AND m.person_id <> :id AND m.suspended_at IS NULL AND p.suspended_at IS NULL"
        ),
        {"tenant": member.tenant_id, "role": member.role, "id": member.person_id},
    )
    return not others


async def _withdraw_links(tx: AsyncSession, member: Membership, now: datetime) -> None:
    """Links that somebody made for others end with the right to make them: they may still be in that person's hands."""
    bound = {"now": now, "id": member.person_id, "tenant": member.tenant_id}
    await tx.execute(
        text(
            "UPDATE invitation SET revoked_at = :now WHERE invited_by = :id AND tenant_id = :tenant"
            " AND used_at IS NULL AND revoked_at IS NULL"
        ),
        bound,
    )
    await tx.execute(
        text(
            "UPDATE password_reset r SET revoked_at = :now FROM membership m WHERE r.created_by = :id"
            " AND m.person_id = r.person_id AND m.tenant_id = :tenant AND r.used_at IS NULL AND r.revoked_at IS NULL"
        ),
        bound,
    )
