"""The bytes of cameras' stills and time-lapses: files below the data folder, named by their content, a folder for each
tenant. A file is whole or not there. Everything here blocks: call it in a thread.
"""

from hashlib import sha256
from pathlib import Path
from uuid import UUID, uuid4


class NotOpen(RuntimeError):
    """Files are used before `open`: a bug in the wiring."""


class _Place:
    folder: Path | None = None


_place = _Place()


def open(folder: Path) -> None:  # read as still_files.open
    """Keeps stills in this folder from now on; it is made when the first one comes."""
    _place.folder = folder


def keep(tenant_id: UUID, content: bytes) -> bytes:
    """Stores it once, whoever else has the same; returns its digest (SHA-256)."""
    digest = sha256(content).digest()
    path = path_of(tenant_id, digest)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        aside = path.with_name(f".{uuid4().hex}")
        try:
            aside.write_bytes(content)
            aside.replace(path)
        finally:
            aside.unlink(missing_ok=True)
    return digest


def read(tenant_id: UUID, digest: bytes) -> bytes | None:
    """None: it was removed."""
    try:
        return path_of(tenant_id, digest).read_bytes()
    except FileNotFoundError:
        return None


def drop(tenant_id: UUID, digest: bytes) -> None:
    path_of(tenant_id, digest).unlink(missing_ok=True)


def path_of(tenant_id: UUID, digest: bytes) -> Path:
    if _place.folder is None:
        raise NotOpen("call storage.still_files.open first")
    name = digest.hex()
    return _place.folder / str(tenant_id) / name[:2] / name
