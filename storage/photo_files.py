"""The bytes of photos: files below the data folder, named by their content, a folder for each tenant.

A file is whole or not there: it is written beside its place, made sure of, then renamed. What nobody refers to any
more is found by `stored` and goes by `drop`; both are for whoever knows the rows (actions/jobs/photos.py).
Everything here blocks: call it in a thread.
"""

import os
from hashlib import sha256
from pathlib import Path
from time import time
from uuid import UUID, uuid4

HALF_WRITTEN_S = 3_600
"""After so long nobody writes on it any more: its writer has died."""
_THUMB, _NEW = ".thumb", ".new"


class NotOpen(RuntimeError):
    """Files are used before `open`: a bug in the wiring."""


class _Place:
    folder: Path | None = None


_place = _Place()


def open(folder: Path) -> None:  # read as photo_files.open
    """Keeps photos in this folder from now on; it is made when the first one comes."""
    _place.folder = folder


def digest_of(full: bytes) -> bytes:
    """By which a picture and its thumbnail are found."""
    return sha256(full).digest()


def keep(tenant_id: UUID, full: bytes, thumb: bytes) -> None:
    """Stores both; when this returns, they survive the loss of power."""
    digest = digest_of(full)
    path = _path(tenant_id, digest, thumb=False)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _write(_path(tenant_id, digest, thumb=True), thumb)
    _write(path, full)


def read(tenant_id: UUID, digest: bytes, *, thumb: bool = False) -> bytes | None:
    """None: it was removed."""
    try:
        return _path(tenant_id, digest, thumb=thumb).read_bytes()
    except FileNotFoundError:
        return None


def drop(tenant_id: UUID, digest: bytes) -> None:
    for thumb in (True, False):
        _path(tenant_id, digest, thumb=thumb).unlink(missing_ok=True)


def stored() -> dict[UUID, list[bytes]]:
    """What has files, by tenant."""
    found = {}
    for tenant in _folder().iterdir() if _folder().is_dir() else ():
        names = {path.name.removesuffix(_THUMB) for path in tenant.glob("*/*") if path.suffix != _NEW}
        found[UUID(tenant.name)] = [bytes.fromhex(name) for name in sorted(names)]
    return found


def sweep_half_written() -> None:
    """Deletes what writers left who died."""
    for path in _folder().glob(f"*/*/*{_NEW}"):
        if path.stat().st_mtime < time() - HALF_WRITTEN_S:
            path.unlink(missing_ok=True)


def _folder() -> Path:
    if _place.folder is None:
        raise NotOpen("call storage.photo_files.open first")
    return _place.folder


def _path(tenant_id: UUID, digest: bytes, *, thumb: bool) -> Path:
    name = digest.hex()
    return _folder() / str(tenant_id) / name[:2] / (name + (_THUMB if thumb else ""))


def _write(path: Path, content: bytes) -> None:
    if path.exists():
        return
    new = path.with_name(f"{uuid4().hex}{_NEW}")
    with new.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    new.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
