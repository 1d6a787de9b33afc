"""Sessions in the database: started by every way in, listed, ended one by one or all at once, moved between tenants."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from actions.people import signed
from actions.people.account_news import tell_of_new_place
from actions.people.cookies import DEVICE_LASTS
from actions.people.seats import SESSION_IDLE, SESSION_LONGEST, Door, Seat, session_of_access_token
from actions.people.secrets_once import digest, fresh
from actions.people.trail import note, tell
from domain.access import ALL_SCOPES, Role, Scope, Viewer
from domain.refusals import Refusal
from storage.session import EVERY_TENANT, transaction
from storage.tables import WebSession

ADDRESS_CHARS_MAX, AGENT_CHARS_MAX = 60, 200


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A fresh session: the token is shown once and only its hash is stored.

    `device` marks this browser as one that knew the password: kept in a cookie of its own (cookies.DEVICE) and given
    to later sign-ins, it keeps strangers' failures from slowing down its owner.
    """

    token: str
    viewer: Viewer
    expires_at: datetime
    device: str


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One of a person's open sessions."""

    id: UUID
    door: Door
    tenant_name: str
    address: str
    agent: str
    """The User-Agent header, at most 200 characters."""
    created_at: datetime
    used_at: datetime
    expires_at: datetime
    is_support: bool
    is_this: bool


@dataclass(frozen=True, slots=True)
class Chair:
    """A place that somebody may take: who, in which tenant, as what."""

    person_id: UUID
    name: str
    tenant_id: UUID
    role: Role


async def start_session(
    tx: AsyncSession,
    chair: Chair,
    address: str,
    agent: str,
    now: datetime,
    *,
    door: Door = Door.WEB,
    scopes: frozenset[Scope] = ALL_SCOPES,
) -> tuple[SignedIn, WebSession]:
    """The end of every way in: a session, as part of the caller's transaction, with its row in the audit trail."""
    token = fresh()
    session = WebSession(
        id=uuid4(),
        token_hash=digest(token),
        person_id=chair.person_id,
        tenant_id=chair.tenant_id,
        created_at=now,
        used_at=now,
        expires_at=now + SESSION_LONGEST,
        address=address[:ADDRESS_CHARS_MAX],
        agent=agent[:AGENT_CHARS_MAX],
        kind=door,
        scopes=[] if door is Door.WEB else sorted(scopes),
    )
    tx.add(session)
    await tx.flush()
    viewer = Viewer(chair.person_id, chair.name, chair.tenant_id, chair.role, scopes)
    await tell_of_new_place(tx, chair.tenant_id, chair.person_id, session.id, session.address, now)
    said = {"door": door, "agent": session.agent}
    await note(tx, viewer, "sign_in", "session", session.id, chair.name, after=said, address=address)
    device = signed.sign(signed.DEVICE, {"sub": str(chair.person_id), "jti": fresh()}, DEVICE_LASTS, now)
    return SignedIn(token, viewer, session.expires_at, device), session


async def sign_out(token: str, now: datetime) -> None:
    """Ends the session of a token. One that is unknown or has ended already is no error; an API key stays."""
    value: UUID | bytes | None
    if "." in token:
        which, value = "s.id", session_of_access_token(token, now)
    else:
        which, value = "s.token_hash", digest(token)
    async with transaction(EVERY_TENANT) as tx:
        row = (
            await tx.execute(
                text(
                    f"UPDATE web_session s SET ended_at = :now FROM person p WHERE {which} = :value"
                    " AND p.id = s.person_id AND s.ended_at IS NULL RETURNING s.id, s.person_id, p.name, s.tenant_id"
                ),
                {"value": value, "now": now},
            )
        ).first()
        if row is not None:
            session_id, person_id, name, tenant_id = row
            await tell(tx, tenant_id, person_id)
            by = Viewer(person_id, name, tenant_id, Role.MEMBER)
            await note(tx, by, "sign_out", "session", session_id, name)


async def sessions_of(seat: Seat, now: datetime) -> list[SessionRow]:
    """The person's open sessions in every tenant, this one first, then the last used."""
    async with transaction(EVERY_TENANT) as tx:
        rows = await tx.execute(
            text(
                "SELECT s.id, s.kind, t.name, s.address, s.agent, s.created_at, s.used_at, s.expires_at, s.is_support,"
                " s.id = :this FROM web_session s JOIN tenant t ON t.id = s.tenant_id WHERE s.person_id = :person"
                " AND s.ended_at IS NULL AND s.expires_at > :now AND s.used_at > :idle"
                " ORDER BY s.id = :this DESC, s.used_at DESC, s.id"
            ),
            {"this": seat.session_id, "person": seat.viewer.person_id, "now": now, "idle": now - SESSION_IDLE},
        )
    return [SessionRow(id_, Door(kind), *rest) for id_, kind, *rest in rows.all()]


async def end_session(seat: Seat, session_id: UUID, now: datetime) -> Refusal | None:
    """Ends one of the person's own sessions (also this one): its open pages are led to the sign-in. NOT_FOUND."""
    async with transaction(EVERY_TENANT) as tx:
        ended = await end_in(tx, seat.viewer.person_id, now, only=session_id)
        if not ended:
            return Refusal.NOT_FOUND
        await note(tx, seat.viewer, "end_session", "session", session_id, seat.viewer.name)
    return None


async def end_sessions(seat: Seat, now: datetime, *, this_too: bool = False) -> int:
    """Ends all of the person's sessions but this one (or this one too); returns how many."""
    async with transaction(EVERY_TENANT) as tx:
        ended = await end_in(tx, seat.viewer.person_id, now, but=None if this_too else seat.session_id)
        if ended:
            by = seat.viewer
            await note(tx, by, "end_sessions", "person", by.person_id, by.name, after={"ended_sessions": ended})
    return ended


async def end_in(
    tx: AsyncSession,
    person_id: UUID,
    now: datetime,
    *,
    only: UUID | None = None,
    but: UUID | None = None,
    tenant_id: UUID | None = None,
    as_support: bool = False,
) -> int:
    """Ends a person's sessions (only one, all but one, or those in one tenant, with `as_support` also those as support
    in others) and announces it, as part of the caller's transaction; returns how many.
    """
    rows = await tx.execute(
        text(
            "UPDATE web_session SET ended_at = :now WHERE person_id = :person AND ended_at IS NULL"
            " AND (CAST(:only AS uuid) IS NULL OR id = :only) AND (CAST(:but AS uuid) IS NULL OR id <> :but)"
            " AND (CAST(:tenant AS uuid) IS NULL OR tenant_id = :tenant OR (:as_support AND is_support))"
            " RETURNING tenant_id"
        ),
        {
            "now": now, "person": person_id, "only": only, "but": but, "tenant": tenant_id, "as_support": as_support,
        },
    )  # fmt: skip
    tenants = [row[0] for row in rows.all()]
    for each in sorted(set(tenants)):
        await tell(tx, each, person_id)
    return len(tenants)


async def switch_tenant(seat: Seat, tenant_id: UUID, now: datetime) -> Refusal | None:
    """Moves this session to another tenant of the person's (`seat.memberships`); other open pages of the session
    load again. NOT_FOUND.
    """
    if tenant_id not in {own.tenant_id for own in seat.memberships}:
        return Refusal.NOT_FOUND
    async with transaction(EVERY_TENANT) as tx:
        await move(tx, seat, tenant_id, is_support=False)
        role = next(own.role for own in seat.memberships if own.tenant_id == tenant_id)
        by = Viewer(seat.viewer.person_id, seat.viewer.name, tenant_id, role)
        before, after = {"tenant_id": seat.viewer.tenant_id}, {"tenant_id": tenant_id}
        await note(tx, by, "switch_tenant", "session", seat.session_id, by.name, before=before, after=after)
    return None


async def move(tx: AsyncSession, seat: Seat, tenant_id: UUID, *, is_support: bool) -> None:
    """Lets a session sit in another tenant; the caller has asked whether it may."""
    await tx.execute(
        text("UPDATE web_session SET tenant_id = :tenant, is_support = :support WHERE id = :id AND ended_at IS NULL"),
        {"tenant": tenant_id, "support": is_support, "id": seat.session_id},
    )
    await tell(tx, seat.viewer.tenant_id, seat.viewer.person_id)
