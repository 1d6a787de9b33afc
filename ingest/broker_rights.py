"""Writes, where a Mosquitto reads them, the files of broker_acl.py, and whose certificates it takes, and no longer."""

import os
from collections.abc import Iterable
from pathlib import Path

from ingest.broker_acl import DeviceLogin, Login, acl_file, password_file

PASSWORDS, ACL = "passwords", "acl"
AUTHORITY, REVOKED = "devices-ca.pem", "devices-revoked.pem"


def write_rights(folder: Path, server: Login, devices: Iterable[DeviceLogin]) -> bool:
    """Writes both files if they say something new, and returns whether they do; Mosquitto then has to read them again.

    A reader sees the old file or the new one, never a half. They are readable by the folder's group, in which the
    broker's user should be, and by nobody else.

    Raises:
        OSError: the folder is missing or can't be written.
    """
    known = list(devices)
    # Rights first: a device that may connect already finds its own, one that may no longer has none.
    changed = [
        _replace(folder / ACL, acl_file(server, known)),
        _replace(folder / PASSWORDS, password_file(server, known)),
    ]
    return any(changed)


def write_authority(folder: Path, root: str, lists: Iterable[str]) -> bool:
    """Writes the certificate below which devices' own must stand, and the revocation lists; returns whether either says
    something new. All texts are PEM. Readable like the files of `write_rights`.

    Raises:
        OSError: the folder is missing or can't be written.
    """
    changed = [_replace(folder / AUTHORITY, root), _replace(folder / REVOKED, "".join(lists))]
    return any(changed)


def _replace(path: Path, text: str) -> bool:
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return False
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
        os.fchmod(file.fileno(), 0o640)
    fresh.replace(path)
    return True
