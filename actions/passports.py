"""Environment passports: made for each job that is complete, signed by a key of its tenant, ended and made anew by the
owner with a reason, checked by whoever holds one.
"""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import structlog
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy.ext.asyncio import AsyncSession

from actions import audit, keys
from actions.announce import Announcement, Topic, announce
from actions.passport_records import record_of
from domain.access import Intent, Viewer
from domain.jobs.moves import REASON_CHARS
from domain.passport import Unreadable, Verdict, canonical, file_digest, open_envelope, open_file, sign_file
from domain.refusals import Refusal
from storage import job_rows, passports
from storage.passports import Due, PassportRow
from storage.session import EVERY_TENANT, transaction

SEAL = "passport key"
LOOK_EVERY_S = 2.0
RETRY_FIRST_S, RETRY_LONGEST_S = 15, 3_600
PDF_BEGINS = b"%PDF-"
log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


async def make_for_ever() -> None:
    while True:
        while await make_next(datetime.now(UTC)):
            pass
        await asyncio.sleep(LOOK_EVERY_S)


async def make_next(now: datetime) -> bool:
    """Makes one passport that is due; False: none is. What can't be made is tried again after a growing wait."""
    async with transaction(EVERY_TENANT) as tx:
        due = await passports.lock_due(tx, now)
        if due is None:
            return False
        try:
            async with tx.begin_nested():
                await _make(tx, due, now)
        except Exception as fault:  # whatever it is: the others go on, and this one is tried again
            wait_s = min(RETRY_FIRST_S << min(due.attempts, 20), RETRY_LONGEST_S)
            log.exception("a passport could not be made", job=str(due.job_id), again_s=wait_s)
            await passports.failed(tx, due, now + timedelta(seconds=wait_s), type(fault).__name__)
    return True


async def _make(tx: AsyncSession, due: Due, now: datetime) -> None:
    """Does nothing if the job has one that holds: two processes at once make one."""
    tenant_id, job_id = due.tenant_id, due.job_id
    await job_rows.lock(tx, tenant_id, job_id)
    before = await passports.of_job(tx, tenant_id, job_id)
    record = await record_of(tx, tenant_id, job_id, now)
    if record is not None and (before is None or before.revoked_at is not None):
        key = await _key_of(tx, tenant_id, now)
        public = key.public_key().public_bytes_raw()
        row = PassportRow(
            uuid4(), tenant_id, job_id, record, key.sign(canonical(record)), public, now, None, None, None
        )  # fmt: skip
        await passports.add(tx, row, before.id if before else None)
        await announce(tx, Announcement(Topic.JOB, tenant_id, id=str(job_id)))
    await passports.done(tx, due)


async def _key_of(tx: AsyncSession, tenant_id: UUID, now: datetime) -> Ed25519PrivateKey:
    """The tenant's signing key, made when it is first needed. In a transaction that sees every tenant."""
    found = await passports.key_of(tx, tenant_id)
    if found is None:
        made = Ed25519PrivateKey.generate()
        sealed = keys.seal(SEAL, made.private_bytes_raw(), tenant_id)
        await passports.add_key(tx, tenant_id, made.public_key().public_bytes_raw(), sealed, now)
        found = await passports.key_of(tx, tenant_id)  # another transaction may have been first
        if found is None:
            raise LookupError("the key that was just stored is not there")
    return Ed25519PrivateKey.from_private_bytes(keys.unseal(SEAL, found[1], tenant_id))


async def revoke(job_id: UUID, why: str, by: Viewer, now: datetime, *, again: bool) -> Refusal | None:
    """Ends the job's passport: its check page says so with the reason. With `again`, a new one takes its place soon.
    Locks the job. NOT_ALLOWED, NOT_FOUND, EMPTY (no reason), TOO_LONG, ALREADY_SO (none holds).
    """
    if not by.may(Intent.MANAGE_PASSPORTS):
        return Refusal.NOT_ALLOWED
    if not why.strip() or "\0" in why:
        return Refusal.EMPTY
    if len(why) > REASON_CHARS:
        return Refusal.TOO_LONG
    async with transaction(EVERY_TENANT) as tx:  # the web can't change a passport
        locked = await job_rows.lock(tx, by.tenant_id, job_id)
        if locked is None:
            return Refusal.NOT_FOUND
        row = await passports.of_job(tx, by.tenant_id, job_id)
        if row is None or row.revoked_at is not None:
            return Refusal.ALREADY_SO
        await passports.revoke(tx, by.tenant_id, row.id, why.strip(), now)
        if again:
            await passports.ask_for(tx, by.tenant_id, job_id, now)
        await _tell(tx, by, "revoke_passport", locked.name, row.id, job_id, {"reason": why.strip(), "again": again})
    return None


async def issue(job_id: UUID, by: Viewer, now: datetime) -> Refusal | None:
    """Has a passport made for a job that has none which holds. NOT_ALLOWED, NOT_FOUND, ALREADY_SO (one holds or is
    being made), NOT_POSSIBLE_NOW (the job is not complete).
    """
    if not by.may(Intent.MANAGE_PASSPORTS):
        return Refusal.NOT_ALLOWED
    async with transaction(by.tenant_id) as tx:
        locked = await job_rows.lock(tx, by.tenant_id, job_id)
        if locked is None:
            return Refusal.NOT_FOUND
        if locked.job.completed_at is None:
            return Refusal.NOT_POSSIBLE_NOW
        row = await passports.of_job(tx, by.tenant_id, job_id)
        if (row is not None and row.revoked_at is None) or await passports.is_due(tx, by.tenant_id, job_id):
            return Refusal.ALREADY_SO
        await passports.ask_for(tx, by.tenant_id, job_id, now)
        await _tell(tx, by, "issue_passport", locked.name, job_id, job_id, {"job": str(job_id)})
    return None


async def _tell(
    tx: AsyncSession, by: Viewer, intent: str, name: str, thing: UUID, job_id: UUID, after: dict[str, Any]
) -> None:
    await announce(tx, Announcement(Topic.JOB, by.tenant_id, id=str(job_id)))
    await audit.record(
        tx,
        tenant_id=by.tenant_id,
        by=by,
        intent=intent,
        kind="passport",
        object_id=str(thing),
        object_name=name,
        before=None,
        after=after,
    )


async def of_job(job_id: UUID, by: Viewer) -> Refusal | PassportRow | None:
    """The job's passport: the one that holds, else the last one; None: there is none yet."""
    if not by.may(Intent.SEE_JOBS):
        return Refusal.NOT_ALLOWED
    async with transaction(by.tenant_id) as tx:
        if await job_rows.read(tx, by.tenant_id, job_id) is None:
            return Refusal.NOT_FOUND
        return await passports.of_job(tx, by.tenant_id, job_id)


@dataclass(frozen=True, slots=True)
class Checked:
    """What became of a check."""

    verdict: Verdict
    passport: PassportRow | None = None
    """As it is stored; None: unknown."""


async def check(passport_id: UUID) -> Checked:
    """A passport by its id alone, as anybody may ask. CHANGED: what is stored does not fit its signature any more."""
    async with transaction(EVERY_TENANT) as tx:
        row = await passports.by_id(tx, passport_id)
    if row is None:
        return Checked(Verdict.UNKNOWN)
    if not _fits(row.public_key, row.signature, canonical(row.record)):
        return Checked(Verdict.CHANGED, row)
    return Checked(Verdict.GENUINE if row.revoked_at is None else Verdict.REVOKED, row)


async def check_file(content: bytes) -> Checked:
    """A passport as a file: the JSON, or the PDF as it was loaded. CHANGED: a byte of it is another one. UNKNOWN: it
    names no passport of ours.
    """
    is_pdf = content.startswith(PDF_BEGINS)
    try:
        named = open_file(content).passport_id if is_pdf else open_envelope(content).passport_id
    except Unreadable:
        return Checked(Verdict.CHANGED)
    found = await check(named)
    if found.verdict is Verdict.CHANGED:
        return Checked(Verdict.CHANGED)  # and what is stored is no better
    if found.passport is None:
        return found
    is_whole = _pdf_fits(found.passport, content) if is_pdf else _json_fits(found.passport, content)
    return found if is_whole else Checked(Verdict.CHANGED, found.passport)


def _json_fits(row: PassportRow, content: bytes) -> bool:
    said = open_envelope(content)
    return said.record == row.record and said.signature == row.signature


def _pdf_fits(row: PassportRow, content: bytes) -> bool:
    said = open_file(content)
    return _fits(row.public_key, said.signature, file_digest(row.id, said.body))


def _fits(public: bytes, signature: bytes, signed: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, signed)
    except (InvalidSignature, ValueError):
        return False
    return True


async def signed_pdf(row: PassportRow, body: bytes, now: datetime) -> bytes:
    """A PDF with the tenant's signature over its bytes behind them."""
    async with transaction(EVERY_TENANT) as tx:
        key = await _key_of(tx, row.tenant_id, now)
    return sign_file(row.id, body, key.sign(file_digest(row.id, body)))
