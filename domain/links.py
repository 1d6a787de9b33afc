"""Links that work once: in which state one is, and what to say if it does not work any more."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from domain.refusals import Refusal


class LinkState(StrEnum):
    OPEN = "open"
    USED = "used"
    EXPIRED = "expired"
    REVOKED = "revoked"


_REFUSALS: Mapping[LinkState, Refusal] = {
    LinkState.USED: Refusal.LINK_USED,
    LinkState.EXPIRED: Refusal.LINK_EXPIRED,
    LinkState.REVOKED: Refusal.LINK_REVOKED,
}


def state_of(used_at: datetime | None, revoked_at: datetime | None, expires_at: datetime, now: datetime) -> LinkState:
    if used_at is not None:
        return LinkState.USED
    if revoked_at is not None:
        return LinkState.REVOKED
    return LinkState.EXPIRED if expires_at <= now else LinkState.OPEN


def fault_of(
    used_at: datetime | None, revoked_at: datetime | None, expires_at: datetime, now: datetime
) -> Refusal | None:
    """LINK_USED, LINK_EXPIRED, LINK_REVOKED, or None for a link that works."""
    return _REFUSALS.get(state_of(used_at, revoked_at, expires_at, now))
