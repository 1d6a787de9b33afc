"""What a person wants to be told about outside of open pages, in one tenant."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self


class AlertsWanted(StrEnum):
    ALL = "all"
    CRITICAL = "critical"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class NotifyPrefs:
    alerts: AlertsWanted = AlertsWanted.CRITICAL
    account: bool = True
    """Sign-ins from new places, changed passwords."""

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Self:
        """From what is stored; anything unknown counts as not said."""
        alerts = stored.get("alerts")
        return cls(
            AlertsWanted(alerts) if alerts in set(AlertsWanted) else AlertsWanted.CRITICAL,
            stored.get("account") is not False,
        )

    def as_stored(self) -> dict[str, Any]:
        return {"alerts": self.alerts.value, "account": self.account}
