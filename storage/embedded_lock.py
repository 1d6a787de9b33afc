"""One PitPilot per data folder: a lock that ends with the process that holds it, however that ends."""

import fcntl
import os
from pathlib import Path


class FolderInUse(Exception):
    """Another living PitPilot uses this folder."""


class FolderLock:
    """An advisory lock on a file in the folder; the file names the process that holds it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: int | None = None

    def acquire(self) -> None:
        """Takes the lock, or says who has it.

        Raises:
            FolderInUse: another process (or another object in this one) holds it.
            PermissionError: the folder belongs to another user.
        """
        file = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(file, 32).decode(errors="replace").strip() or "unknown"
            os.close(file)
            raise FolderInUse(
                f"The folder {self._folder} is in use by another PitPilot, process {holder}. "
                f"Stop that one first (kill {holder}), or give this one a folder of its own (PITPILOT_DATA); processes "
                "that shall share one database need a server of their own (PITPILOT_DATABASE_URL)."
            ) from None
        os.ftruncate(file, 0)
        os.write(file, f"{os.getpid()}\n".encode())
        self._file = file

    def release(self) -> None:
        """Gives the lock back; the file stays, because removing it could part two holders."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
