"""Signing in by a passkey: instead of name and password, or instead of the second step's code.

A passkey is both steps in one: the device is had, and its finger, face or PIN was shown to it. So no code follows.
"""

from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select
from webauthn import generate_authentication_options, options_to_json
from webauthn.helpers.structs import PublicKeyCredentialDescriptor, UserVerificationRequirement

from actions.people import throttle
from actions.people.entrance import chair_of, person_of_step
from actions.people.passkey_answers import Asked, Purpose, credential_of, judge, new_challenge, take_challenge
from actions.people.passkeys import ASKED_FOR_MS
from actions.people.sessions import SignedIn, start_session
from domain.refusals import Refusal, TryLater
from domain.relying_party import RelyingParty
from domain.throttling import ADDRESS
from storage.session import EVERY_TENANT, transaction
from storage.tables import Passkey

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


async def ask_for_passkey(rp: RelyingParty, address: str, now: datetime) -> TryLater | Asked:
    """A question to whatever passkey somebody has for us; slowly for an address that asks and never answers."""
    asked = await throttle.attempt({_key(address): ADDRESS}, now)
    if isinstance(asked, TryLater):
        return asked
    async with transaction(EVERY_TENANT) as tx:
        ticket, challenge = await new_challenge(tx, Purpose.SIGN_IN, None, now)
    return _question(ticket, challenge, rp, [])


async def ask_as_second_step(step: str, rp: RelyingParty, now: datetime) -> Refusal | Asked:
    """A question to a passkey of the person whose password was right; `step` is SecondStep's ticket.
    SECOND_STEP_EXPIRED, NOT_FOUND (they have none for this host).
    """
    person_id = await person_of_step(step, now)
    if person_id is None:
        return Refusal.SECOND_STEP_EXPIRED
    async with transaction(EVERY_TENANT) as tx:
        own = await _credentials(tx, person_id, rp)
        if not own:
            return Refusal.NOT_FOUND
        ticket, challenge = await new_challenge(tx, Purpose.SECOND_STEP, person_id, now)
    return _question(ticket, challenge, rp, own)


async def may_use_passkey(step: str, rp: RelyingParty, now: datetime) -> bool:
    """Whether the person whose password was right has a passkey for this host."""
    person_id = await person_of_step(step, now)
    if person_id is None:
        return False
    async with transaction(EVERY_TENANT) as tx:
        return bool(await _credentials(tx, person_id, rp))


async def sign_in_by_passkey(
    ticket: str, answer: str, rp: RelyingParty, address: str, agent: str, now: datetime
) -> Refusal | SignedIn:
    """Judges the answer (JSON) to one of the questions above and starts a session. PASSKEY_EXPIRED, PASSKEY_REFUSED;
    then SUSPENDED, TENANT_PENDING, TENANT_DECLINED, TENANT_SUSPENDED.

    Locks the passkey's row, so that two answers with the same count can't both be right.
    """
    asked = await take_challenge(ticket, now, Purpose.SIGN_IN, Purpose.SECOND_STEP)
    if asked is None:
        return Refusal.PASSKEY_EXPIRED
    async with transaction(EVERY_TENANT) as tx:
        said = select(Passkey).where(Passkey.credential_id == credential_of(answer)).with_for_update()
        passkey = (await tx.scalars(said)).first()
        if passkey is None or asked.person_id not in (None, passkey.person_id):
            log.info("sign-in refused", address=address, why="no such passkey")
            return Refusal.PASSKEY_REFUSED
        verified = judge(answer, asked.challenge, rp, passkey)
        if isinstance(verified, Refusal):
            log.info("sign-in refused", address=address, why=verified)
            return verified
        passkey.sign_count, passkey.used_at = verified.new_sign_count, now
        passkey.is_synced = verified.credential_backed_up
        chair = await chair_of(tx, passkey.person_id)
        if isinstance(chair, Refusal):
            return chair
        await tx.execute(text("DELETE FROM throttle WHERE key = :key"), {"key": _key(address)})
        entered, _ = await start_session(tx, chair, address, agent, now)
    return entered


async def _credentials(tx: AsyncSession, person_id: UUID, rp: RelyingParty) -> list[bytes]:
    own = select(Passkey.credential_id).where(Passkey.person_id == person_id, Passkey.rp_id == rp.id)
    return list((await tx.scalars(own.order_by(col(Passkey.created_at)))).all())


def _question(ticket: str, challenge: bytes, rp: RelyingParty, credentials: list[bytes]) -> Asked:
    options = generate_authentication_options(
        rp_id=rp.id,
        challenge=challenge,
        timeout=ASKED_FOR_MS,
        allow_credentials=[PublicKeyCredentialDescriptor(id=credential) for credential in credentials],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return Asked(ticket, options_to_json(options))


def _key(address: str) -> str:
    return throttle.key_of("passkey", throttle.network_of(address))
