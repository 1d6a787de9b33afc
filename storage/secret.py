"""The installation's one secret: generated at first run, kept in a file that only its owner may read.

Passwords of database roles and the like are derived from it, so nothing else needs to be stored or typed.
"""

import hashlib
import hmac
import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

FILE = "secret"
BYTES = 32


class WrongSecret(Exception):
    """The file is there but can't be used; the text says why."""


def load_or_make(folder: Path, given: str = "") -> bytes:
    """Returns the secret of a data folder, making it at the first call, or the one that is `given` instead.

    Raises:
        WrongSecret: the file is damaged, or others may read it; what is given is damaged, or not the file's.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE
    if given:
        secret = _parse(given, "PITPILOT_SECRET")
        if path.exists() and _read(path) != secret:
            raise WrongSecret(f"PITPILOT_SECRET is another than that in {path}; remove the one that is wrong")
        return secret
    if not path.exists():
        _make(path)
    return _read(path)


def derive(secret: bytes, purpose: str) -> str:
    """A password or key of its own for each purpose, as 64 hexadecimal digits."""
    return hmac.new(secret, purpose.encode(), hashlib.sha256).hexdigest()


def _make(path: Path) -> None:
    """Writes the file aside and gives it its name when it is whole; of two processes at once, the first one wins."""
    handle, aside = tempfile.mkstemp(dir=path.parent, prefix=f".{FILE}-")  # only its owner may read it
    try:
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(BYTES))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(aside, path)
    finally:
        Path(aside).unlink()


def _read(path: Path) -> bytes:
    if path.stat().st_mode & 0o077:
        raise WrongSecret(f"{path}: others may read it; make it yours alone: chmod 600 {path}")
    try:
        return _parse(path.read_text(), str(path))
    except UnicodeDecodeError:
        return _parse("", str(path))


def _parse(text: str, place: str) -> bytes:
    try:
        secret = bytes.fromhex(text.strip())
    except ValueError:
        secret = b""
    if len(secret) != BYTES:
        raise WrongSecret(f"{place}: must hold {2 * BYTES} hexadecimal digits; restore it from a backup")
    return secret
