"""A tenant's life as a table."""

from collections.abc import Mapping
from enum import StrEnum


class TenantStatus(StrEnum):
    PENDING = "pending"
    """Registered; waits for the platform."""
    ACTIVE = "active"
    SUSPENDED = "suspended"
    DECLINED = "declined"


MOVES: Mapping[TenantStatus, frozenset[TenantStatus]] = {
    TenantStatus.PENDING: frozenset({TenantStatus.ACTIVE, TenantStatus.DECLINED}),
    TenantStatus.DECLINED: frozenset({TenantStatus.ACTIVE}),
    TenantStatus.ACTIVE: frozenset({TenantStatus.SUSPENDED}),
    TenantStatus.SUSPENDED: frozenset({TenantStatus.ACTIVE}),
}


def may_become(status: TenantStatus, wanted: TenantStatus) -> bool:
    return wanted in MOVES[status]
