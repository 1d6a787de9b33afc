"""The firmware's pure modules, run by CPython: found by path, because nothing imports the firmware as a package."""

import importlib
import sys
from types import ModuleType

from tools.virtual_board import FIRMWARE


def pure(name: str) -> ModuleType:
    """A module of the firmware that needs no hardware, such as "core.lease"."""
    if str(FIRMWARE) not in sys.path:
        sys.path.append(str(FIRMWARE))  # last: our own modules keep their names
    return importlib.import_module(name)
