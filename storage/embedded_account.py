"""Who runs PostgreSQL, which refuses to run as root, and what that user can reach."""

import os
import pwd
from dataclasses import dataclass
from pathlib import Path

_READ_AND_ENTER = 0o5
_ENTER = 0o1
_UNPRIVILEGED = ("postgres", "nobody")


@dataclass(frozen=True)
class Account:
    """A user of the operating system."""

    name: str
    uid: int
    gids: tuple[int, ...]  # the main group first

    @property
    def launch_argument(self) -> str:
        """As embedded_launcher.py takes it."""
        return f"{self.uid}:{','.join(str(gid) for gid in self.gids)}"

    def can_read(self, path: Path) -> bool:
        """Whether every folder above `path` may be entered, and it may itself be read and entered or run.

        Looks at permission bits only, like the kernel does where no access lists are used.
        """
        return self.can_enter(path.parent) and self._may(path, _READ_AND_ENTER)

    def can_enter(self, folder: Path) -> bool:
        """Whether the folder and all folders above it may be entered."""
        real = folder.resolve()
        return all(self._may(part, _ENTER) for part in (real, *real.parents))

    def own(self, path: Path) -> None:
        """Makes this user the owner of `path`."""
        os.chown(path, self.uid, self.gids[0], follow_symlinks=False)

    def _may(self, path: Path, wanted: int) -> bool:
        info = path.stat()
        if info.st_uid == self.uid:
            shift = 6
        elif info.st_gid in self.gids:
            shift = 3
        else:
            shift = 0
        return (info.st_mode >> shift) & wanted == wanted


def account_to_run(cluster: Path) -> Account | None:
    """The user to drop to, or None where this process is no root and simply stays who it is.

    A cluster that exists stays with its owner, so that starting once as root does not take it from a user.
    """
    if os.geteuid() != 0:
        return None
    if cluster.exists():
        return _of_uid(cluster.stat().st_uid)
    for name in _UNPRIVILEGED:
        try:
            return _of_entry(pwd.getpwnam(name))
        except KeyError:
            continue  # not every system has both
    return _of_uid(65_534)  # the kernel's overflow user: "nobody" by another name


def _of_uid(uid: int) -> Account:
    try:
        return _of_entry(pwd.getpwuid(uid))
    except KeyError:
        return Account(str(uid), uid, (uid,))


def _of_entry(entry: pwd.struct_passwd) -> Account:
    others = [gid for gid in os.getgrouplist(entry.pw_name, entry.pw_gid) if gid != entry.pw_gid]
    return Account(entry.pw_name, entry.pw_uid, (entry.pw_gid, *others))
