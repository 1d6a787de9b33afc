"""Whose signature on firmware is believed: the installation's release key, of which the server has the public half.

Whoever may sign keeps the private half elsewhere (docs/decisions/0008-firmware-bundles.md).
"""

from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from domain.firmware import Envelope

FILE = "release-key.pub"
KEY_BYTES = 32


class WrongReleaseKey(Exception):
    """The public key is there but can't be used; the text says why."""


class _Trust:
    given = ""
    file: Path | None = None


_trust = _Trust()


def open(given: str, folder: Path) -> None:  # read as release_key.open
    """Says where the key is: `given` itself, as 64 hexadecimal digits, else the file `release-key.pub` in the folder,
    which may come later.

    Raises:
        WrongReleaseKey: what is given, or in the file, is no such key.
    """
    _trust.given, _trust.file = given, folder / FILE
    public_key()


def public_key() -> bytes | None:
    """The 32 bytes of the key, or None if there is none yet.

    Raises:
        WrongReleaseKey: the file is damaged.
    """
    if _trust.given:
        return _parse(_trust.given, "PITPILOT_RELEASE_KEY")
    if _trust.file is None or not _trust.file.is_file():
        return None
    return _parse(_trust.file.read_text(encoding="utf-8", errors="replace"), str(_trust.file))


def is_signed(envelope: Envelope, key: bytes) -> bool:
    """Whether a bundle's first line was signed by this key."""
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(envelope.signature, envelope.signed)
    except InvalidSignature:
        return False
    return True


def _parse(text: str, place: str) -> bytes:
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise WrongReleaseKey(f"{place}: must hold the public release key, {2 * KEY_BYTES} hexadecimal digits")
    return key
