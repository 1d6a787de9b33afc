"""Name and password judged: slowly for whoever guesses, and at the same pace whether there is such a person or not."""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text

from actions.passwords import crowded, has_password, verify
from actions.people import signed, throttle
from domain.refusals import Refusal, TryLater
from domain.throttling import ACCOUNT, ADDRESS, PAIR, Pace
from domain.words import is_line, tidy
from storage.session import EVERY_TENANT, transaction

LOGIN_CHARS_MAX = 120
PASSWORD_CHARS_MAX = 1_000
ADDRESS_KNOWN_FOR = timedelta(days=60)
IS_KNOWN = (
    "EXISTS (SELECT 1 FROM web_session s WHERE s.person_id = p.id AND s.address = :address AND s.address <> ''"
    " AND s.created_at > :since)"
)
"""Whether a person `p` signed in from an address before."""


@dataclass(frozen=True, slots=True)
class Account:
    """A person whose password was right, or whom an outer provider vouches for."""

    person_id: UUID
    name: str
    has_second_factor: bool
    password_changed_at: datetime | None


async def check_password(
    login: str, password: str, address: str, device: str, now: datetime
) -> Refusal | TryLater | Account:
    """Judges a name and a password. WRONG_CREDENTIALS.

    Whoever comes from an address or with a browser that this account was opened with before is slowed down by
    failures from there only, not by those of strangers.
    """
    began_s = time.monotonic()
    judged = await _judge(login, password, address, device, now)
    if judged is Refusal.WRONG_CREDENTIALS:
        await throttle.hold_back(began_s)
    return judged


async def _judge(login: str, password: str, address: str, device: str, now: datetime) -> Refusal | TryLater | Account:
    login = tidy(login)
    if len(login) > LOGIN_CHARS_MAX or len(password) > PASSWORD_CHARS_MAX or not is_line(login):
        return Refusal.WRONG_CREDENTIALS
    async with transaction(EVERY_TENANT) as tx:
        person = (
            await tx.execute(
                text(
                    "SELECT p.id, p.name, p.password_hash, p.totp_since IS NOT NULL, p.password_changed_at,"
                    f" {IS_KNOWN} FROM (SELECT 1) one LEFT JOIN person p ON lower(p.login) = lower(:login)"
                ),
                {"login": login, "address": address, "since": now - ADDRESS_KNOWN_FOR},
            )
        ).one()
    person_id, name, hash_, has_second_factor, changed_at, is_known = person
    paces, own = paces_of(login.lower(), person_id, address, device, is_known, now)
    known = list(paces) == [own]
    if later := crowded(known=known):
        return later
    attempt = await throttle.attempt(paces, now)
    if isinstance(attempt, TryLater):
        return attempt
    judged = await verify(password, hash_, known=known)
    if isinstance(judged, TryLater):
        return await _not_judged(attempt, judged)
    fits, better = judged
    if not fits:
        return Refusal.WRONG_CREDENTIALS
    async with transaction(EVERY_TENANT) as tx:
        await throttle.forgive(tx, attempt, clear=own)
        if better:
            await tx.execute(
                text("UPDATE person SET password_hash = :better WHERE id = :id AND password_hash = :old"),
                {"better": better, "id": person_id, "old": hash_},
            )
    return Account(person_id, name, has_second_factor, changed_at)


async def check_own_password(person_id: UUID, password: str, address: str, now: datetime) -> Refusal | TryLater | None:
    """Asks somebody who is signed in for the password again; whoever has none is not asked. WRONG_CREDENTIALS."""
    async with transaction(EVERY_TENANT) as tx:
        hash_ = await tx.scalar(text("SELECT password_hash FROM person WHERE id = :id"), {"id": person_id})
    if hash_ is None or not has_password(hash_):
        return None
    paces, own = paces_of(f"own {person_id}", None, address, "", True, now)
    attempt = await throttle.attempt(paces, now)
    if isinstance(attempt, TryLater):
        return attempt
    judged = await verify(password[:PASSWORD_CHARS_MAX], hash_, known=True)
    if isinstance(judged, TryLater):
        return await _not_judged(attempt, judged)
    if not judged[0]:
        return Refusal.WRONG_CREDENTIALS
    async with transaction(EVERY_TENANT) as tx:
        await throttle.forgive(tx, attempt, clear=own)
    return None


async def _not_judged(attempt: throttle.Attempt, later: TryLater) -> TryLater:
    """Too many were waiting: nobody has failed, so nothing is counted."""
    async with transaction(EVERY_TENANT) as tx:
        await throttle.forgive(tx, attempt)
    return later


def paces_of(
    account: str, person_id: UUID | None, address: str, device: str, is_known: bool, now: datetime
) -> tuple[dict[str, Pace], str]:
    """What slows an attempt down, and which of these keys is the person's own: cleared when they get it right.

    Whoever is known has no key but their own.
    """
    mark = signed.read(signed.DEVICE, device, now, "sub", "jti") if device else None
    if mark is not None and person_id is not None and mark["sub"] == str(person_id):
        own = throttle.key_of("device", mark["jti"], account)
        return {own: PAIR}, own
    network = throttle.network_of(address)
    own = throttle.key_of("pair", account, network)
    if is_known:
        return {own: PAIR}, own
    others = {throttle.key_of("account", account): ACCOUNT, throttle.key_of("address", network): ADDRESS}
    return {own: PAIR, **others}, own
