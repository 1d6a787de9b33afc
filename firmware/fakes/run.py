"""Starts the firmware as the chip does, with the fakes in place of the hardware.

    micropython -X heapsize=96wK firmware/fakes/run.py [FOLDER WITH boot.py AND main.py]

The working folder is the controller's flash. The line to the board is described in board.py.
"""

import sys

_fakes = __file__[: __file__.rfind("/")]
_program = sys.argv[1] if len(sys.argv) > 1 else _fakes[: _fakes.rfind("/")]
sys.path[:0] = [_fakes, _program]

import board  # noqa: E402  # only now is it found

if board.fact("clock") == "0":
    from core import ticks

    ticks.unix_ms = lambda: None

for _name in ("boot", "main"):
    __import__(_name)
