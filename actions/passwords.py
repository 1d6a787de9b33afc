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
    async with _at_once:
        fits, better = await asyncio.to_thread(_context.verify_and_update, password, hash_ or _NOBODY)
    return (fits and hash_ is not None), better
