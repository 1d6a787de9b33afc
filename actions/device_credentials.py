"""What a device proves itself with: shown once, kept as hashes, replaced and taken away.

A device has a key for HTTP, and for the broker a password or a certificate, under its id; one that only speaks HTTP
has its key and nothing else. Whatever it is given takes the place of what it had; whatever it had is worth nothing from
the commit on (over HTTP at once, at the broker as soon as it has read its files again).
"""

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from actions import keys
from actions.device_authority import authority_of
from actions.device_certificates import DeviceKey, key_of_request, sign
from actions.device_trail import Deed, note
from domain.access import Intent, Viewer
from domain.broker_password import SALT_BYTES, hash_password
from domain.claims import Identity, Link
from domain.refusals import Refusal
from domain.tenancy import TenantStatus
from storage import devices
from storage.devices import Held
from storage.session import EVERY_TENANT, transaction

KEY_PREFIX = "pk_"
PASSWORD, CERTIFICATE, KEY = "password", "certificate", "key"  # kinds of credentials
SUPERSEDED, REVOKED = "superseded", "revoked"


class _Keeping:
    readable = False


@dataclass(frozen=True, slots=True)
class Credential:
    """What a device was just given; nobody can ask for it again.

    `certificate` is a chain in PEM, the device's own first. `key` is None where the device keeps the one that it has.
    """

    device_id: str
    tenant_id: UUID
    key: str | None = field(repr=False)
    password: str | None = field(repr=False)
    certificate: str | None = None
    valid_until: datetime | None = None


def keep_readable() -> None:
    """From now on keeps passwords sealed besides their hashes: the embedded broker compares plain ones."""
    _Keeping.readable = True


def keeps_readable() -> bool:
    """Whether passwords are kept sealed besides their hashes."""
    return _Keeping.readable


def readable(device_id: str, tenant_id: UUID, sealed: bytes) -> str:
    """A password that was kept sealed.

    Raises:
        actions.keys.Unsealable: it is another device's, or was sealed with another secret.
    """
    return keys.unseal(_seal(device_id), sealed, tenant_id).decode()


async def give(
    tx: AsyncSession, device: Held, request: DeviceKey | None, now: datetime, *, new_key: bool = True
) -> Credential:
    """Gives a locked device a password, or a certificate for the key of its request, in place of what it has; nothing
    but a key to one that only speaks HTTP.

    A certificate takes a transaction that sees every tenant.
    """
    await devices.revoke_certificates(tx, device.id, SUPERSEDED, now)
    key = KEY_PREFIX + secrets.token_urlsafe(32) if new_key else None
    if key is not None:
        await devices.change(tx, device.id, key_hash=hash_key(key))
    if device.link == Link.HTTP:
        await devices.change(tx, device.id, credential=KEY, mqtt_password_hash=None, mqtt_password_sealed=None)
        return Credential(device.id, device.tenant_id, key, None)
    if request is None:
        return await _give_password(tx, device, key)
    signed = sign(await authority_of(tx, device.tenant_id, now), device.id, device.tenant_id, request, now)
    await devices.add_certificate(tx, device, signed.serial, signed.not_before, signed.not_after, now)
    await devices.change(tx, device.id, credential=CERTIFICATE, mqtt_password_hash=None, mqtt_password_sealed=None)
    return Credential(device.id, device.tenant_id, key, None, signed.chain, signed.not_after)


async def take_away(tx: AsyncSession, device: Held, now: datetime) -> int:
    """Leaves a locked device nothing to come in with; returns how many open claim codes it had."""
    withdrawn = await devices.withdraw_codes(tx, device.id, now)
    await devices.revoke_certificates(tx, device.id, REVOKED, now)
    await devices.change(
        tx, device.id, credential=None, key_hash=None, mqtt_password_hash=None, mqtt_password_sealed=None,
        revoked_at=device.revoked_at or now,
    )  # fmt: skip
    return withdrawn


async def rotate(device_id: str, by: Viewer, now: datetime) -> Refusal | Credential:
    """Gives a device that comes in by password a new one, and a new key, for somebody to type in; one that comes in by
    its key a new key.

    Locks the device's row. A device with a certificate renews it by itself, or claims itself anew.
    """
    if not by.may(Intent.MANAGE_DEVICES):
        return Refusal.NOT_ALLOWED
    async with transaction(by.tenant_id) as tx:
        device = await devices.lock(tx, device_id)
        if device is None:
            return Refusal.NOT_FOUND
        if device.identity is not Identity.CLAIMED:
            return Refusal.NOT_CLAIMED
        if device.credential == CERTIFICATE:
            return Refusal.REQUEST_NEEDED
        given = await give(tx, device, None, now)
        await note(tx, Deed.ROTATE, device.tenant_id, device.id, device.name, by, None, {"credential": kind_of(given)})
    return given


async def renew(key: str, request_pem: str | None, now: datetime) -> Refusal | Credential:
    """Gives the device that has this key a new password, or a certificate for its request. The key stays: a device
    that loses the answer asks again.

    Locks the device's row. WRONG_CREDENTIALS: no device has this key.
    """
    request = key_of_request(request_pem) if request_pem is not None else None
    if request_pem is not None and request is None:
        return Refusal.REQUEST_UNUSABLE
    async with transaction(EVERY_TENANT) as tx:
        found = await devices.device_of_key(tx, hash_key(key))
        device = await devices.lock(tx, found) if found else None
        if device is None or await devices.device_of_key(tx, hash_key(key)) != device.id:  # it was changed meanwhile
            return Refusal.WRONG_CREDENTIALS
        if await devices.tenant_status(tx, device.tenant_id) != TenantStatus.ACTIVE:
            return Refusal.TENANT_SUSPENDED
        if device.link == Link.HTTP:
            return Refusal.KEY_ONLY
        if device.credential == CERTIFICATE and request is None:
            return Refusal.REQUEST_NEEDED
        given = await give(tx, device, request, now, new_key=False)
        after = {"credential": kind_of(given)}
        await note(tx, Deed.RENEW, device.tenant_id, device.id, device.name, None, None, after)
    return given


async def revoke(device_id: str, by: Viewer, now: datetime) -> Refusal | None:
    """Cuts a device off: its key, password, certificates and claim codes are worth nothing any more.

    Locks the device's row. ALREADY_SO: there was nothing left to take away.
    """
    if not by.may(Intent.MANAGE_DEVICES):
        return Refusal.NOT_ALLOWED
    async with transaction(by.tenant_id) as tx:
        device = await devices.lock(tx, device_id)
        if device is None:
            return Refusal.NOT_FOUND
        withdrawn = await take_away(tx, device, now)
        if device.identity is Identity.REVOKED and not withdrawn:
            return Refusal.ALREADY_SO
        before, after = {"identity": device.identity}, {"identity": Identity.REVOKED}
        await note(tx, Deed.REVOKE, device.tenant_id, device.id, device.name, by, before, after)
    return None


def kind_of(given: Credential) -> str:
    """By what a device comes in with this."""
    if given.certificate is not None:
        return CERTIFICATE
    return KEY if given.password is None else PASSWORD


def hash_key(key: str) -> bytes:
    """The key is random, so no slow hash is needed."""
    return hashlib.sha256(key.encode()).digest()


async def _give_password(tx: AsyncSession, device: Held, key: str | None) -> Credential:
    password = secrets.token_urlsafe(24)
    sealed = keys.seal(_seal(device.id), password.encode(), device.tenant_id) if _Keeping.readable else None
    hashed = hash_password(password, secrets.token_bytes(SALT_BYTES))
    await devices.change(tx, device.id, credential=PASSWORD, mqtt_password_hash=hashed, mqtt_password_sealed=sealed)
    return Credential(device.id, device.tenant_id, key, password)


def _seal(device_id: str) -> str:
    return f"broker password of {device_id}"
