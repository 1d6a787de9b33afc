"""Password hashes: argon2id for new ones; bcrypt is accepted on import and upgraded at the next sign-in.

Hashing takes tens of milliseconds by design, so it never runs on the event loop; few at a time, so that guessing
can't take every core.
"""

import asyncio
import os

from passlib.context import CryptContext

_context = CryptContext(schemes=["argon2", "bcrypt"], deprecated=["bcrypt"])
_NOBODY = _context.hash(os.urandom(16).hex())  # compared with when there is no such person: the same time passes
_at_once = asyncio.Semaphore(2)


async def hashed(password: str) -> str:
    async with _at_once:
        return await asyncio.to_thread(_context.hash, password)


async def verify(password: str, hash_: str | None) -> tuple[bool, str | None]:
    """Compares; returns whether it fits and a new hash if the old one should be replaced."""
    usable = hash_ if hash_ and _context.identify(hash_) else None  # an invited person has no password yet
    async with _at_once:
        fits, better = await asyncio.to_thread(_compare, password, usable or _NOBODY)
    return (fits and usable is not None), better


def _compare(password: str, hash_: str) -> tuple[bool, str | None]:
    try:
        fits, better = _context.verify_and_update(password, hash_)
    except ValueError:  # nobody's password: not UTF-8, or more than bcrypt can hash; the same time passes
        _context.verify("", _NOBODY)
        return False, None
    return fits, better
