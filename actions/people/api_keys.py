"""Personal API keys for integrations: `ppk_…`, with scopes, revocable, never more than their person may."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import col, select

from actions.people.newcomers import NAME_CHARS_MAX, text_fault
from actions.people.seats import KEY_START, Seat
from actions.people.secrets_once import digest, fresh
from actions.people.trail import note, tell
from domain.access import Intent, Scope
from domain.refusals import Refusal
from storage.session import EVERY_TENANT, transaction
from storage.tables import ApiKey

KEYS_MAX = 20  # that work, of one person in one tenant
KEY_LASTS_MAX = timedelta(days=730)
KEY_SCOPES = frozenset({Scope.READ, Scope.OPERATE, Scope.MANAGE})
SHOWN_CHARS = len(KEY_START) + 6


@dataclass(frozen=True, slots=True)
class NewKey:
    """The key is shown once and only its hash is stored."""

    id: UUID
    key: str
    start: str
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class KeyRow:
    id: UUID
    name: str
    start: str
    """The key's first characters, by which its holder knows it again."""
    scopes: frozenset[Scope]
    created_at: datetime
    used_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None


async def make_key(
    seat: Seat, name: str, scopes: frozenset[Scope], lasts: timedelta | None, now: datetime
) -> Refusal | NewKey:
    """A key for the person in this tenant; None lasts until it is revoked. NOT_ALLOWED (also for support and for scopes
    beyond KEY_SCOPES), EMPTY (name, or no scope), TOO_LONG (name or `lasts`), TOO_MANY.
    """
    by = seat.viewer
    if not by.may(Intent.MANAGE_OWN_KEYS) or seat.is_support or not scopes <= KEY_SCOPES:
        return Refusal.NOT_ALLOWED
    name = name.strip()
    if fault := text_fault(name, NAME_CHARS_MAX):
        return fault
    if not scopes or (lasts is not None and lasts <= timedelta(0)):
        return Refusal.EMPTY
    if lasts is not None and lasts > KEY_LASTS_MAX:
        return Refusal.TOO_LONG
    key = KEY_START + fresh()
    expires_at = now + lasts if lasts is not None else None
    async with transaction(EVERY_TENANT) as tx:
        mine = await tx.scalars(_of(seat).where(col(ApiKey.revoked_at).is_(None)))
        if len([row for row in mine.all() if row.expires_at is None or row.expires_at > now]) >= KEYS_MAX:
            return Refusal.TOO_MANY
        row = ApiKey(
            tenant_id=by.tenant_id,
            person_id=by.person_id,
            name=name,
            start=key[:SHOWN_CHARS],
            key_hash=digest(key),
            scopes=sorted(scopes),
            created_at=now,
            expires_at=expires_at,
        )
        tx.add(row)
        await tx.flush()
        after = {"scopes": scopes, "expires_at": expires_at}
        await note(tx, by, "make_api_key", "api_key", row.id, name, after=after)
    return NewKey(row.id, key, row.start, expires_at)


async def keys_of(seat: Seat) -> list[KeyRow]:
    """The person's keys in this tenant, the newest first; revoked ones too."""
    async with transaction(EVERY_TENANT) as tx:
        rows = await tx.scalars(_of(seat).order_by(col(ApiKey.created_at).desc(), col(ApiKey.id)))
    return [
        KeyRow(
            id=row.id,
            name=row.name,
            start=row.start,
            scopes=frozenset(Scope(scope) for scope in row.scopes),
            created_at=row.created_at,
            used_at=row.used_at,
            expires_at=row.expires_at,
            revoked_at=row.revoked_at,
        )
        for row in rows.all()
    ]


async def revoke_key(seat: Seat, key_id: UUID, now: datetime) -> Refusal | None:
    """NOT_ALLOWED, NOT_FOUND, ALREADY_SO."""
    by = seat.viewer
    if not by.may(Intent.MANAGE_OWN_KEYS):
        return Refusal.NOT_ALLOWED
    async with transaction(EVERY_TENANT) as tx:
        row = (await tx.scalars(_of(seat).where(ApiKey.id == key_id).with_for_update())).first()
        if row is None:
            return Refusal.NOT_FOUND
        if row.revoked_at is not None:
            return Refusal.ALREADY_SO
        row.revoked_at = now
        await tell(tx, by.tenant_id, by.person_id)
        await note(tx, by, "revoke_api_key", "api_key", row.id, row.name, after={"revoked_at": now})
    return None


def _of(seat: Seat):  # type: ignore[no-untyped-def]  # SQLModel's own type of a select of one class
    by = seat.viewer
    return select(ApiKey).where(ApiKey.person_id == by.person_id, ApiKey.tenant_id == by.tenant_id)
