"""The firmware as it is shipped, compiled, and the fakes as well, so that compiling takes no memory there."""

from pathlib import Path

from tools import firmware


def ship(folder: Path) -> Path:
    """Compiles everything into a folder, which a `Board` takes as its program."""
    fakes = [f"fakes.{path.stem}" for path in (firmware.SOURCE / "fakes").glob("*.py") if path.stem != "run"]
    firmware.compile_modules([*firmware.modules(), "boot", "main", "slots", *fakes], folder)
    (folder / "fakes" / "run.py").write_bytes((firmware.SOURCE / "fakes" / "run.py").read_bytes())
    return folder
