"""Reads of people, invitations and tenants for the pages that manage them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from domain.access import Role
from domain.links import LinkState, state_of
from domain.tenancy import TenantStatus


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One of a tenant's people."""

    id: UUID
    login: str
    name: str
    contact: str
    role: Role
    language: str
    joined_at: datetime
    seen_at: datetime | None
    """When a session of theirs in this tenant was last used, to the minute."""
    suspended_at: datetime | None
    """Out of this tenant since."""
    account_suspended_at: datetime | None
    """Out of every tenant since, by the platform."""
    second_factor_since: datetime | None
    passkeys: int
    """How many open the account."""
    reset_asked_at: datetime | None
    """When they said that they forgot their password, if no link was made since."""


class PeopleSort(StrEnum):
    """What a page of people is ordered by; equal ones by name."""

    NAME = "name"
    ROLE = "role"
    """Owners first."""
    SEEN = "seen"
    """Never seen is last, either way."""


@dataclass(frozen=True, slots=True)
class PeopleFilter:
    """Which people, in which order; None and the empty text are any. `search` looks into name, login and contact."""

    search: str = ""
    role: Role | None = None
    suspended: bool | None = None
    sort: PeopleSort = PeopleSort.NAME
    descending: bool = False


@dataclass(frozen=True, slots=True)
class TenantRow:
    """A tenant as the platform sees it."""

    id: UUID
    name: str
    status: TenantStatus
    note: str
    """Why it was declined or suspended."""
    status_at: datetime | None
    created_at: datetime
    has_workshop: bool
    has_pump: bool
    zone: str
    language: str
    people: int
    devices: int
    owner_name: str
    """The first owner's, with login and contact, to ask back."""
    owner_login: str
    owner_contact: str


@dataclass(frozen=True, slots=True)
class InvitationRow:
    """An invitation as the owner sees it."""

    id: UUID
    role: Role
    name: str
    contact: str
    invited_by: str
    created_at: datetime
    expires_at: datetime
    state: LinkState
    used_by: str


@dataclass(frozen=True, slots=True)
class AccountRow:
    """Somebody's whole account as the platform sees it."""

    id: UUID
    login: str
    name: str
    contact: str
    tenants: list[str]
    """Names of the tenants in which they have a role."""
    created_at: datetime
    suspended_at: datetime | None


_PERSON = (
    "SELECT p.id, p.login, p.name, p.contact, m.role, p.language, m.created_at,"
    " (SELECT max(s.used_at) FROM web_session s WHERE s.person_id = p.id AND s.tenant_id = m.tenant_id) AS seen_at,"
    " m.suspended_at, p.suspended_at, p.totp_since,"
    " (SELECT count(k.id) FROM passkey k WHERE k.person_id = p.id), p.reset_asked_at"
    " FROM membership m JOIN person p ON p.id = m.person_id"
)
_FOUND = (
    " WHERE (:search = '' OR position(lower(:search) IN lower(p.name)) > 0"
    " OR position(lower(:search) IN lower(p.login)) > 0 OR position(lower(:search) IN lower(p.contact)) > 0)"
    " AND (CAST(:role AS text) IS NULL OR m.role = :role) AND (CAST(:suspended AS boolean) IS NULL"
    " OR (coalesce(m.suspended_at, p.suspended_at) IS NOT NULL) = :suspended)"
)
_ROLE_RANK = "array_position(ARRAY['super_admin', 'owner', 'staff', 'member'], m.role)"
_ORDERS = {
    PeopleSort.NAME: ("lower(p.name)", "lower(p.name) DESC"),
    PeopleSort.ROLE: (_ROLE_RANK, f"{_ROLE_RANK} DESC"),
    PeopleSort.SEEN: ("seen_at NULLS LAST", "seen_at DESC NULLS LAST"),
}


async def people(tx: AsyncSession, by: PeopleFilter, offset: int, limit: int) -> tuple[list[PersonRow], int]:
    """One page of the tenant's people and how many the filter finds in all."""
    bound = {"search": by.search.strip(), "role": by.role, "suspended": by.suspended}
    total = await tx.scalar(
        text(f"SELECT count(*) FROM membership m JOIN person p ON p.id = m.person_id {_FOUND}"), bound
    )
    order = _ORDERS[by.sort][by.descending]
    rows = await tx.execute(
        text(f"{_PERSON} {_FOUND} ORDER BY {order}, lower(p.name), p.id LIMIT :limit OFFSET :offset"),
        {**bound, "limit": limit, "offset": offset},
    )
    return [_person(row) for row in rows.all()], int(total or 0)


async def person(tx: AsyncSession, person_id: UUID) -> PersonRow | None:
    """One of the tenant's people."""
    row = (await tx.execute(text(f"{_PERSON} WHERE p.id = :id"), {"id": person_id})).first()
    return _person(row) if row else None


def _person(row: Any) -> PersonRow:
    values = list(row)
    values[4] = Role(values[4])
    return PersonRow(*values)


_INVITATIONS = (
    "SELECT i.id, i.role, i.name, i.contact, coalesce(b.name, ''), i.created_at, i.expires_at, i.used_at,"
    " i.revoked_at, coalesce(u.name, ''), count(*) OVER () FROM invitation i LEFT JOIN person b ON b.id = i.invited_by"
    " LEFT JOIN person u ON u.id = i.used_by WHERE (i.role <> 'super_admin' OR i.invited_by IS NOT NULL)"
)
"""Codes of the first run, which nobody made for anybody, are none."""
_NEWEST = " ORDER BY i.created_at DESC, lower(i.name), i.id LIMIT :limit"


async def invitations(tx: AsyncSession, now: datetime, open_only: bool, limit: int) -> list[InvitationRow]:
    """The tenant's invitations, the newest first."""
    of_now = " AND (NOT :open_only OR (i.used_at IS NULL AND i.revoked_at IS NULL AND i.expires_at > :now))"
    bound = {"open_only": open_only, "now": now, "limit": limit}
    rows = await tx.execute(text(_INVITATIONS + of_now + _NEWEST), bound)
    return [_invitation(row, now) for row in rows.all()]


async def waiting_invitations(
    tx: AsyncSession, now: datetime, search: str, limit: int
) -> tuple[list[InvitationRow], int]:
    """Invitations that nobody has used or taken back, expired ones too, the newest first; and how many there are in
    all. `search` looks into name and contact.
    """
    unused = " AND i.used_at IS NULL AND i.revoked_at IS NULL"
    fits = " AND (position(lower(:search) IN lower(i.name)) > 0 OR position(lower(:search) IN lower(i.contact)) > 0)"
    rows = (await tx.execute(text(_INVITATIONS + unused + fits + _NEWEST), {"search": search, "limit": limit})).all()
    return [_invitation(row, now) for row in rows], rows[0][10] if rows else 0


def _invitation(row: Any, now: datetime) -> InvitationRow:
    id_, role, name, contact, invited_by, created_at, expires_at, used_at, revoked_at, used_by, _all = row
    state = state_of(used_at, revoked_at, expires_at, now)
    return InvitationRow(id_, Role(role), name, contact, invited_by, created_at, expires_at, state, used_by)


# The platform's own reads: in a transaction that sees every tenant


_TENANT = (
    "SELECT t.id, t.name, t.status, t.status_note, t.status_at, t.created_at, t.has_workshop, t.has_pump, t.zone,"
    " t.language, (SELECT count(*) FROM membership c WHERE c.tenant_id = t.id),"
    " (SELECT count(*) FROM device d WHERE d.tenant_id = t.id),"
    " coalesce(o.name, ''), coalesce(o.login, ''), coalesce(o.contact, '')"
)
_WITH_OWNER = (
    " FROM tenant t LEFT JOIN LATERAL (SELECT p.name, p.login, p.contact FROM membership m"
    " JOIN person p ON p.id = m.person_id WHERE m.tenant_id = t.id AND m.role = 'owner'"
    " ORDER BY m.suspended_at IS NOT NULL, m.created_at, p.id LIMIT 1) o ON true WHERE NOT t.is_platform"
)


async def tenants(
    tx: AsyncSession, status: TenantStatus | None, search: str, offset: int, limit: int
) -> tuple[list[TenantRow], int]:
    """One page of all tenants but the platform's own, those that wait first, and how many there are in all."""
    found = (
        f"{_WITH_OWNER} AND (CAST(:status AS text) IS NULL OR t.status = :status)"
        " AND (:search = '' OR position(lower(:search) IN lower(t.name)) > 0"
        " OR position(lower(:search) IN lower(coalesce(o.name || ' ' || o.login, ''))) > 0)"
    )
    bound = {"status": status, "search": search.strip()}
    total = await tx.scalar(text(f"SELECT count(*) {found}"), bound)
    rows = await tx.execute(
        text(f"{_TENANT} {found} ORDER BY t.status = 'pending' DESC, lower(t.name), t.id LIMIT :limit OFFSET :offset"),
        {**bound, "limit": limit, "offset": offset},
    )
    return [_tenant(row) for row in rows.all()], int(total or 0)


async def tenant(tx: AsyncSession, tenant_id: UUID) -> TenantRow | None:
    """One tenant that is not the platform's own."""
    row = (await tx.execute(text(f"{_TENANT} {_WITH_OWNER} AND t.id = :id"), {"id": tenant_id})).first()
    return _tenant(row) if row else None


def _tenant(row: Any) -> TenantRow:
    return TenantRow(row[0], row[1], TenantStatus(row[2]), *row[3:])


async def accounts(tx: AsyncSession, search: str, offset: int, limit: int) -> tuple[list[AccountRow], int]:
    """One page of everybody's accounts, by name, and how many the search finds in all."""
    found = (
        " FROM person p WHERE :search = '' OR position(lower(:search) IN lower(p.name)) > 0"
        " OR position(lower(:search) IN lower(p.login)) > 0 OR position(lower(:search) IN lower(p.contact)) > 0"
    )
    total = await tx.scalar(text(f"SELECT count(*) {found}"), {"search": search.strip()})
    rows = await tx.execute(
        text(
            "SELECT p.id, p.login, p.name, p.contact, ARRAY(SELECT t.name FROM membership m"
            " JOIN tenant t ON t.id = m.tenant_id WHERE m.person_id = p.id ORDER BY lower(t.name)), p.created_at,"
            f" p.suspended_at {found} ORDER BY lower(p.name), p.id LIMIT :limit OFFSET :offset"
        ),
        {"search": search.strip(), "limit": limit, "offset": offset},
    )
    return [AccountRow(*row) for row in rows.all()], int(total or 0)
