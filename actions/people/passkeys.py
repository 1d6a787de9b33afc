"""A person's passkeys: made in their browser, listed, removed. Signing in by one is in passkey_sign_in."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select
from webauthn import generate_registration_options, options_to_json
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from actions.passwords import has_password
from actions.people.account_news import tell_of_passkey
from actions.people.credentials import check_own_password
from actions.people.newcomers import text_fault
from actions.people.passkey_answers import Asked, Purpose, judge_new, new_challenge, take_challenge
from actions.people.seats import Seat
from actions.people.trail import note
from domain.access import Intent
from domain.refusals import Refusal, TryLater
from domain.relying_party import RelyingParty
from domain.words import tidy
from storage.session import EVERY_TENANT, transaction
from storage.tables import Passkey, Person

NAME_CHARS_MAX = 60
PASSKEYS_MAX = 20
SHOWN_NAME = "PitPilot"
ASKED_FOR_MS = 120_000


@dataclass(frozen=True, slots=True)
class PasskeyRow:
    """One of a person's passkeys; it works at the host `rp_id` only."""

    id: UUID
    name: str
    rp_id: str
    is_synced: bool
    created_at: datetime
    used_at: datetime | None


async def passkeys_of(seat: Seat) -> list[PasskeyRow]:
    """The person's passkeys, the oldest first."""
    async with transaction(EVERY_TENANT) as tx:
        return [
            PasskeyRow(own.id, own.name, own.rp_id, own.is_synced, own.created_at, own.used_at)
            for own in await _of(tx, seat.viewer.person_id)
        ]


async def begin_passkey(
    seat: Seat, password: str, rp: RelyingParty, address: str, now: datetime
) -> Refusal | TryLater | Asked:
    """What the browser needs to make a passkey; nothing changes until `add_passkey`. The own password is asked for.
    NOT_ALLOWED, WRONG_CREDENTIALS, TOO_MANY.
    """
    if not seat.viewer.may(Intent.CHANGE_OWN_ACCOUNT):
        return Refusal.NOT_ALLOWED
    person_id = seat.viewer.person_id
    fault = await check_own_password(person_id, password, address, now)
    if fault is not None:
        return fault
    async with transaction(EVERY_TENANT) as tx:
        own = await _of(tx, person_id)
        if len(own) >= PASSKEYS_MAX:
            return Refusal.TOO_MANY
        person = await tx.get_one(Person, person_id)
        ticket, challenge = await new_challenge(tx, Purpose.ADD, person_id, now)
    options = generate_registration_options(
        rp_id=rp.id,
        rp_name=SHOWN_NAME,
        user_id=person_id.bytes,
        user_name=person.login,
        user_display_name=person.name,
        challenge=challenge,
        timeout=ASKED_FOR_MS,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=key.credential_id) for key in own if key.rp_id == rp.id],
    )
    return Asked(ticket, options_to_json(options))


async def add_passkey(
    seat: Seat, ticket: str, answer: str, name: str, rp: RelyingParty, now: datetime
) -> Refusal | PasskeyRow:
    """Stores the passkey that the browser has made; `answer` is its JSON. NOT_ALLOWED, EMPTY, TOO_LONG (name),
    PASSKEY_EXPIRED, PASSKEY_REFUSED, PASSKEY_KNOWN.
    """
    by = seat.viewer
    if not by.may(Intent.CHANGE_OWN_ACCOUNT):
        return Refusal.NOT_ALLOWED
    name = tidy(name)
    if fault := text_fault(name, NAME_CHARS_MAX):
        return fault
    asked = await take_challenge(ticket, now, Purpose.ADD)
    if asked is None or asked.person_id != by.person_id:
        return Refusal.PASSKEY_EXPIRED
    made = judge_new(answer, asked.challenge, rp)
    if isinstance(made, Refusal):
        return made
    row = PasskeyRow(uuid4(), name, rp.id, made.credential_backed_up, now, None)
    async with transaction(EVERY_TENANT) as tx:
        stored = await tx.scalar(
            text(
                "INSERT INTO passkey (id, person_id, credential_id, public_key, rp_id, sign_count, name, is_synced,"
                " created_at) VALUES (:id, :person, :credential, :key, :rp, :count, :name, :synced, :now)"
                " ON CONFLICT DO NOTHING RETURNING id"
            ),
            {
                "id": row.id,
                "person": by.person_id,
                "credential": made.credential_id,
                "key": made.credential_public_key,
                "rp": rp.id,
                "count": made.sign_count,
                "name": name,
                "synced": row.is_synced,
                "now": now,
            },
        )
        if stored is None:
            return Refusal.PASSKEY_KNOWN
        await tell_of_passkey(tx, by.tenant_id, by.person_id, name, now)
        await note(tx, by, "add_passkey", "person", by.person_id, by.name, after={"passkey": name, "host": rp.id})
    return row


async def remove_passkey(seat: Seat, passkey_id: UUID, now: datetime) -> Refusal | None:
    """From now on it opens nothing. NOT_ALLOWED, NOT_FOUND, LAST_WAY_IN."""
    by = seat.viewer
    if not by.may(Intent.CHANGE_OWN_ACCOUNT):
        return Refusal.NOT_ALLOWED
    async with transaction(EVERY_TENANT) as tx:
        person = await tx.get_one(Person, by.person_id, with_for_update=True)
        own = await _of(tx, person.id)
        found = next((one for one in own if one.id == passkey_id), None)
        if found is None:
            return Refusal.NOT_FOUND
        if len(own) == 1 and not has_password(person.password_hash) and not await _is_linked(tx, person.id):
            return Refusal.LAST_WAY_IN
        await tx.delete(found)
        before = {"passkey": found.name, "host": found.rp_id}
        await note(tx, by, "remove_passkey", "person", person.id, person.name, before=before)
    return None


async def count_passkeys(tx: AsyncSession, person_id: UUID) -> int:
    return int(await tx.scalar(text("SELECT count(*) FROM passkey WHERE person_id = :id"), {"id": person_id}) or 0)


async def forget_passkeys(tx: AsyncSession, person_id: UUID) -> int:
    """Removes all as part of the caller's transaction; returns how many there were."""
    rows = await tx.execute(text("DELETE FROM passkey WHERE person_id = :id RETURNING id"), {"id": person_id})
    return len(rows.all())


async def _of(tx: AsyncSession, person_id: UUID) -> list[Passkey]:
    rows = await tx.scalars(
        select(Passkey).where(Passkey.person_id == person_id).order_by(col(Passkey.created_at), col(Passkey.id))
    )
    return list(rows.all())


async def _is_linked(tx: AsyncSession, person_id: UUID) -> bool:
    found = text("SELECT EXISTS (SELECT 1 FROM oidc_identity WHERE person_id = :id)")
    return bool(await tx.scalar(found, {"id": person_id}))
