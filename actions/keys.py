"""Keys derived from the installation's secret: to sign what goes out and comes back, and to seal what is stored.

`open` is called once at start; nothing here is ever stored or logged.
"""

import os
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from storage.secret import derive

NONCE_BYTES = 12  # NIST SP 800-38D, for AES-GCM


class NotOpen(RuntimeError):
    """A key is asked for before `open`: a bug in the wiring."""


class Unsealable(Exception):
    """What was sealed can't be opened: another secret, another owner, or damaged."""


class _Secret:
    value: bytes | None = None


_secret = _Secret()


def open(secret: bytes) -> None:  # read as keys.open
    _secret.value = secret


def key(purpose: str) -> bytes:
    """32 bytes that are the same in every process with the same secret, and another for each purpose."""
    if _secret.value is None:
        raise NotOpen("call actions.keys.open first")
    return bytes.fromhex(derive(_secret.value, purpose))


def seal(purpose: str, plain: bytes, owner: UUID) -> bytes:
    """Encrypts for storing (AES-256-GCM); bound to whose it is, so that it can't be moved to somebody else's row."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key(purpose)).encrypt(nonce, plain, owner.bytes)


def unseal(purpose: str, sealed: bytes, owner: UUID) -> bytes:
    """
    Raises:
        Unsealable: it was not sealed with this secret for this purpose and owner.
    """
    try:
        return AESGCM(key(purpose)).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], owner.bytes)
    except (InvalidTag, ValueError) as fault:
        raise Unsealable(f"sealed for another {purpose}, or with another secret") from fault
