"""The customer's link: a token that only its holder has, until when it works, and what of a plate is shown."""

import base64
import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

TOKEN_BYTES = 32
"""Of chance, from a cryptographic source, made where chance is allowed."""
TOKEN_BYTES_LEAST = 16  # 128 bits: not to be found by trying
LASTS = timedelta(days=90)
AFTER_DELIVERY = timedelta(days=30)
BOOKED_FROM = timedelta(hours=1)
"""A car that is planned for so much later is not here yet."""
HIDDEN = "•"


class LinkState(StrEnum):
    OPEN = "open"
    EXPIRED = "expired"
    REVOKED = "revoked"


class TokenTooShort(ValueError):
    """Fewer than TOKEN_BYTES_LEAST bytes of chance: a bug of whoever made it."""


@dataclass(frozen=True, slots=True)
class TrackingLink:
    """What is kept of a link: the token itself is shown once and never stored."""

    token_hash: bytes
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None

    def state(self, now: datetime) -> LinkState:
        if self.revoked_at is not None:
            return LinkState.REVOKED
        return LinkState.EXPIRED if self.expires_at <= now else LinkState.OPEN


def lasts_until(now: datetime, planned_at: datetime | None) -> datetime:
    """A booking's link lasts from its day on, however long before it was made."""
    return max(now, planned_at or now) + LASTS


def issue(chance: bytes, now: datetime, planned_at: datetime | None = None) -> TrackingLink:
    """
    Raises:
        TokenTooShort: see there.
    """
    if len(chance) < TOKEN_BYTES_LEAST:
        raise TokenTooShort(f"{len(chance)} bytes are fewer than {TOKEN_BYTES_LEAST}")
    return TrackingLink(hash_of(token_of(chance)), now, lasts_until(now, planned_at))


def rotate(link: TrackingLink, chance: bytes, now: datetime) -> tuple[TrackingLink, TrackingLink]:
    """The old link, which no longer works, and the new one."""
    return revoke(link, now), issue(chance, now)


def revoke(link: TrackingLink, now: datetime) -> TrackingLink:
    """A link that was revoked before keeps the moment at which it was."""
    return link if link.revoked_at else replace(link, revoked_at=now)


def after_delivery(link: TrackingLink, delivered_at: datetime) -> TrackingLink:
    """The link ends some time after the car went home, and never later than it would have anyway."""
    return replace(link, expires_at=min(link.expires_at, delivered_at + AFTER_DELIVERY))


def is_booked(planned_at: datetime, now: datetime) -> bool:
    """Whether a car that nobody has begun with comes later, as its customer is told."""
    return planned_at > now + BOOKED_FROM


def token_of(chance: bytes) -> str:
    """The token as it stands in the link: base64 for addresses, without padding."""
    return base64.urlsafe_b64encode(chance).decode().rstrip("=")


def hash_of(token: str) -> bytes:
    """SHA-256: the token is chance, so nobody can try them all and no slow hash is needed."""
    return hashlib.sha256(token.encode()).digest()


def masked_plate(plate: str) -> str:
    """Enough to know one's own car: `MH12AB1234` is `MH••••••34`. Of a short plate the last character, or nothing."""
    bare = "".join(c for c in plate.upper() if c.isalnum())
    shown = 2 if len(bare) >= 8 else 0
    last = 2 if len(bare) >= 6 else 1 if len(bare) >= 3 else 0
    return bare[:shown] + HIDDEN * (len(bare) - shown - last) + bare[len(bare) - last :]
