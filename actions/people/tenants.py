"""Tenants' life on the platform: registered, approved or declined, suspended, reactivated; and support inside one.

What the platform does to a tenant stands in both audit trails, the platform's and the tenant's.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from actions.announce import Announcement, Topic, announce
from actions.people import throttle
from actions.people.account_news import tell_owners_of_status
from actions.people.newcomers import (
    LANGUAGES,
    NAME_CHARS_MAX,
    Newcomer,
    judge_newcomer,
    store_membership,
    store_person,
    text_fault,
)
from actions.people.seats import Seat
from actions.people.sessions import move
from actions.people.trail import note
from domain.access import Intent, Role, Viewer
from domain.refusals import Refusal, TryLater, Weakness
from domain.tenancy import TenantStatus, may_become
from domain.throttling import ASKING
from domain.words import tidy
from storage import people as stored
from storage.people import TenantRow
from storage.session import EVERY_TENANT, transaction
from storage.tables import Tenant

NOTE_CHARS_MAX = 500
SUPPORTED = frozenset({TenantStatus.ACTIVE, TenantStatus.SUSPENDED})
"""Support may have to look why a tenant was suspended."""


@dataclass(frozen=True, slots=True)
class NewTenant:
    """What somebody says who registers a tenant and its first owner."""

    name: str
    zone: str
    language: str
    has_workshop: bool
    has_pump: bool
    owner_name: str
    login: str
    contact: str
    password: str


@dataclass(frozen=True, slots=True)
class TenantsPage:
    rows: list[TenantRow]
    total: int


async def register_tenant(new: NewTenant, address: str, now: datetime) -> Refusal | TryLater | Weakness | UUID:
    """Adds a tenant that waits for approval, and its owner, who can't sign in before. EMPTY, TOO_LONG, LOGIN_TAKEN,
    NOT_POSSIBLE_NOW (neither half, or no such zone).
    """
    name = new.name.strip()
    if fault := text_fault(name, NAME_CHARS_MAX):
        return fault
    if not (new.has_workshop or new.has_pump) or not is_zone(new.zone):
        return Refusal.NOT_POSSIBLE_NOW
    asked = await throttle.attempt({throttle.key_of("register", throttle.network_of(address)): ASKING}, now)
    if isinstance(asked, TryLater):
        return asked
    who = await judge_newcomer(new.login, new.owner_name, new.contact, new.language, new.password, (name,))
    if not isinstance(who, Newcomer):
        return who
    row = Tenant(
        name=name,
        zone=new.zone,
        language=new.language if new.language in LANGUAGES else "en",
        has_workshop=new.has_workshop,
        has_pump=new.has_pump,
        status=TenantStatus.PENDING,
        status_at=now,
        created_at=now,
    )
    async with transaction(EVERY_TENANT) as tx:
        person = await store_person(tx, who, now)
        if isinstance(person, Refusal):
            return person
        tx.add(row)
        await tx.flush()
        await store_membership(tx, row.id, person.id, Role.OWNER, now)
        await announce(tx, Announcement(Topic.TENANT, row.id, id=str(row.id)))
        owner = Viewer(person.id, person.name, row.id, Role.OWNER)
        after = {"status": row.status, "login": person.login}
        await note(tx, owner, "register_tenant", "tenant", row.id, name, after=after, address=address)
    return row.id


def is_zone(name: str) -> bool:
    """Whether this is a time zone of the IANA database."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: a folder of the database, such as `Asia`
        return False
    return True


async def tenants(
    by: Viewer, status: TenantStatus | None = None, search: str = "", offset: int = 0, limit: int = 50
) -> Refusal | TenantsPage:
    """Every tenant but the platform's own, those that wait first, then by name. NOT_ALLOWED."""
    if not by.may(Intent.SEE_TENANTS):
        return Refusal.NOT_ALLOWED
    async with transaction(EVERY_TENANT) as tx:
        return TenantsPage(*await stored.tenants(tx, status, search, offset, limit))


async def tenant(by: Viewer, tenant_id: UUID) -> Refusal | TenantRow:
    """One tenant, for its page on the platform. NOT_ALLOWED, NOT_FOUND (the platform's own too)."""
    if not by.may(Intent.SEE_TENANTS):
        return Refusal.NOT_ALLOWED
    async with transaction(EVERY_TENANT) as tx:
        return await stored.tenant(tx, tenant_id) or Refusal.NOT_FOUND


async def reason_for_owner(login: str, why: Refusal) -> str:
    """What the platform wrote when it declined or suspended the tenant of this owner, who was refused for it after the
    right password; empty for everybody else.
    """
    states = {Refusal.TENANT_DECLINED: TenantStatus.DECLINED, Refusal.TENANT_SUSPENDED: TenantStatus.SUSPENDED}
    async with transaction(EVERY_TENANT) as tx:
        said = await tx.scalar(
            text(
                "SELECT t.status_note FROM tenant t JOIN membership m ON m.tenant_id = t.id"
                " JOIN person p ON p.id = m.person_id WHERE lower(p.login) = lower(:login) AND m.role = 'owner'"
                " AND m.suspended_at IS NULL AND t.status = :status ORDER BY t.status_at DESC LIMIT 1"
            ),
            {"login": tidy(login), "status": states.get(why)},
        )
    return str(said or "")


async def approve_tenant(by: Viewer, tenant_id: UUID, now: datetime) -> Refusal | None:
    """From pending or declined. NOT_ALLOWED, NOT_FOUND, ALREADY_SO, NOT_POSSIBLE_NOW."""
    wrong_from = frozenset({TenantStatus.SUSPENDED})
    return await _become(by, tenant_id, TenantStatus.ACTIVE, "approve_tenant", "", now, but_from=wrong_from)


async def decline_tenant(by: Viewer, tenant_id: UUID, note: str, now: datetime) -> Refusal | None:
    """From pending. NOT_ALLOWED, NOT_FOUND, ALREADY_SO, NOT_POSSIBLE_NOW, TOO_LONG (note)."""
    return await _become(by, tenant_id, TenantStatus.DECLINED, "decline_tenant", note, now)


async def suspend_tenant(by: Viewer, tenant_id: UUID, note: str, now: datetime) -> Refusal | None:
    """From active: every session of the tenant ends, its keys are refused, open pages show the sign-in within a second.
    NOT_ALLOWED, NOT_FOUND, ALREADY_SO, NOT_POSSIBLE_NOW, TOO_LONG (note).
    """
    return await _become(by, tenant_id, TenantStatus.SUSPENDED, "suspend_tenant", note, now)


async def reactivate_tenant(by: Viewer, tenant_id: UUID, now: datetime) -> Refusal | None:
    """From suspended. NOT_ALLOWED, NOT_FOUND, ALREADY_SO, NOT_POSSIBLE_NOW."""
    wrong_from = frozenset({TenantStatus.PENDING, TenantStatus.DECLINED})
    return await _become(by, tenant_id, TenantStatus.ACTIVE, "reactivate_tenant", "", now, but_from=wrong_from)


async def _become(
    by: Viewer,
    tenant_id: UUID,
    status: TenantStatus,
    intent: str,
    why: str,
    now: datetime,
    *,
    but_from: frozenset[TenantStatus] = frozenset(),
) -> Refusal | None:
    if not by.may(Intent.MANAGE_TENANTS):
        return Refusal.NOT_ALLOWED
    why = why.strip()
    if len(why) > NOTE_CHARS_MAX:
        return Refusal.TOO_LONG
    async with transaction(EVERY_TENANT) as tx:
        row = await tx.get(Tenant, tenant_id, with_for_update=True)
        if row is None or row.is_platform:
            return Refusal.NOT_FOUND
        was = TenantStatus(row.status)
        if was is status:
            return Refusal.ALREADY_SO
        if was in but_from or not may_become(was, status):
            return Refusal.NOT_POSSIBLE_NOW
        row.status, row.status_note, row.status_at = status, why, now
        if status is TenantStatus.SUSPENDED:
            await _end_sessions(tx, tenant_id, now)
        await announce(tx, Announcement(Topic.TENANT, tenant_id, id=str(tenant_id)))
        await tell_owners_of_status(tx, tenant_id, row.name, status, why, now)
        before, after = {"status": was}, {"status": status, "note": why}
        for place in (by.tenant_id, tenant_id):
            await note(tx, by, intent, "tenant", row.id, row.name, before=before, after=after, tenant_id=place)
    return None


async def enter_as_support(seat: Seat, tenant_id: UUID, now: datetime) -> Refusal | None:
    """Moves a super_admin's session into a tenant, with its owner's rights; written into that tenant's audit trail.
    Other open pages of the session load again. NOT_ALLOWED, NOT_FOUND, NOT_POSSIBLE_NOW (it was never approved).
    """
    by = seat.viewer
    if not by.may(Intent.ENTER_AS_SUPPORT):
        return Refusal.NOT_ALLOWED
    async with transaction(EVERY_TENANT) as tx:
        row = await tx.get(Tenant, tenant_id)
        if row is None or row.is_platform:
            return Refusal.NOT_FOUND
        if row.status not in SUPPORTED:
            return Refusal.NOT_POSSIBLE_NOW
        await move(tx, seat, tenant_id, is_support=True)
        for place in (by.tenant_id, tenant_id):
            await note(tx, by, "enter_as_support", "tenant", row.id, row.name, tenant_id=place)
    return None


async def leave_support(seat: Seat, now: datetime) -> Refusal | None:
    """Moves the session back to the platform. NOT_POSSIBLE_NOW: it is not there as support."""
    if not seat.is_support:
        return Refusal.NOT_POSSIBLE_NOW
    by = seat.viewer
    async with transaction(EVERY_TENANT) as tx:
        platform = (await tx.scalars(select(Tenant).where(col(Tenant.is_platform)))).one()
        await move(tx, seat, platform.id, is_support=False)
        for place in (platform.id, by.tenant_id):
            await note(tx, by, "leave_support", "tenant", by.tenant_id, seat.tenant_name, tenant_id=place)
    return None


async def _end_sessions(tx: AsyncSession, tenant_id: UUID, now: datetime) -> None:
    """Support stays: it may have to look why."""
    await tx.execute(
        text(
            "UPDATE web_session SET ended_at = :now WHERE tenant_id = :tenant AND ended_at IS NULL AND NOT is_support"
        ),
        {"now": now, "tenant": tenant_id},
    )
