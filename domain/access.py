"""Who may do what: one table of role × intent, asked by pages, API and live rooms in every handler."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    SUPER_ADMIN = "super_admin"
    OWNER = "owner"
    STAFF = "staff"
    MEMBER = "member"


class Intent(StrEnum):
    """Something that a person may want; reading counts too."""

    SEE_PITS = "see_pits"
    SEE_ALERTS = "see_alerts"
    ACKNOWLEDGE_ALERT = "acknowledge_alert"
    SILENCE_ALERTS = "silence_alerts"
    CHANGE_LIMITS = "change_limits"
    SEE_DEVICES = "see_devices"
    EXPORT_READINGS = "export_readings"


_STAFF = {
    Intent.SEE_PITS,
    Intent.SEE_ALERTS,
    Intent.ACKNOWLEDGE_ALERT,
    Intent.SEE_DEVICES,
}
_OWNER = _STAFF | {Intent.SILENCE_ALERTS, Intent.CHANGE_LIMITS, Intent.EXPORT_READINGS}

MAY: Mapping[Role, frozenset[Intent]] = {
    Role.SUPER_ADMIN: frozenset(_OWNER),
    Role.OWNER: frozenset(_OWNER),
    Role.STAFF: frozenset(_STAFF),
    Role.MEMBER: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Viewer:
    """A signed-in person in one tenant: all that a query or an action needs to know about who asks."""

    person_id: UUID
    name: str
    tenant_id: UUID
    role: Role

    def may(self, intent: Intent) -> bool:
        return intent in MAY[self.role]
