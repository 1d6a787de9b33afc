"""Logins at the broker for a tenant's own programs: one to read its devices, one for its sensors of other makes.

Neither reaches anything of another tenant, and neither can speak in a device's name (ingest/broker_acl.py).
"""

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from actions import audit, keys
from actions.announce import Announcement, Topic, announce
from actions.device_credentials import keeps_readable
from domain.access import Intent, Viewer
from domain.broker_password import SALT_BYTES, hash_password
from domain.claims import ALPHABET
from domain.refusals import Refusal
from storage import integrations
from storage.integrations import BrokerLogin, Guest
from storage.session import transaction

NAME_PREFIX, NAME_RANDOM_CHARS = "pt-", 12


class Use(StrEnum):
    READING = "reading"
    """Home Assistant and the like: reads what the tenant's devices say."""
    SENSORS = "sensors"
    """Tasmota, Zigbee2MQTT and the like: speaks below `foreign/{tenant}/`."""


@dataclass(frozen=True, slots=True)
class Made:
    """A new login; its password can't be asked for again."""

    username: str
    password: str = field(repr=False)


async def make_login(by: Viewer, use: Use, now: datetime) -> Refusal | Made:
    """Makes the tenant's login for a use; one that was there before ends. NOT_ALLOWED."""
    if not by.may(Intent.MANAGE_DEVICES):
        return Refusal.NOT_ALLOWED
    username = NAME_PREFIX + "".join(secrets.choice(ALPHABET.lower()) for _ in range(NAME_RANDOM_CHARS))
    password = secrets.token_urlsafe(24)
    sealed = keys.seal(_seal(username), password.encode(), by.tenant_id) if keeps_readable() else None
    hashed = hash_password(password, secrets.token_bytes(SALT_BYTES))
    async with transaction(by.tenant_id) as tx:
        before = await integrations.end_login(tx, use)
        await integrations.add_login(tx, Guest(username, by.tenant_id, use, hashed, sealed), now)
        await announce(tx, Announcement(Topic.DEVICE, by.tenant_id))
        await audit.record(
            tx, tenant_id=by.tenant_id, by=by, intent="make_broker_login", kind="broker_login", object_id=username,
            object_name=username, before={"name": before} if before else None, after={"name": username, "use": use},
        )  # fmt: skip
    return Made(username, password)


async def end_login(by: Viewer, use: Use) -> Refusal | None:
    """Ends the tenant's login for a use. NOT_ALLOWED, ALREADY_SO (there was none)."""
    if not by.may(Intent.MANAGE_DEVICES):
        return Refusal.NOT_ALLOWED
    async with transaction(by.tenant_id) as tx:
        ended = await integrations.end_login(tx, use)
        if ended is None:
            return Refusal.ALREADY_SO
        await announce(tx, Announcement(Topic.DEVICE, by.tenant_id))
        await audit.record(
            tx, tenant_id=by.tenant_id, by=by, intent="end_broker_login", kind="broker_login", object_id=ended,
            object_name=ended, before={"name": ended, "use": use}, after=None,
        )  # fmt: skip
    return None


async def logins_of(by: Viewer) -> dict[Use, BrokerLogin]:
    """What the tenant has."""
    async with transaction(by.tenant_id) as tx:
        return {Use(login.use): login for login in await integrations.logins(tx)}


def readable_password(username: str, tenant_id: UUID, sealed: bytes) -> str:
    """A password that was kept sealed for the small broker.

    Raises:
        actions.keys.Unsealable: it is another's, or was sealed with another secret.
    """
    return keys.unseal(_seal(username), sealed, tenant_id).decode()


def _seal(username: str) -> str:
    return f"broker password of {username}"
