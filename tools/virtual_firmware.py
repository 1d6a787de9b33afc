"""Virtual controllers that run the real firmware: `python -m tools.virtual_firmware --boards FILE`.

FILE is a JSON list; each entry is a board:

    {"flash": "folder of what it remembers, below that of FILE",
     "identity": {…}, "server": {…}, "wifi": {…},      as in firmware/core/config.py
     "settings": {…},                                  only for a new board: later ones are the server's to change
     "inputs": {"32": 1, "33": 1}}                     levels at first, by default grid and ready given

Runs until SIGTERM or SIGINT or, with `--until-input-ends`, until whoever started it is gone. Nothing here knows the
application: a controller doesn't either.
"""

import argparse
import asyncio
import contextlib
import json
import os
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from tools.virtual_board import Board, write_keys

PROVISIONED = ("identity", "server", "wifi")


def make_board(folder: Path, entry: Mapping[str, Any]) -> Board:
    """A board, provisioned, without power yet. Raises KeyError and ValueError for an entry that is none."""
    flash = folder / str(entry["flash"])
    if not flash.resolve().is_relative_to(folder.resolve()):
        raise ValueError(f"{flash} is not below {folder}")
    is_new = not (flash / "nvs.json").exists()
    values = {name: entry[name] for name in PROVISIONED if name in entry}
    if is_new and "settings" in entry:
        values["settings"] = entry["settings"]
    write_keys(flash, values)
    inputs = entry.get("inputs")
    return Board(flash, inputs={int(pin): int(level) for pin, level in inputs.items()} if inputs else None)


async def play(boards: Sequence[Board], stop: asyncio.Event) -> None:
    """Powers all boards until told to stop, then takes their power away."""
    async with AsyncExitStack() as powered:
        for board in boards:
            await powered.enter_async_context(board)
        await stop.wait()


def stop_when_told(until_input_ends: bool) -> asyncio.Event:
    """Set by SIGTERM, by SIGINT and, if wanted, by the end of standard input."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C ends it all the same
            loop.add_signal_handler(number, stop.set)
    if until_input_ends:
        threading.Thread(target=_wait_for_input_to_end, args=(loop, stop), daemon=True).start()
    return stop


async def _play_until_told(boards: Sequence[Board], until_input_ends: bool) -> None:
    await play(boards, stop_when_told(until_input_ends))


def _wait_for_input_to_end(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    while os.read(sys.stdin.fileno(), 4_096):  # not the buffered reader: its lock would be held at the exit
        pass
    with contextlib.suppress(RuntimeError):  # the loop has ended before
        loop.call_soon_threadsafe(stop.set)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.virtual_firmware", description=__doc__)
    parser.add_argument("--boards", type=Path, required=True, help="JSON list of boards")
    parser.add_argument("--until-input-ends", action="store_true", help="end when standard input ends, too")
    asked = parser.parse_args(arguments)
    try:
        entries = json.loads(asked.boards.read_text(encoding="utf-8"))
        if not isinstance(entries, list):
            raise ValueError("not a list")
        boards = [make_board(asked.boards.parent, entry) for entry in entries]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        print(f"the boards can't be played: {error!r}", file=sys.stderr)
        return 2
    asyncio.run(_play_until_told(boards, asked.until_input_ends))
    return 0


if __name__ == "__main__":
    sys.exit(main())
