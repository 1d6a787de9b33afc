"""Firmware releases: uploaded and checked, listed with who runs what, withdrawn, offered to devices for download."""

import asyncio
import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from actions import release_key
from actions.people.trail import note as note_in_trail
from actions.release_key import WrongReleaseKey
from domain.access import Intent, Viewer
from domain.firmware import BundleFault, Channel, Manifest, open_envelope, read_manifest
from domain.refusals import Refusal
from domain.rollouts import REACHABLE
from storage import firmware, rollouts
from storage.firmware import Offered, ReleaseRow, VersionCount
from storage.session import EVERY_TENANT, transaction

NOTE_CHARS_MAX = 500
DOWNLOAD_PATH = "/api/v1/firmware/download/"
DOWNLOAD_LASTS = timedelta(hours=1)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Download:
    """What a device is told with the command `update`. `path` lies below the server's address."""

    version: str
    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Fleet:
    """All releases, the newest first, and who runs what."""

    releases: list[ReleaseRow]
    versions: list[VersionCount]


async def upload(by: Viewer, bundle: bytes, note: str, now: datetime) -> Refusal | BundleFault | UUID:
    """Keeps a bundle that the installation's release key has signed. NOT_ALLOWED, TOO_LONG (note), any BundleFault."""
    if not by.may(Intent.MANAGE_RELEASES):
        return Refusal.NOT_ALLOWED
    note = note.strip()
    if len(note) > NOTE_CHARS_MAX:
        return Refusal.TOO_LONG
    manifest = await asyncio.to_thread(_check, bundle)
    if isinstance(manifest, BundleFault):
        return manifest
    release_id, sha256 = uuid4(), hashlib.sha256(bundle).hexdigest()
    async with transaction(EVERY_TENANT) as tx:
        if not await firmware.add(tx, release_id, by.tenant_id, manifest, sha256, bundle, note, by.person_id, now):
            return BundleFault.VERSION_TAKEN
        after = {"version": manifest.version, "channel": manifest.channel, "sha256": sha256, "note": note}
        await note_in_trail(tx, by, "upload_release", "release", release_id, _name(manifest), after=after)
    return release_id


def _check(bundle: bytes) -> Manifest | BundleFault:
    envelope = open_envelope(bundle)
    if isinstance(envelope, BundleFault):
        return envelope
    try:
        key = release_key.public_key()
    except WrongReleaseKey as fault:
        log.error("the public release key can't be used", reason=str(fault))
        key = None
    if key is None:
        return BundleFault.NO_RELEASE_KEY
    return read_manifest(envelope) if release_key.is_signed(envelope, key) else BundleFault.UNTRUSTED


async def fleet(by: Viewer, now: datetime) -> Refusal | Fleet:
    """NOT_ALLOWED."""
    if not by.may(Intent.SEE_RELEASES):
        return Refusal.NOT_ALLOWED
    async with transaction(EVERY_TENANT) as tx:
        return Fleet(await firmware.releases(tx), await firmware.versions(tx, now - REACHABLE))


async def release(by: Viewer, release_id: UUID) -> Refusal | ReleaseRow:
    """NOT_ALLOWED, NOT_FOUND."""
    if not by.may(Intent.SEE_RELEASES):
        return Refusal.NOT_ALLOWED
    async with transaction(EVERY_TENANT) as tx:
        return await firmware.release(tx, release_id) or Refusal.NOT_FOUND


async def withdraw(by: Viewer, release_id: UUID, now: datetime) -> Refusal | None:
    """Takes a release out of use: no device gets it any more, those that run it go on. NOT_ALLOWED, NOT_FOUND,
    ALREADY_SO, NOT_POSSIBLE_NOW (a roll-out of it is not over).
    """
    return await _set_withdrawn(by, release_id, now, "withdraw_release")


async def restore(by: Viewer, release_id: UUID) -> Refusal | None:
    """Puts a withdrawn release back into use. NOT_ALLOWED, NOT_FOUND, ALREADY_SO."""
    return await _set_withdrawn(by, release_id, None, "restore_release")


async def _set_withdrawn(by: Viewer, release_id: UUID, at: datetime | None, intent: str) -> Refusal | None:
    if not by.may(Intent.MANAGE_RELEASES):
        return Refusal.NOT_ALLOWED
    async with transaction(EVERY_TENANT) as tx:
        row = await firmware.lock_release(tx, release_id)
        if row is None:
            return Refusal.NOT_FOUND
        if (row.withdrawn_at is None) is (at is None):
            return Refusal.ALREADY_SO
        if at is not None and await rollouts.has_open(tx, release_id):
            return Refusal.NOT_POSSIBLE_NOW
        await firmware.withdraw(tx, release_id, at)
        before, after = {"withdrawn_at": row.withdrawn_at}, {"withdrawn_at": at}
        name = f"{row.kind} {row.version}"
        await note_in_trail(tx, by, intent, "release", release_id, name, before=before, after=after)
    return None


async def offer(
    tx: AsyncSession, tenant_id: UUID, device_id: str, release_id: UUID, now: datetime
) -> Refusal | Download:
    """Opens a download of a release for one device, as a part of the caller's transaction, which sees every tenant.
    What the device was offered of other releases ends. NOT_FOUND: there is no such release, or it was withdrawn.
    """
    row = await firmware.release(tx, release_id)
    if row is None or row.withdrawn_at is not None:
        return Refusal.NOT_FOUND
    token = secrets.token_urlsafe(32)
    await firmware.offer(tx, _hash(token), tenant_id, device_id, release_id, now + DOWNLOAD_LASTS)
    return Download(row.version, DOWNLOAD_PATH + token, row.size, row.sha256)


async def fetch(token: str, now: datetime) -> Offered | None:
    """The bundle that a token was given out for; None if it was not, or not any more."""
    async with transaction(EVERY_TENANT) as tx:
        return await firmware.fetch(tx, _hash(token), now)


def is_beta(row: ReleaseRow) -> bool:
    return row.channel is Channel.BETA


def _name(manifest: Manifest) -> str:
    return f"{manifest.kind} {manifest.version}"


def _hash(token: str) -> bytes:
    """The token is random, so no slow hash is needed."""
    return hashlib.sha256(token.encode()).digest()
