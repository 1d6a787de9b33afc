"""Password hashes: argon2id for new ones; bcrypt is accepted on import and upgraded at the next sign-in.

Hashing takes tens of milliseconds by design, so it never runs on the event loop; and never on more than half of the
cores, so that guessing can't keep pages waiting.
"""

import asyncio
import os
import unicodedata

from passlib.context import CryptContext

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
_at_once = asyncio.Semaphore(max(1, (os.cpu_count() or 2) // 2))


async def hashed(password: str) -> str:
    async with _at_once:
        return await asyncio.to_thread(_context.hash, _one_form(password))


async def verify(password: str, hash_: str | None) -> tuple[bool, str | None]:
    """Compares; returns whether it fits and a new hash if the old one should be replaced."""
    usable = hash_ if hash_ and has_password(hash_) else None  # an invited person has no password yet
    async with _at_once:
        fits, better = await asyncio.to_thread(_compare, _one_form(password), usable or _NOBODY)
    return (fits and usable is not None), better


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
