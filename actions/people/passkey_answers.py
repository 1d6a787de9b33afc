"""What passkeys are asked and what they answer (WebAuthn): challenges that work once and soon, answers that are judged.

A challenge is stored until its first answer, right or wrong; its ticket, which the browser or the open page keeps,
finds it again. The rules of a correct answer are py_webauthn's; the person must have been verified (finger, face, PIN).
"""

import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from webauthn import verify_authentication_response, verify_registration_response
from webauthn.authentication.verify_authentication_response import VerifiedAuthentication
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.registration.verify_registration_response import VerifiedRegistration

from actions.people.secrets_once import digest, fresh
from domain.refusals import Refusal
from domain.relying_party import RelyingParty
from storage.session import EVERY_TENANT, transaction
from storage.tables import Passkey

CHALLENGE_LASTS = timedelta(minutes=5)
CHALLENGE_BYTES = 32
ANSWER_CHARS_MAX = 6_000  # the longest of real authenticators have about 2,000
log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

_NOT_AN_ANSWER = (WebAuthnException, ValueError, TypeError, KeyError, AttributeError, RecursionError)
"""All the ways in which py_webauthn says that an answer is wrong, or is none at all."""


class Purpose(StrEnum):
    ADD = "add"
    SIGN_IN = "sign_in"
    SECOND_STEP = "second_step"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question to a browser: `options` is JSON for `navigator.credentials`, `ticket` goes back with the answer."""

    ticket: str
    options: str


@dataclass(frozen=True, slots=True)
class Challenge:
    """What was asked, and of whom; nobody in particular when somebody signs in."""

    purpose: Purpose
    challenge: bytes
    person_id: UUID | None


async def new_challenge(tx: AsyncSession, purpose: Purpose, person_id: UUID | None, now: datetime) -> tuple[str, bytes]:
    """Stores a fresh challenge as part of the caller's transaction; returns its ticket and what is to be signed."""
    ticket, challenge = fresh(), secrets.token_bytes(CHALLENGE_BYTES)
    await tx.execute(
        text(
            "INSERT INTO passkey_challenge (ticket_hash, purpose, challenge, person_id, expires_at)"
            " VALUES (:hash, :purpose, :challenge, :person, :until)"
        ),
        {
            "hash": digest(ticket),
            "purpose": purpose,
            "challenge": challenge,
            "person": person_id,
            "until": now + CHALLENGE_LASTS,
        },
    )
    return ticket, challenge


async def take_challenge(ticket: str, now: datetime, *purposes: Purpose) -> Challenge | None:
    """The challenge of a ticket, which is used up by this; None if there is none, or it expired or was for something
    else.
    """
    async with transaction(EVERY_TENANT) as tx:
        row = (
            await tx.execute(
                text(
                    "DELETE FROM passkey_challenge WHERE ticket_hash = :hash"
                    " RETURNING purpose, challenge, person_id, expires_at"
                ),
                {"hash": digest(ticket)},
            )
        ).first()
    if row is None or row.expires_at <= now or row.purpose not in purposes:
        return None
    return Challenge(Purpose(row.purpose), row.challenge, row.person_id)


def judge_new(answer: str, challenge: bytes, rp: RelyingParty) -> Refusal | VerifiedRegistration:
    """Judges what a browser says of a passkey that it has just made. PASSKEY_REFUSED."""
    if len(answer) > ANSWER_CHARS_MAX:
        return Refusal.PASSKEY_REFUSED
    try:
        return verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=rp.id,
            expected_origin=rp.origin,
            require_user_verification=True,
        )
    except _NOT_AN_ANSWER as fault:
        return _refused(fault)


def judge(answer: str, challenge: bytes, rp: RelyingParty, passkey: Passkey) -> Refusal | VerifiedAuthentication:
    """Judges what a passkey has signed; also that it counted on since the last time. PASSKEY_REFUSED."""
    try:
        user = json.loads(answer)["response"].get("userHandle")
        if user is not None and base64url_to_bytes(user) != passkey.person_id.bytes:
            return Refusal.PASSKEY_REFUSED
        return verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=rp.id,
            expected_origin=rp.origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
    except _NOT_AN_ANSWER as fault:
        return _refused(fault)


def credential_of(answer: str) -> bytes | None:
    """Which passkey an answer says that it is of; None if it is no answer."""
    if len(answer) > ANSWER_CHARS_MAX:
        return None
    try:
        return base64url_to_bytes(json.loads(answer)["rawId"])
    except _NOT_AN_ANSWER:
        return None


def _refused(fault: Exception) -> Refusal:
    log.info("passkey refused", why=type(fault).__name__, error=str(fault)[:200])
    return Refusal.PASSKEY_REFUSED
