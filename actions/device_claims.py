"""Claim codes: the owner makes one, the device comes with it, once, and goes with its own credential."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from datetime import datetime

from actions import keys
from actions.device_certificates import key_of_request
from actions.device_credentials import Credential, give, kind_of
from actions.device_trail import Deed, note
from domain import claims
from domain.access import Intent, Viewer
from domain.claims import Identity, Link
from domain.foreign import KIND as FOREIGN
from domain.refusals import Refusal
from domain.tenancy import TenantStatus
from storage import devices
from storage.session import EVERY_TENANT, transaction

ADDRESS_CHARS_MAX = 60


@dataclass(frozen=True, slots=True)
class ClaimCode:
    """A fresh code, in groups; shown once, for only its hash is stored."""

    device_id: str
    code: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Claimed:
    """A device that has just become itself. It numbers its boots from `next_boot_id`: a new node in the place of an old
    one must not use numbers that are taken.
    """

    credential: Credential
    name: str
    kind: str
    next_boot_id: int


async def make_code(device_id: str, by: Viewer, now: datetime) -> Refusal | ClaimCode:
    """Makes a code with which a device may claim this identity, in place of any earlier one.

    Locks the device's row. What the device has now goes on working until the code is used.
    """
    if not by.may(Intent.MANAGE_DEVICES):
        return Refusal.NOT_ALLOWED
    code, expires_at = claims.code_of(secrets.randbits(claims.RANDOM_BITS)), now + claims.VALID_FOR
    async with transaction(by.tenant_id) as tx:
        device = await devices.lock(tx, device_id)
        if device is None:
            return Refusal.NOT_FOUND
        if device.kind == FOREIGN:
            return Refusal.NOT_POSSIBLE_NOW  # it speaks by its tenant's own login
        await devices.withdraw_codes(tx, device_id, now)
        await devices.add_code(tx, device, _hash(code), by.person_id, now, expires_at)
        after = {"expires_at": expires_at}
        await note(tx, Deed.OFFER, device.tenant_id, device.id, device.name, by, None, after)
    return ClaimCode(device_id, claims.written(code), expires_at)


async def claim(typed: str, request_pem: str | None, address: str, now: datetime) -> Refusal | Claimed:
    """Takes a code and gives its device a credential: a password, or a certificate for the key of its request; where it
    only speaks HTTP, its key alone.

    Of any number of claims at once exactly one wins: they queue for the device's row. A code is looked up by a keyed
    hash, so that neither the time nor the answer brings anybody closer to one. A request that can't be used is refused
    before the code is looked at, and does not use it up.
    """
    request = key_of_request(request_pem) if request_pem is not None else None
    if request_pem is not None and request is None:
        return Refusal.REQUEST_UNUSABLE
    code_hash = _hash(claims.read(typed) or "")
    async with transaction(EVERY_TENANT) as tx:
        found = await devices.device_of_code(tx, code_hash)
        device = await devices.lock(tx, found or "")
        offered = await devices.claim_of_code(tx, code_hash)
        if refusal := claims.refusal_of(offered, now):
            return refusal
        if device is None:  # its removal withdrew all codes, so this is only for the eye that reads
            return Refusal.CLAIM_CODE_WITHDRAWN
        if await devices.tenant_status(tx, device.tenant_id) != TenantStatus.ACTIVE:
            return Refusal.TENANT_SUSPENDED
        if device.link == Link.HTTP and request is not None:
            return Refusal.KEY_ONLY
        await devices.use_code(tx, code_hash, address[:ADDRESS_CHARS_MAX], now)
        given = await give(tx, device, request, now)
        await devices.change(tx, device.id, claimed_at=now, revoked_at=None)
        next_boot_id = await devices.last_boot(tx, device.id) + 1
        before = {"identity": device.identity}
        after = {"identity": Identity.CLAIMED, "credential": kind_of(given)}
        await note(tx, Deed.CLAIM, device.tenant_id, device.id, device.name, None, before, after)
    return Claimed(given, device.name, device.kind, next_boot_id)


def _hash(code: str) -> bytes:
    """Keyed, because a code is short enough to be found by trying: a stolen database alone gives none away."""
    return hmac.new(keys.key("claim codes"), code.encode(), hashlib.sha256).digest()
