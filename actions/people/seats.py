"""Who a token stands for: a browser's session, a phone's access token or an integration's key, each checked against
the database, so that whoever was suspended a moment ago sits nowhere.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from actions.people import signed
from actions.people.secrets_once import digest
from domain.access import ALL_SCOPES, Role, Scope, Viewer
from storage import seats
from storage.session import EVERY_TENANT, transaction

SESSION_IDLE = timedelta(days=7)
SESSION_LONGEST = timedelta(days=30)
KEY_START = "ppk_"
TOKEN_CHARS_MAX = 2_000


class Door(StrEnum):
    """How somebody came in."""

    WEB = "web"
    PHONE = "phone"
    KEY = "key"
    """A personal API key."""


@dataclass(frozen=True, slots=True)
class TenantOfMine:
    """A tenant in which the person may sit down now."""

    tenant_id: UUID
    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class Seat:
    """A viewer with what pages need: the tenant's name and zone, the person's language, theme and digits.

    `session_id` is the API key's id if `door` is KEY. With `is_support` a super_admin sits in a tenant as its owner:
    pages show a banner with the way back (`tenants.leave_support`), and what is done is recorded under their name.
    """

    viewer: Viewer
    session_id: UUID
    tenant_name: str
    zone: str
    language: str
    theme: str
    has_workshop: bool
    has_pump: bool
    own_digits: bool = False
    """Numbers in the language's own digits."""
    is_support: bool = False
    is_platform: bool = False
    """The tenant is the platform's own."""
    door: Door = Door.WEB
    memberships: tuple[TenantOfMine, ...] = ()
    """Where the person may switch to, by name; the current tenant too, unless there as support."""


async def seat_of(token: str, now: datetime) -> Seat | None:
    """Returns who a session's token, an access token or an API key stands for; None if it is unknown, ended, expired,
    idle for too long, or if the person, the membership or the tenant is suspended.
    """
    if len(token) > TOKEN_CHARS_MAX:
        return None
    if "." in token:
        return await _seat_of_access_token(token, now)
    async with transaction(EVERY_TENANT) as tx:
        if token.startswith(KEY_START):
            row = await seats.by_key(tx, now, digest=digest(token))
        else:
            row = await seats.by_session(tx, now, SESSION_IDLE, digest=digest(token))
    return _seat(row)


async def still_seated(seat: Seat, now: datetime) -> Seat | None:
    """The same seat as it is now, without its token: for what stays open (sockets). None as in `seat_of`, or if the
    session has moved to another tenant.
    """
    return await seat_by_id(seat.session_id, seat.viewer.tenant_id, now, by_key=seat.door is Door.KEY)


async def seat_by_id(session_id: UUID, tenant_id: UUID, now: datetime, *, by_key: bool) -> Seat | None:
    """The seat of a session, or of an API key, as it is now; None as in `still_seated`."""
    async with transaction(EVERY_TENANT) as tx:
        if by_key:
            row = await seats.by_key(tx, now, id_=session_id)
        else:
            row = await seats.by_session(tx, now, SESSION_IDLE, id_=session_id)
    found = _seat(row)
    return found if found and found.viewer.tenant_id == tenant_id else None


async def seats_that_hold(session_ids: Collection[UUID], now: datetime) -> dict[UUID, tuple[UUID, Role]]:
    """Of the sessions of open pages, those that hold, with tenant and role; an open page counts as use."""
    if not session_ids:
        return {}
    async with transaction(EVERY_TENANT) as tx:
        return await seats.that_hold(tx, session_ids, now, SESSION_IDLE)


def session_of_access_token(token: str, now: datetime) -> UUID | None:
    """The session that an access token of ours names, whether it holds or not."""
    claims = signed.read(signed.ACCESS_TOKEN, token, now, "sid", "tid")
    return UUID(claims["sid"]) if claims else None


async def _seat_of_access_token(token: str, now: datetime) -> Seat | None:
    claims = signed.read(signed.ACCESS_TOKEN, token, now, "sid", "tid")
    if claims is None:
        return None
    async with transaction(EVERY_TENANT) as tx:
        row = await seats.by_session(tx, now, SESSION_IDLE, id_=UUID(claims["sid"]))
    # A token that was made before the session moved to another tenant must not act there.
    return _seat(row) if row is not None and str(row.tenant_id) == claims["tid"] else None


def _seat(row: seats.SeatRow | None) -> Seat | None:
    if row is None:
        return None
    door = Door(row.door)
    scopes = ALL_SCOPES if door is Door.WEB else frozenset(Scope(scope) for scope in row.scopes)
    return Seat(
        viewer=Viewer(row.person_id, row.name, row.tenant_id, Role(row.role), scopes),
        session_id=row.id,
        tenant_name=row.tenant_name,
        zone=row.zone,
        language=row.language,
        theme=row.theme,
        has_workshop=row.has_workshop,
        has_pump=row.has_pump,
        own_digits=row.own_digits,
        is_support=row.is_support,
        is_platform=row.is_platform,
        door=door,
        memberships=tuple(TenantOfMine(UUID(id_), name, Role(role)) for id_, name, role in row.memberships),
    )
