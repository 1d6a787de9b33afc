"""Who sits where: one query for every way in, so that none forgets whether person, membership and tenant hold."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from domain.access import Role

TOUCH_EVERY = timedelta(minutes=1)  # a last use is written at most this often

_SESSIONS = (
    "SELECT id, person_id, tenant_id, kind AS door, scopes, is_support, used_at FROM web_session"
    " WHERE {which} AND ended_at IS NULL AND expires_at > :now AND used_at > :idle"
)
_KEYS = (
    "SELECT id, person_id, tenant_id, 'key' AS door, scopes, false AS is_support, used_at FROM api_key"
    " WHERE {which} AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > :now)"
)
_RUNS_PLATFORM = (
    "EXISTS (SELECT 1 FROM membership pm JOIN tenant pt ON pt.id = pm.tenant_id WHERE pt.is_platform"
    " AND pm.person_id = p.id AND pm.role = 'super_admin' AND pm.suspended_at IS NULL)"
)
_HOLDS = (
    " FROM who JOIN person p ON p.id = who.person_id JOIN tenant t ON t.id = who.tenant_id"
    " LEFT JOIN membership m ON m.person_id = p.id AND m.tenant_id = t.id AND m.suspended_at IS NULL"
    " WHERE p.suspended_at IS NULL AND CASE WHEN who.is_support"
    f" THEN t.status IN ('active', 'suspended') AND {_RUNS_PLATFORM}"
    " ELSE t.status = 'active' AND m.role IS NOT NULL END"
)
_ROLE = "CASE WHEN who.is_support THEN 'owner' ELSE m.role END"
_SEAT = (
    f"SELECT who.id, who.used_at, who.door, who.scopes, who.is_support, p.id, p.name, t.id, {_ROLE},"
    " t.name, t.zone, p.language, p.theme, t.has_workshop, t.has_pump, p.own_digits, t.is_platform,"
    " (SELECT coalesce(jsonb_agg(jsonb_build_array(ot.id, ot.name, om.role) ORDER BY lower(ot.name)), '[]')"
    " FROM membership om JOIN tenant ot ON ot.id = om.tenant_id"
    " WHERE om.person_id = p.id AND om.suspended_at IS NULL AND ot.status = 'active')"
)


@dataclass(frozen=True, slots=True)
class SeatRow:
    """A session or key that holds, with its person and tenant. `memberships`: tenant's id, its name, the role there."""

    id: UUID
    used_at: datetime | None
    door: str
    scopes: list[str]
    is_support: bool
    person_id: UUID
    name: str
    tenant_id: UUID
    role: str
    tenant_name: str
    zone: str
    language: str
    theme: str
    has_workshop: bool
    has_pump: bool
    own_digits: bool
    is_platform: bool
    memberships: list[tuple[str, str, str]]


async def by_session(
    tx: AsyncSession, now: datetime, idle: timedelta, *, digest: bytes | None = None, id_: UUID | None = None
) -> SeatRow | None:
    """The seat of a browser's or phone's session, found by its token's hash or by its id; None if it does not hold."""
    which = "token_hash = :digest" if digest is not None else "id = :id"
    bound = {"digest": digest, "id": id_, "now": now, "idle": now - idle}
    return await _seat(tx, _SESSIONS.format(which=which), bound, "web_session", now)


async def by_key(
    tx: AsyncSession, now: datetime, *, digest: bytes | None = None, id_: UUID | None = None
) -> SeatRow | None:
    """The seat of an API key, found by its hash or by its id; None if it does not hold."""
    which = "key_hash = :digest" if digest is not None else "id = :id"
    return await _seat(tx, _KEYS.format(which=which), {"digest": digest, "id": id_, "now": now}, "api_key", now)


async def _seat(tx: AsyncSession, who: str, bound: Mapping[str, object], table: str, now: datetime) -> SeatRow | None:
    row = (await tx.execute(text(f"WITH who AS ({who}) {_SEAT} {_HOLDS}"), bound)).first()
    if row is None:
        return None
    seat = SeatRow(*row)
    if seat.used_at is None or now - seat.used_at > TOUCH_EVERY:
        await tx.execute(text(f"UPDATE {table} SET used_at = :now WHERE id = :id"), {"now": now, "id": seat.id})
    return seat


async def that_hold(
    tx: AsyncSession, session_ids: Collection[UUID], now: datetime, idle: timedelta
) -> dict[UUID, tuple[UUID, Role]]:
    """Of these sessions, those that hold, with the tenant and role in which they sit; marks them as used: somebody has
    a page of theirs open.
    """
    ids = list(session_ids)
    bound = {"ids": ids, "now": now, "idle": now - idle}
    rows = await tx.execute(
        text(f"WITH who AS ({_SESSIONS.format(which='id = ANY(:ids)')}) SELECT who.id, t.id, {_ROLE} {_HOLDS}"), bound
    )
    found = {id_: (tenant_id, Role(role)) for id_, tenant_id, role in rows.all()}
    await tx.execute(
        text("UPDATE web_session SET used_at = :now WHERE id = ANY(:ids) AND used_at < :before"),
        {"ids": sorted(found), "now": now, "before": now - TOUCH_EVERY},
    )
    return found
