"""PostgreSQL processes that an earlier, killed run left behind: found without doubt, and stopped cleanly.

A process counts as ours only if it belongs to the cluster's owner and works in the cluster's folder, or, where the
system won't tell us that, if its command line names the cluster. A number in `postmaster.pid` alone proves nothing:
after a crash it may be anybody's.
"""

import asyncio
import os
import signal
from contextlib import suppress
from pathlib import Path

import psutil
import structlog

from storage.embedded_home import EmbeddedPostgresError, Home

_STOPS = ((None, 1.0), (signal.SIGINT, 15.0), (signal.SIGQUIT, 8.0))  # at first it may be ending by itself
_POLL_S = 0.05

log = structlog.get_logger(__name__)


async def stop_left_overs(home: Home) -> None:
    """Returns when no process of this cluster is alive. The caller holds the folder's lock and has none running.

    Raises:
        EmbeddedPostgresError: some of them do not end.
    """
    loop = asyncio.get_running_loop()
    found = await asyncio.to_thread(_find, home)
    for number, patience_s in _STOPS:
        deadline = loop.time() + patience_s
        if found and number is not None:
            log.warning("stopping a PostgreSQL that an earlier run left", pids=[process.pid for process in found])
            await asyncio.to_thread(_signal, home, found, number)
        while found and loop.time() < deadline:
            await asyncio.sleep(_POLL_S)
            found = await asyncio.to_thread(_find, home)
    if found:
        raise EmbeddedPostgresError(
            f"An earlier run's PostgreSQL still uses {home.cluster} and does not end: processes "
            f"{', '.join(str(process.pid) for process in found)}."
        )
    await asyncio.to_thread(_remove_traces, home)


def _signal(home: Home, found: list[psutil.Process], number: signal.Signals) -> None:
    """Signals the server, or, where only its children are left, those: a server alone knows how to end its children."""
    servers = [process for process in found if _is_server(home, _command(process))]
    for process in servers or found:
        with suppress(psutil.NoSuchProcess):  # ended meanwhile; psutil never signals the next owner of a number
            process.send_signal(number)


def _find(home: Home) -> list[psutil.Process]:
    if not home.cluster.exists():
        return []
    owner = home.cluster.stat().st_uid
    return [process for process in psutil.process_iter() if _is_of(home, owner, process)]


def _is_of(home: Home, owner: int, process: psutil.Process) -> bool:
    try:
        if process.uids().effective != owner:
            return False
        return Path(process.exe()).name.startswith("postgres") and home.cluster.samefile(process.cwd())
    except (psutil.NoSuchProcess, FileNotFoundError):
        return False  # it has ended meanwhile
    except psutil.AccessDenied:  # root in a container without the right to trace sees no more than the command line
        command = _command(process)
        return _is_server(home, command) or " ".join(command).startswith(f"postgres: {home.tag}: ")


def _is_server(home: Home, command: list[str]) -> bool:
    """The postmaster keeps its arguments; its children put a title in their place."""
    return command[1:3] == ["-D", str(home.cluster)]


def _command(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return []


def _remove_traces(home: Home) -> None:
    """Removes what a killed server left and the next one would stumble over or never look at."""
    for socket in home.socket_dir.glob(".s.PGSQL.*"):
        socket.unlink()
    _remove_foreign_pid_file(home)


def _remove_foreign_pid_file(home: Home) -> None:
    """Removes `postmaster.pid` if its number has passed to a stranger: PostgreSQL would take that one for a server.

    A file that names no living process is left to PostgreSQL, which then also looks at its shared memory.
    """
    path = home.cluster / "postmaster.pid"
    try:
        first_line = path.read_text(encoding="utf-8").partition("\n")[0].strip()
        if first_line.isdecimal():  # else a crash of the system left it empty, which PostgreSQL refuses too
            os.kill(int(first_line), 0)
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return
    path.unlink()
