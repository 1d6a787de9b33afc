"""The demo's virtual devices as child processes that are kept running: they end with us, however we end."""

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import Process
from pathlib import Path

from storage.embedded_child import keep_running, stop_child

_ROOT = Path(__file__).resolve().parent.parent
_STOPS = ((signal.SIGTERM, 3.0), (signal.SIGKILL, 2.0))  # devices are without power at once: their last wills speak


class Fleet:
    """One process that plays all devices of a file: `program` is tools.virtual_pits or tools.virtual_firmware, with
    what it takes.
    """

    def __init__(self, *program: str) -> None:
        self._program = program
        self._process: Process | None = None
        self._keeper: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """Process id, while it runs."""
        return self._process.pid if self._process else None

    async def start(self) -> None:
        self._keeper = asyncio.create_task(keep_running(self._program[0], await self._spawn(), self._spawn, None))

    async def stop(self) -> None:
        """Has the devices say goodbye and ends the process. May be called twice."""
        if self._keeper is not None:
            self._keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeper
            self._keeper = None
        if self._process is not None:
            await stop_child(self._process, _STOPS)
            self._process = None

    async def _spawn(self) -> Process:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", *self._program, "--until-input-ends"),
            stdin=asyncio.subprocess.PIPE,  # ours to hold: it closes with us
            cwd=_ROOT,
            env={name: value for name, value in os.environ.items() if not name.startswith("PITPILOT_")},
            start_new_session=True,  # Ctrl-C in a terminal is for us, who then end it in order
        )
        return self._process
