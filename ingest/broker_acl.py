"""Who may connect to a Mosquitto, and what each may say and hear there, as the two files that it reads.

A device may write and read its own topics and no others. The rights are written out line by line: patterns (`%u`) would
give a device the same branch below every tenant. To devices Mosquitto acknowledges denied publishes and subscriptions
like any others (2.0.11 then closes the connection of a denied publish), so that only what arrives tells whether these
files do what they should.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from domain.broker_password import SALT_BYTES, hash_password

__all__ = [
    "DEVICE_READS", "DEVICE_WRITES", "SALT_BYTES", "SERVER_TREES", "DeviceLogin", "Login", "TenantLogin",
    "WrongBrokerName", "acl_file", "hash_password", "password_file",
]  # fmt: skip

SERVER_TREES = ("v1/#", "homeassistant/#", "foreign/#")
DEVICE_WRITES = ("avail", "state", "telemetry", "event", "ack")
DEVICE_READS = ("got", "cmd")
TENANT_READS = ("avail", "state", "telemetry")

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class WrongBrokerName(ValueError):
    """A tenant, device or user has a name that these files or topics can't carry; it is in the text."""


@dataclass(frozen=True)
class Login:
    """A user of the broker."""

    username: str
    password_hash: str | None = field(repr=False)  # as `hash_password` makes it; None: comes in by certificate alone

    def __post_init__(self) -> None:
        _check(self.username)


@dataclass(frozen=True)
class DeviceLogin(Login):
    """A device, whose id is its user name."""

    tenant: str

    def __post_init__(self) -> None:
        super().__post_init__()
        _check(self.tenant)

    @property
    def rights(self) -> list[str]:
        own = f"v1/{self.tenant}/{self.username}"
        return [*(f"write {own}/{leaf}" for leaf in DEVICE_WRITES), *(f"read {own}/{leaf}" for leaf in DEVICE_READS)]


@dataclass(frozen=True)
class TenantLogin(DeviceLogin):
    """A program of a tenant's own: one that reads its devices, or (`speaks`) its sensors of other makes."""

    speaks: bool

    @property
    def rights(self) -> list[str]:
        if self.speaks:
            return [f"readwrite foreign/{self.tenant}/#"]
        own = [f"read v1/{self.tenant}/+/{leaf}" for leaf in TENANT_READS]
        # Home Assistant says there that it is up, and some brokers cut off whoever says what it may not.
        return [*own, f"read homeassistant/+/{self.tenant}/#", "write homeassistant/status"]


def password_file(server: Login, devices: Iterable[DeviceLogin]) -> str:
    """The text of `password_file`. Who is not in it can't come in by any password."""
    with_password = [login for login in (server, *devices) if login.password_hash is not None]
    return "".join(f"{login.username}:{login.password_hash}\n" for login in with_password)


def acl_file(server: Login, devices: Iterable[DeviceLogin]) -> str:
    """The text of `acl_file`, for devices and tenants' own programs. Who is not in it has no right at all."""
    blocks = [_block(server.username, [f"readwrite {tree}" for tree in SERVER_TREES])]
    blocks += [_block(device.username, device.rights) for device in devices]
    return "\n".join(blocks)


def _block(username: str, rights: Iterable[str]) -> str:
    return f"user {username}\n" + "".join(f"topic {right}\n" for right in rights)


def _check(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise WrongBrokerName(f"{name!r}: letters, digits, '.', '_' and '-' only, at most 64")
