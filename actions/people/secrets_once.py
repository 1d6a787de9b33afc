"""Random secrets that are shown once and stored as hashes: sessions, links, refresh tokens, keys."""

import hashlib
import secrets

BYTES = 32  # 256 bits: nobody guesses one, so a quick hash protects it


def fresh() -> str:
    """43 characters that are safe in an address."""
    return secrets.token_urlsafe(BYTES)


def digest(token: str) -> bytes:
    """What is stored and looked up; SHA-256."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
