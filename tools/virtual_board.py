"""The hardware around the firmware when it runs as a program: pins, watchdog, power, resets. One board, one controller.

A `Board` starts the interpreter with the fakes of `firmware/fakes`, listens for the line that they open, sets inputs,
and notes every edge of an output with the controller's own monotonic time. Like the real thing it lets outputs fall
when the power goes or the chip resets, and resets the chip when its watchdog starves.
"""

import asyncio
import contextlib
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from tools.virtual_flash import FIRMWARE, find_interpreter, write_keys

__all__ = ["FIRMWARE", "Board", "Edge", "find_interpreter", "write_keys"]

RESET_EXIT_CODE = 3  # of firmware/fakes/machine.py
START_WITHIN_S = 20.0
LAST_WORDS_WITHIN_S = 5.0
BOOT_S = 0.05  # less than a real boot takes; and no busy loop of crashes


@dataclass(frozen=True, slots=True)
class Edge:
    """An output that changed; `at_us` on the monotonic clock of this machine. `by_board`: it fell without power."""

    pin: int
    level: int
    at_us: int
    by_board: bool = False


class Board:
    """Use it as an asynchronous context manager, or call `power_on` and `power_off`."""

    def __init__(
        self,
        flash: Path,
        *,
        interpreter: Sequence[str] = (),
        program: Path = FIRMWARE,
        inputs: Mapping[int, int] | None = None,
        on_edge: Callable[[Edge], None] | None = None,
    ) -> None:
        """`flash` is the controller's folder, `program` the one with boot.py and main.py, as sources or compiled, and
        perhaps with fakes of its own. `inputs` are the levels at first, by default grid and ready given.
        """
        self.flash = flash
        self.edges: list[Edge] = []
        self.outputs: dict[int, int] = {}
        self.resets: list[str] = []
        """Why the controller started anew, each time: "watchdog", "soft", "hard"; "crash" when the program just ended,
        which leaves a chip idle until its watchdog resets it: for ever, if none runs yet."""
        run = next(path / "fakes" / "run.py" for path in (program, FIRMWARE) if (path / "fakes" / "run.py").exists())
        self._command = [*(interpreter or find_interpreter()), str(run), str(program)]
        self._inputs = dict({32: 1, 33: 1} if inputs is None else inputs)
        self._facts = {"wifi": "1", "card": "-"}
        self._analogue: dict[int, int] = {}
        self._on_edge = on_edge
        self._server: asyncio.Server | None = None
        self._port = 0
        self._process: asyncio.subprocess.Process | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._life: asyncio.Task[None] | None = None
        self._fed_at = 0.0
        self._fed_within_s: float | None = None
        self._cause = "power"
        self._line_up, self._line_down = asyncio.Event(), asyncio.Event()

    async def __aenter__(self) -> Self:
        await self.power_on()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.power_off()

    @property
    def pid(self) -> int:
        """Process id of the controller. Raises RuntimeError when it has no power."""
        if self._process is None:
            raise RuntimeError("this board has no power")
        return self._process.pid

    @property
    def log(self) -> str:
        """What the controller has printed since its flash was made."""
        path = self.flash / "console.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def is_on(self, *pins: int) -> bool:
        """Whether any of these outputs is high."""
        return any(self.outputs.get(pin, 0) for pin in pins)

    async def power_on(self) -> None:
        """Starts the controller and returns when it has begun to run. Raises RuntimeError with its log."""
        self.flash.mkdir(parents=True, exist_ok=True)
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self._port = self._server.sockets[0].getsockname()[1]
        self._life = asyncio.create_task(self._live("power"))
        try:
            async with asyncio.timeout(START_WITHIN_S):
                await self._line_up.wait()
        except TimeoutError:
            await self.power_off()
            raise RuntimeError(f"the firmware did not start:\n{self.log}") from None

    async def power_off(self) -> None:
        """Takes the power away at once (kill −9). Does nothing without power."""
        if self._life is not None:
            self._life.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._life
            self._life = None
        if self._server is not None:
            self._server.close()
            self._server = None

    async def power_cycle(self) -> None:
        """Power away and back."""
        await self.power_off()
        await self.power_on()

    def set_pin(self, pin: int, level: int) -> int:
        """Sets an input, or holds an output where it is not driven to; returns when that was, in monotonic µs."""
        self._inputs[pin] = level
        at_us = time.monotonic_ns() // 1_000
        self._tell(f"pin {pin} {level}")
        return at_us

    def set_analogue(self, pin: int, raw: int) -> None:
        """Sets an analogue input, 0…65535."""
        self._analogue[pin] = raw
        self._tell(f"adc {pin} {raw}")

    def set_wifi(self, is_there: bool) -> None:
        self._set_fact("wifi", str(int(is_there)))

    def hold_card(self, uid: bytes | None) -> None:
        """Holds a card to the reader, or takes it away."""
        self._set_fact("card", uid.hex() if uid else "-")

    def hang(self, ms: int) -> None:
        """Lets the next look at a pin take this long, as a driver does that is stuck."""
        self._tell(f"hang {ms}")

    def crash(self) -> None:
        """Lets the next look at a pin raise, as a driver does that breaks."""
        self._tell("crash")

    def _set_fact(self, word: str, value: str) -> None:
        self._facts[word] = value
        self._tell(f"{word} {value}")

    def _tell(self, line: str) -> None:
        if self._writer is not None and not self._writer.is_closing():
            self._writer.write(f"{line}\n".encode())

    async def _live(self, cause: str) -> None:
        """One boot after the other, until the power goes."""
        try:
            while True:
                self._cause, self._fed_within_s = "watchdog" if cause == "crash" else cause, None
                cause = await self._boot()
                self.resets.append(cause)
        finally:
            self._line_up.clear()
            await self._end()
            self._fall()

    async def _boot(self) -> str:
        """Runs the controller until it resets; returns why it did."""
        with (self.flash / "console.log").open("ab") as console:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                cwd=self.flash,
                env={**os.environ, "BOARD_PORT": str(self._port), "PYTHONUNBUFFERED": "1"},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=console,
                stderr=console,
            )
        ended = asyncio.create_task(self._process.wait())
        starved = asyncio.create_task(self._starve())
        try:
            await asyncio.wait({ended, starved}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            starved.cancel()
            ended.cancel()
        if not ended.done() or ended.cancelled():
            await self._end()
            self._fall()
            return "watchdog"
        await self._until_heard()
        cause = self._cause if self._process.returncode == RESET_EXIT_CODE else "crash"
        if cause == "crash":
            await self._starve()  # nobody is there who would do anything; outputs stay as they are
        if cause != "soft":
            self._fall()
        await asyncio.sleep(BOOT_S)
        return cause

    async def _starve(self) -> None:
        """Returns when the watchdog has not been fed for its limit."""
        while True:
            limit_s = self._fed_within_s
            left_s = 0.05 if limit_s is None else self._fed_at + limit_s - time.monotonic()
            if left_s <= 0:
                return
            await asyncio.sleep(min(left_s, 0.05))

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
            await self._until_heard()

    async def _until_heard(self) -> None:
        """The program has ended: waits until its last lines are read."""
        if self._writer is not None:
            async with asyncio.timeout(LAST_WORDS_WITHIN_S):
                await self._line_down.wait()

    def _fall(self) -> None:
        """Outputs without a driver are pulled down."""
        at_us = time.monotonic_ns() // 1_000
        for pin, level in list(self.outputs.items()):
            if level:
                self._note(Edge(pin, 0, at_us, by_board=True))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """The line of one boot."""
        self._writer = writer
        self._line_down.clear()
        for pin, level in self._inputs.items():
            self._tell(f"pin {pin} {level}")
        for pin, raw in self._analogue.items():
            self._tell(f"adc {pin} {raw}")
        for word, value in self._facts.items():
            self._tell(f"{word} {value}")
        self._tell(f"cause {self._cause}\nready")
        self._line_up.set()
        with contextlib.suppress(ConnectionError):
            while line := await reader.readline():
                self._take(line.decode().split())
        self._writer = None
        self._line_down.set()
        writer.close()

    def _take(self, words: list[str]) -> None:
        match words:
            case ["pin", pin, level, at_us]:
                if self.outputs.get(int(pin), 0) != int(level):
                    self._note(Edge(int(pin), int(level), int(at_us)))
            case ["wdt", limit_ms]:
                self._fed_at, self._fed_within_s = time.monotonic(), int(limit_ms) / 1_000
            case ["feed"]:
                self._fed_at = time.monotonic()
            case ["reset", cause]:
                self._cause = cause

    def _note(self, edge: Edge) -> None:
        self.outputs[edge.pin] = edge.level
        self.edges.append(edge)
        if self._on_edge is not None:
            self._on_edge(edge)
