"""The tables that are read and written row by row. Readings and roll-ups are plain SQL in the migrations:
they are partitioned, written by COPY and read by aggregates, so a mapped class would only slow them down.

Every table carries `tenant_id` and a row-level security policy; see migrations/versions/0001_foundation.py.
"""

from storage.tables.alerts import Alert, AlertEvent, AlertSilence
from storage.tables.commands import DeviceCommand, DeviceSettings
from storage.tables.devices import Device, DeviceBoot, DevicePresence, RejectionCount, RejectionSample
from storage.tables.messages import Channel, Message
from storage.tables.passkeys import Passkey
from storage.tables.people import (
    ApiKey,
    Invitation,
    Membership,
    OidcIdentity,
    PasswordReset,
    Person,
    RecoveryCode,
    RefreshToken,
    Tenant,
    WebSession,
)
from storage.tables.places import FilmProfile, LimitsRow, Pit

__all__ = [
    "Alert",
    "AlertEvent",
    "AlertSilence",
    "ApiKey",
    "Channel",
    "Device",
    "DeviceBoot",
    "DeviceCommand",
    "DevicePresence",
    "DeviceSettings",
    "FilmProfile",
    "Invitation",
    "LimitsRow",
    "Membership",
    "Message",
    "OidcIdentity",
    "Passkey",
    "PasswordReset",
    "Person",
    "Pit",
    "RecoveryCode",
    "RefreshToken",
    "RejectionCount",
    "RejectionSample",
    "Tenant",
    "WebSession",
]
