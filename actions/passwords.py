"""Password hashes: argon2id for new ones; bcrypt is accepted on import and upgraded at the next sign-in.

Hashing takes tens of milliseconds by design, so it never runs on the event loop; and never on more than half of the
cores, so that guessing can't keep pages waiting. What waits is bounded, with a line of its own for who is known.
"""

import asyncio
import os
import unicodedata
from functools import partial
from weakref import WeakKeyDictionary

from passlib.context import CryptContext

from actions.narrow_door import NarrowDoor
from domain.refusals import TryLater

NO_PASSWORD = "!"  # noqa: S105  # what stands in place of a hash: nothing fits
BCRYPT_ROUNDS_MAX = 14  # about a second; 12 is usual
ARGON2_KIB_MAX, ARGON2_PASSES_MAX = 256 * 1024, 10

# One lane: a hash takes one core and no more. OWASP asks for 46 MiB and one pass at least; these are two passes.
_context = CryptContext(
    schemes=["argon2", "bcrypt"],
    deprecated=["bcrypt"],
    argon2__parallelism=1,
    argon2__memory_cost=46 * 1024,
    argon2__time_cost=2,
)
_NOBODY = _context.hash(os.urandom(16).hex())  # compared with when there is no such person: the same time passes

AT_ONCE = max(1, (os.cpu_count() or 2) // 2)
WAITING_MAX = 64  # of 60 to 100 ms each, so about as long as people wait for a page
CROWDED_WAIT_S = 5

_doors: WeakKeyDictionary[asyncio.AbstractEventLoop, NarrowDoor] = WeakKeyDictionary()


async def hashed(password: str) -> str:
    """For the operator's own commands, which make one after the other."""
    return str(await asyncio.to_thread(_context.hash, _one_form(password)))


async def hashed_in_turn(password: str) -> str | TryLater:
    """The hash of a new password, or TryLater while too many wait."""
    answer = await _door().work(partial(_context.hash, _one_form(password)), known=True)
    return answer if isinstance(answer, TryLater) else str(answer)


async def verify(password: str, hash_: str | None, *, known: bool = False) -> TryLater | tuple[bool, str | None]:
    """Compares; returns whether it fits and a new hash if the old one should be replaced, or TryLater while too many
    wait. `known`: whoever asks was let in before, so strangers don't stand before them.
    """
    usable = hash_ if hash_ and has_password(hash_) else None  # an invited person has no password yet
    answer = await _door().work(partial(_compare, _one_form(password), usable or _NOBODY), known=known)
    if isinstance(answer, TryLater):
        return answer
    fits, better = answer
    return (fits and usable is not None), better


def crowded(*, known: bool) -> TryLater | None:
    """What `verify` would answer now, for who wants to know before other work is done; None if there is room."""
    return _door().full(known=known)


def _door() -> NarrowDoor:
    loop = asyncio.get_running_loop()
    if loop not in _doors:
        _doors[loop] = NarrowDoor(AT_ONCE, WAITING_MAX, CROWDED_WAIT_S)
    return _doors[loop]


def _one_form(password: str) -> str:
    """Keyboards write the same letters in different ways (NIST SP 800-63B, 3.1.1.2)."""
    return unicodedata.normalize("NFC", password)


def has_password(hash_: str) -> bool:
    """Whether a stored hash is one at all, and not NO_PASSWORD."""
    return _context.identify(hash_) is not None


def is_importable(hash_: str) -> bool:
    """Whether a hash of an earlier system can be taken over: argon2id or bcrypt, at a cost that can be paid here."""
    try:
        scheme = _context.identify(hash_)
        if scheme == "bcrypt":
            return bool(_context.handler("bcrypt").from_string(hash_).rounds <= BCRYPT_ROUNDS_MAX)
        if scheme == "argon2":
            parts = _context.handler("argon2").from_string(hash_)
            return (
                str(parts.type).upper() == "ID"
                and parts.memory_cost <= ARGON2_KIB_MAX
                and parts.rounds <= ARGON2_PASSES_MAX
            )
    except (ValueError, TypeError):  # passlib's ways of saying that it is damaged
        return False
    return False


def _compare(password: str, hash_: str) -> tuple[bool, str | None]:
    try:
        fits, better = _context.verify_and_update(password, hash_)
    except ValueError:  # nobody's password: not UTF-8, or more than bcrypt can hash; the same time passes
        _context.verify("", _NOBODY)
        return False, None
    return fits, better
