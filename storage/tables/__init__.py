"""The tables that are read and written row by row. Readings and roll-ups are plain SQL in the migrations:
they are partitioned, written by COPY and read by aggregates, so a mapped class would only slow them down.

Every table carries `tenant_id` and a row-level security policy; see migrations/versions/0001_foundation.py.
"""

from storage.tables.alerts import Alert, AlertEvent, AlertSilence
from storage.tables.devices import Device, DeviceBoot, DevicePresence, RejectionCount, RejectionSample
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
    "Device",
    "DeviceBoot",
    "DevicePresence",
    "FilmProfile",
    "Invitation",
    "LimitsRow",
    "Membership",
    "OidcIdentity",
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
