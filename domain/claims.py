"""Claim codes: how a new device proves once that the workshop's owner sent it.

A code is twelve characters in three groups, `K7QM-3FXT-9RWB`, of an alphabet without look-alikes (Crockford's base 32:
no I, L, O, U). The last one is a checksum, so that a slip of the finger is told from a code that nobody gave out.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import reduce

from domain.refusals import Refusal

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
GROUPS, GROUP_CHARS = 3, 4
CHARS = GROUPS * GROUP_CHARS
RANDOM_BITS = 5 * (CHARS - 1)
"""55 bits: whoever may guess ten times a second would need a hundred million years."""
VALID_FOR = timedelta(hours=1)
"""From the desk to the node in the pit, and back once for the ladder."""
SCHEME = "PITPILOT"

_READ_AS = str.maketrans({"I": "1", "L": "1", "O": "0", "-": None, " ": None})
_FIELD_BITS, _FIELD_POLYNOMIAL = 5, 0b100101  # x⁵ + x² + 1, primitive: the field of 32 elements


class Identity(StrEnum):
    """Whether a device is who it says."""

    WAITING = "waiting"
    """Registered; nothing may speak in its name yet."""
    CLAIMED = "claimed"
    REVOKED = "revoked"
    """Its credential was taken away. A new claim code lets it in again."""


class Link(StrEnum):
    """How a device reaches the server."""

    MQTT = "mqtt"
    HTTP = "http"
    """By its key alone; the broker knows nothing of it."""


def identity_of(claimed_at: datetime | None, revoked_at: datetime | None) -> Identity:
    if revoked_at is not None:
        return Identity.REVOKED
    return Identity.WAITING if claimed_at is None else Identity.CLAIMED


@dataclass(frozen=True, slots=True)
class Claim:
    """A code that was given out, as far as it matters for taking it."""

    expires_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None


def refusal_of(claim: Claim | None, now: datetime) -> Refusal | None:
    """Says why a code can't be taken, or None."""
    if claim is None:
        return Refusal.CLAIM_CODE_UNKNOWN
    if claim.used_at is not None:
        return Refusal.CLAIM_CODE_USED
    if claim.revoked_at is not None:
        return Refusal.CLAIM_CODE_WITHDRAWN
    if now >= claim.expires_at:
        return Refusal.CLAIM_CODE_EXPIRED
    return None


def code_of(number: int) -> str:
    """The code that stands for a random number of RANDOM_BITS, without hyphens."""
    symbols = [number >> shift & 31 for shift in range(RANDOM_BITS - 5, -1, -5)]
    return "".join(ALPHABET[symbol] for symbol in [*symbols, _times_alpha(_remainder(symbols))])


def written(code: str) -> str:
    """A code as people read it: in groups."""
    return "-".join(code[at : at + GROUP_CHARS] for at in range(0, CHARS, GROUP_CHARS))


def read(typed: str) -> str | None:
    """The code that somebody typed or scanned, without hyphens; None if it can't be one."""
    code = typed.upper().translate(_READ_AS)
    if len(code) != CHARS or any(char not in ALPHABET for char in code):
        return None
    return None if _remainder(ALPHABET.index(char) for char in code) else code


def payload(server_url: str, code: str) -> str:
    """What the QR code holds: where to go, and the code in groups."""
    return f"{SCHEME}:{server_url}:{written(code)}"


def read_payload(text: str) -> tuple[str, str] | None:
    """The server's address and the code, without hyphens, from a scanned text; None if it is none of ours."""
    scheme, _, rest = text.partition(":")
    server_url, _, typed = rest.rpartition(":")
    code = read(typed)
    return (server_url, code) if scheme == SCHEME and server_url and code else None


def _remainder(symbols: Iterable[int]) -> int:
    """A code is right if this is 0: each place weighs differently, so one wrong character and any two that changed
    places show, wherever they stand.
    """
    return reduce(lambda remainder, symbol: _times_alpha(remainder) ^ symbol, symbols, 0)


def _times_alpha(element: int) -> int:
    doubled = element << 1
    return doubled ^ _FIELD_POLYNOMIAL if doubled >> _FIELD_BITS else doubled
