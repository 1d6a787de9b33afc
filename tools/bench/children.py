"""Programs that the benchmark starts: each has a log, a limit for every answer, and is ended by its own process id."""

import asyncio
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

ROOT = Path(__file__).parents[2]
STOP_WITHIN_S = 10.0
LOG_CHARS = 2_000
LINE_BYTES_MAX = 1 << 20


class ChildFailed(Exception):
    """A program ended, or did not answer in time; the text holds the end of its log."""


class Child:
    """One running program. As a context manager it is stopped at the end, however that comes."""

    def __init__(self, name: str, process: Process, log: Path) -> None:
        self.name = name
        self._process = process
        self._output = process.stdout or _nothing()
        self._log = log

    @classmethod
    async def start(
        cls,
        name: str,
        arguments: Sequence[str],
        folder: Path,
        *,
        environment: Mapping[str, str] | None = None,
        talks: bool = True,
    ) -> Self:
        """Starts `python arguments…` in the repository's root. A log in `folder` takes its errors, and all that one
        says that does not talk to us.
        """
        log = folder / f"{name}.log"
        with log.open("ab") as file:
            process = await asyncio.create_subprocess_exec(
                sys.executable, *arguments, cwd=ROOT, env=environment, limit=LINE_BYTES_MAX,
                stdin=PIPE if talks else DEVNULL, stdout=PIPE if talks else file, stderr=file,
            )  # fmt: skip
        return cls(name, process, log)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def ended(self) -> bool:
        return self._process.returncode is not None

    async def line(self, within_s: float) -> str:
        """Its next line on standard output. Raises ChildFailed when there comes none in time."""
        try:
            said = await asyncio.wait_for(self._output.readline(), within_s)
        except TimeoutError:
            raise ChildFailed(f"{self.name} said nothing for {within_s:g} s; {self.last_words()}") from None
        if not said:
            raise ChildFailed(f"{self.name} ended; {self.last_words()}")
        return said.decode().strip()

    async def ask(self, question: str, within_s: float) -> str:
        """Writes a line to it and returns its answer."""
        if self._process.stdin is None:
            raise ChildFailed(f"{self.name} does not listen")
        self._process.stdin.write(question.encode() + b"\n")
        return await self.line(within_s)

    async def stop(self, within_s: float = STOP_WITHIN_S) -> None:
        """Ends it in good order, or by force after that time."""
        if not self.ended:
            self._process.terminate()
        try:
            await asyncio.wait_for(self._wait(), within_s)
        except TimeoutError:
            await self.kill()

    async def kill(self) -> None:
        """Kill −9."""
        if not self.ended:
            self._process.send_signal(signal.SIGKILL)
        await self._wait()

    def last_words(self) -> str:
        """The end of its log."""
        text = self._log.read_text(errors="replace").strip()
        return f"its log ends with: {text[-LOG_CHARS:]}" if text else "its log is empty"

    async def _wait(self) -> None:
        """Reads what it still says, so that a full pipe can't keep it from ending."""
        await self._output.read()
        await self._process.wait()


def _nothing() -> asyncio.StreamReader:
    """What a program says that writes to its log only."""
    reader = asyncio.StreamReader()
    reader.feed_eof()
    return reader


async def run(name: str, arguments: Sequence[str], folder: Path, within_s: float) -> str:
    """Runs a program of ours to its end; returns its last line. Raises ChildFailed."""
    async with await Child.start(name, arguments, folder) as child:
        return await child.line(within_s)
