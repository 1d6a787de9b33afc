"""A person's own account: names, looks, password, notifications."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from actions.password_strength import weakness
from actions.passwords import has_password, hashed_in_turn
from actions.people.account_news import tell_of_password
from actions.people.credentials import check_own_password
from actions.people.newcomers import CONTACT_CHARS_MAX, LANGUAGES, NAME_CHARS_MAX, text_fault
from actions.people.seats import Seat
from actions.people.sessions import end_in
from actions.people.trail import note, tell
from domain.access import Intent, Viewer
from domain.notify import NotifyPrefs
from domain.refusals import Refusal, TryLater, Weakness
from domain.words import tidy
from storage.session import EVERY_TENANT, transaction
from storage.tables import Membership, Person

THEMES = frozenset({"system", "light", "dark"})


@dataclass(frozen=True, slots=True)
class Profile:
    login: str
    name: str
    contact: str
    has_password: bool
    """False for somebody who only ever came by an outer provider."""
    password_changed_at: datetime | None
    second_factor_since: datetime | None
    recovery_codes_left: int
    notify: NotifyPrefs
    """In the tenant in which the person sits now."""


async def profile(seat: Seat) -> Profile:
    """What the person's own page shows beside the seat."""
    async with transaction(EVERY_TENANT) as tx:
        row = (
            await tx.execute(
                text(
                    "SELECT p.login, p.name, p.contact, p.password_hash, p.password_changed_at, p.totp_since,"
                    " (SELECT count(*) FROM recovery_code c WHERE c.person_id = p.id AND c.used_at IS NULL),"
                    " coalesce(m.notify, '{}') FROM person p"
                    " LEFT JOIN membership m ON m.person_id = p.id AND m.tenant_id = :tenant WHERE p.id = :person"
                ),
                {"person": seat.viewer.person_id, "tenant": seat.viewer.tenant_id},
            )
        ).one()
    login, name, contact, hash_, changed_at, since, left, notify = row
    return Profile(login, name, contact, has_password(hash_), changed_at, since, left, NotifyPrefs.of(notify))


async def change_profile(seat: Seat, name: str, contact: str, now: datetime) -> Refusal | None:
    """NOT_ALLOWED, EMPTY (name), TOO_LONG."""
    if not seat.viewer.may(Intent.CHANGE_OWN_ACCOUNT):
        return Refusal.NOT_ALLOWED
    name, contact = tidy(name), tidy(contact)
    if fault := text_fault(name, NAME_CHARS_MAX) or (contact and text_fault(contact, CONTACT_CHARS_MAX)):
        return fault
    async with transaction(EVERY_TENANT) as tx:
        person = await tx.get_one(Person, seat.viewer.person_id, with_for_update=True)
        before, after = {"name": person.name, "contact": person.contact}, {"name": name, "contact": contact}
        person.name, person.contact = name, contact
        if before != after:
            await tell(tx, seat.viewer.tenant_id, person.id)
            await note(tx, seat.viewer, "change_profile", "person", person.id, name, before=before, after=after)
    return None


async def change_password(
    seat: Seat, old: str, new: str, address: str, now: datetime
) -> Refusal | TryLater | Weakness | None:
    """Sets a new password and ends the person's other sessions. NOT_ALLOWED, WRONG_CREDENTIALS: the old one is wrong.
    Whoever has none yet sets the first one.
    """
    if not seat.viewer.may(Intent.CHANGE_OWN_ACCOUNT):
        return Refusal.NOT_ALLOWED
    person_id = seat.viewer.person_id
    fault = await check_own_password(person_id, old, address, now)
    if fault is not None:
        return fault
    known = await profile(seat)
    if weak := await weakness(new, (known.login, known.name, known.contact, seat.tenant_name)):
        return weak
    hash_ = await hashed_in_turn(new)
    if isinstance(hash_, TryLater):
        return hash_
    async with transaction(EVERY_TENANT) as tx:
        await set_password(tx, person_id, hash_, now)
        ended = await end_in(tx, person_id, now, but=seat.session_id)
        await tell_of_password(tx, seat.viewer.tenant_id, person_id, now)
        after = {"ended_sessions": ended}
        await note(tx, seat.viewer, "change_password", "person", person_id, known.name, after=after)
    return None


async def set_password(tx: AsyncSession, person_id: UUID, hash_: str, now: datetime) -> None:
    """Stores a new hash as part of the caller's transaction; open reset links become useless."""
    await tx.execute(
        text(
            "UPDATE person SET password_hash = :hash, password_changed_at = :now, reset_asked_at = NULL WHERE id = :id"
        ),
        {"hash": hash_, "now": now, "id": person_id},
    )
    await tx.execute(
        text(
            "UPDATE password_reset SET revoked_at = :now"
            " WHERE person_id = :id AND used_at IS NULL AND revoked_at IS NULL"
        ),
        {"now": now, "id": person_id},
    )


async def set_look(
    viewer: Viewer, theme: str | None = None, language: str | None = None, own_digits: bool | None = None
) -> None:
    """Remembers a person's theme (`system`, `light`, `dark`), language (`en`, `hi`, `bn`) or digits; None keeps, and so
    does what is none of these.
    """
    bound = {
        "theme": theme if theme in THEMES else None,
        "language": language if language in LANGUAGES else None,
        "own_digits": own_digits,
        "id": viewer.person_id,
    }
    async with transaction(EVERY_TENANT) as tx:
        await tx.execute(
            text(
                "UPDATE person SET theme = coalesce(:theme, theme), language = coalesce(:language, language),"
                " own_digits = coalesce(:own_digits, own_digits) WHERE id = :id"
            ),
            bound,
        )


async def set_notify(seat: Seat, prefs: NotifyPrefs, now: datetime) -> Refusal | None:
    """Remembers what the person wants to be told about in this tenant. NOT_ALLOWED, NOT_POSSIBLE_NOW (as support)."""
    if not seat.viewer.may(Intent.CHANGE_OWN_ACCOUNT):
        return Refusal.NOT_ALLOWED
    key = {"tenant_id": seat.viewer.tenant_id, "person_id": seat.viewer.person_id}
    async with transaction(EVERY_TENANT) as tx:
        membership = await tx.get(Membership, key, with_for_update=True)
        if membership is None:
            return Refusal.NOT_POSSIBLE_NOW
        before, membership.notify = NotifyPrefs.of(membership.notify), prefs.as_stored()
        if before != prefs:
            was, is_ = before.as_stored(), prefs.as_stored()
            by = seat.viewer
            await note(tx, by, "set_notifications", "person", by.person_id, by.name, before=was, after=is_)
    return None
