"""A program of PostgreSQL as a child process: how it is started, known to be ready, and stopped."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import Sequence
from pathlib import Path

from storage.embedded_child import stop_child
from storage.embedded_home import EmbeddedPostgresError, Home

_LAUNCHER = Path(__file__).with_name("embedded_launcher.py")
_READY_POLL_S = 0.02
_READY_MAX_S = 300.0  # recovery after a crash replays at most max_wal_size, far faster than this
_STOPS = (  # fast; immediate (PostgreSQL itself gives its children 5 s); the kernel's
    (signal.SIGINT, 3.0),
    (signal.SIGQUIT, 6.0),
    (signal.SIGKILL, 2.0),
)
_SHOWN_LINES = 12


async def spawn(home: Home, program: str, arguments: Sequence[str]) -> Process:
    """Starts a program of PostgreSQL as a direct child, with its output in `log/start.log`.

    It runs in a session of its own, so that Ctrl-C in a terminal reaches PitPilot alone, which then stops it in order.
    It gets none of our environment, which may hold secrets.
    """
    output = await asyncio.to_thread(_open_start_log, home)
    account = "-" if home.account is None else home.account.launch_argument
    launcher = [sys.executable, "-I", "-S", str(_LAUNCHER), str(os.getpid()), account]
    try:
        return await asyncio.create_subprocess_exec(
            *launcher,
            str(home.programs / program),
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=home.root,
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            start_new_session=True,
        )
    finally:
        os.close(output)


async def until_ready(home: Home, process: Process) -> None:
    """Waits until PostgreSQL takes connections, which it writes into `postmaster.pid`.

    Raises:
        EmbeddedPostgresError: it ended instead, or took too long.
    """
    ended = asyncio.ensure_future(process.wait())
    try:
        async with asyncio.timeout(_READY_MAX_S):
            while not await asyncio.to_thread(_is_ready, home, process.pid):
                await asyncio.wait({ended}, timeout=_READY_POLL_S)
                if ended.done():
                    last_words = await asyncio.to_thread(_last_words, home)
                    raise EmbeddedPostgresError(f"PostgreSQL ended while starting ({ended.result()}):\n{last_words}")
    except TimeoutError:
        raise EmbeddedPostgresError(f"PostgreSQL was not ready after {_READY_MAX_S:.0f} s") from None
    finally:
        ended.cancel()


async def run_to_end(home: Home, program: str, arguments: Sequence[str]) -> None:
    """Runs a program that ends by itself.

    Raises:
        EmbeddedPostgresError: it failed; the text holds its last words.
    """
    process = await spawn(home, program, arguments)
    try:
        code = await process.wait()
    except asyncio.CancelledError:
        await stop(process)
        raise
    if code != 0:
        raise EmbeddedPostgresError(f"{program} failed ({code}):\n{await asyncio.to_thread(_last_words, home)}")


async def stop(process: Process) -> None:
    """Stops PostgreSQL: at first so that it ends cleanly, then ever harder. Returns when it is gone."""
    await stop_child(process, _STOPS)


def _is_ready(home: Home, pid: int) -> bool:
    try:
        lines = (home.cluster / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return False
    return len(lines) >= 8 and lines[0].strip() == str(pid) and lines[7].strip() == "ready"


def _start_log(home: Home) -> Path:
    return home.log_dir / "start.log"


def _open_start_log(home: Home) -> int:
    file = os.open(_start_log(home), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    if home.account is not None:
        home.account.own(_start_log(home))
    return file


def _last_words(home: Home) -> str:
    """The end of what PostgreSQL said last: on its output, then in its newest log."""
    logs = sorted(home.log_dir.glob("postgres-*.log"), key=lambda path: path.stat().st_mtime)[-1:]
    texts = [path.read_text(encoding="utf-8", errors="replace").splitlines() for path in (_start_log(home), *logs)]
    return "\n".join(line for text in texts for line in text[-_SHOWN_LINES:])
