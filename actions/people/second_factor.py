"""The second factor: codes of an authenticator app (TOTP, RFC 6238) and recovery codes for the day it is lost.

The app's secret is sealed with a key of the installation; recovery codes are stored as hashes made with another.
"""

import base64
import hashlib
import hmac
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

import pyotp
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from actions import keys
from actions.people import throttle
from actions.people.credentials import check_own_password, paces_of
from actions.people.seats import Seat
from actions.people.trail import note
from domain.access import Intent
from domain.refusals import Refusal, TryLater
from storage.session import EVERY_TENANT, transaction
from storage.tables import Person, RecoveryCode

RECOVERY_CODES = 10
RECOVERY_BYTES = 10  # 80 bits, 16 characters
STEPS_OFF_MAX = 1  # of 30 s each: a telephone's clock may be so far off (RFC 6238, 5.2)
SECRET_PURPOSE, RECOVERY_PURPOSE = "authenticator secrets", "recovery codes"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an authenticator app needs: the secret to type, or the `otpauth://` address to show as a QR code."""

    secret: str
    uri: str


async def begin_second_factor(seat: Seat, password: str, address: str, now: datetime) -> Refusal | TryLater | Enrolment:
    """Prepares a new secret; nothing changes until `confirm_second_factor`. The own password is asked for (whoever
    signs in by an outer provider only has none). NOT_ALLOWED, WRONG_CREDENTIALS, SECOND_FACTOR_ON.
    """
    if not seat.viewer.may(Intent.CHANGE_OWN_ACCOUNT):
        return Refusal.NOT_ALLOWED
    fault = await check_own_password(seat.viewer.person_id, password, address, now)
    if fault is not None:
        return fault
    secret = pyotp.random_base32()
    async with transaction(EVERY_TENANT) as tx:
        person = await _lock(tx, seat.viewer.person_id)
        if person.totp_since is not None:
            return Refusal.SECOND_FACTOR_ON
        person.totp_secret = keys.seal(SECRET_PURPOSE, secret.encode(), person.id)
        person.totp_last_step = None
    uri = pyotp.TOTP(secret).provisioning_uri(name=person.login, issuer_name="PitPilot")
    return Enrolment(secret, uri)


async def confirm_second_factor(seat: Seat, code: str, now: datetime) -> Refusal | TryLater | tuple[str, ...]:
    """Switches it on with a first code; returns the recovery codes, which are shown once. NOT_ALLOWED, WRONG_CODE,
    SECOND_FACTOR_ON, NOT_POSSIBLE_NOW (not begun).
    """
    async with transaction(EVERY_TENANT) as tx:
        person = await _lock(tx, seat.viewer.person_id)
        if person.totp_since is not None:
            return Refusal.SECOND_FACTOR_ON
        if person.totp_secret is None:
            return Refusal.NOT_POSSIBLE_NOW
    fault = await _judge(seat, code, now, is_first=True)
    if fault is not None:
        return fault
    async with transaction(EVERY_TENANT) as tx:
        person = await _lock(tx, seat.viewer.person_id)
        person.totp_since = now
        codes = await _renew_codes(tx, person.id)
        after = {"second_factor_since": now}
        await note(tx, seat.viewer, "switch_on_second_factor", "person", person.id, person.name, after=after)
    return codes


async def new_recovery_codes(seat: Seat, code: str, now: datetime) -> Refusal | TryLater | tuple[str, ...]:
    """Replaces the recovery codes; needs a code of the app or an old recovery code. NOT_ALLOWED, WRONG_CODE,
    SECOND_FACTOR_OFF.
    """
    fault = await _judge(seat, code, now)
    if fault is not None:
        return fault
    async with transaction(EVERY_TENANT) as tx:
        await _lock(tx, seat.viewer.person_id)
        codes = await _renew_codes(tx, seat.viewer.person_id)
        await note(tx, seat.viewer, "renew_recovery_codes", "person", seat.viewer.person_id, seat.viewer.name)
    return codes


async def end_second_factor(seat: Seat, code: str, now: datetime) -> Refusal | TryLater | None:
    """Switches it off; needs a code of the app or a recovery code. NOT_ALLOWED, WRONG_CODE, SECOND_FACTOR_OFF."""
    fault = await _judge(seat, code, now)
    if fault is not None:
        return fault
    async with transaction(EVERY_TENANT) as tx:
        since = await forget_second_factor(tx, seat.viewer.person_id)
        by, before = seat.viewer, {"second_factor_since": since}
        await note(tx, by, "switch_off_second_factor", "person", by.person_id, by.name, before=before)
    return None


async def forget_second_factor(tx: AsyncSession, person_id: UUID) -> datetime | None:
    """Removes secret and recovery codes as part of the caller's transaction; returns since when it was on."""
    person = await _lock(tx, person_id)
    since, person.totp_since, person.totp_secret, person.totp_last_step = person.totp_since, None, None, None
    await tx.execute(text("DELETE FROM recovery_code WHERE person_id = :id"), {"id": person_id})
    return since


async def check_code(
    person_id: UUID, code: str, address: str, now: datetime, *, is_known: bool, is_first: bool = False
) -> Refusal | TryLater | None:
    """Judges a code, slowly for whoever guesses; a right one is used up. WRONG_CODE. `is_first`: before it is on."""
    paces, own = paces_of(f"code {person_id}", None, address, "", is_known, now)
    attempt = await throttle.attempt(paces, now)
    if isinstance(attempt, TryLater):
        return attempt
    async with transaction(EVERY_TENANT) as tx:
        person = await _lock(tx, person_id)
        if not (_is_of_the_app(person, code, now) or (not is_first and await _is_recovery(tx, person_id, code, now))):
            return Refusal.WRONG_CODE
        await throttle.forgive(tx, attempt, clear=own)
    return None


async def _judge(seat: Seat, code: str, now: datetime, *, is_first: bool = False) -> Refusal | TryLater | None:
    if not seat.viewer.may(Intent.CHANGE_OWN_ACCOUNT):
        return Refusal.NOT_ALLOWED
    person_id = seat.viewer.person_id
    if not is_first:
        async with transaction(EVERY_TENANT) as tx:
            if await tx.scalar(text("SELECT totp_since FROM person WHERE id = :id"), {"id": person_id}) is None:
                return Refusal.SECOND_FACTOR_OFF
    return await check_code(person_id, code, str(seat.session_id), now, is_known=True, is_first=is_first)


def _is_of_the_app(person: Person, code: str, now: datetime) -> bool:
    """Whether it is a code of now that was not used yet; remembers its time step, so that it works once."""
    if person.totp_secret is None:
        return False
    totp = pyotp.TOTP(keys.unseal(SECRET_PURPOSE, person.totp_secret, person.id).decode())
    said, now_step = _normal(code), totp.timecode(now)
    for step in range(now_step - STEPS_OFF_MAX, now_step + STEPS_OFF_MAX + 1):
        is_fresh = person.totp_last_step is None or step > person.totp_last_step
        if is_fresh and hmac.compare_digest(totp.generate_otp(step).encode(), said.encode()):
            person.totp_last_step = step
            return True
    return False


async def _is_recovery(tx: AsyncSession, person_id: UUID, code: str, now: datetime) -> bool:
    used = await tx.execute(
        text(
            "UPDATE recovery_code SET used_at = :now WHERE person_id = :person AND code_hash = :hash"
            " AND used_at IS NULL RETURNING id"
        ),
        {"now": now, "person": person_id, "hash": _hash(person_id, _normal(code))},
    )
    return used.first() is not None


async def _renew_codes(tx: AsyncSession, person_id: UUID) -> tuple[str, ...]:
    await tx.execute(text("DELETE FROM recovery_code WHERE person_id = :id"), {"id": person_id})
    codes = [base64.b32encode(secrets.token_bytes(RECOVERY_BYTES)).decode().lower() for _ in range(RECOVERY_CODES)]
    tx.add_all(RecoveryCode(id=uuid4(), person_id=person_id, code_hash=_hash(person_id, code)) for code in codes)
    return tuple("-".join(code[i : i + 4] for i in range(0, len(code), 4)) for code in codes)


def _hash(person_id: UUID, code: str) -> bytes:
    return hmac.new(keys.key(RECOVERY_PURPOSE), person_id.bytes + code.encode(), hashlib.sha256).digest()


def _normal(code: str) -> str:
    """As people type it: in groups, in capitals, in the digits of their own script."""
    said = (str(unicodedata.decimal(c, c)) for c in code[:100] if not c.isspace() and c != "-")
    return "".join(said).lower()


async def _lock(tx: AsyncSession, person_id: UUID) -> Person:
    person = await tx.get(Person, person_id, with_for_update=True)
    if person is None:
        raise LookupError(f"no person {person_id}: nobody is ever deleted")
    return person
