"""PostgreSQL processes that an earlier, killed run left behind: found without doubt, and stopped cleanly.

A process counts as ours only if it belongs to the cluster's owner and works in the cluster's folder (where the system
lets us see that), or else if its command line names the cluster. A number in `postmaster.pid` alone proves nothing:
after a crash it may be anybody's.
"""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import structlog

from storage.embedded_home import EmbeddedPostgresError, Home

_STOPS = ((None, 1.0), (signal.SIGINT, 15.0), (signal.SIGQUIT, 8.0))  # at first it may be ending by itself
_POLL_S = 0.05

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class _Process:
    pid: int
    uid: int
    command: str  # arguments joined by spaces; PostgreSQL's children put their title there

    def is_server(self, home: Home) -> bool:
        """The postmaster, which keeps its arguments: its children follow it."""
        return f"postgres -D {home.cluster} " in self.command

    def is_child(self, home: Home) -> bool:
        return self.command.startswith(f"postgres: {home.tag}: ")


async def stop_left_overs(home: Home) -> None:
    """Returns when no process of this cluster is alive. The caller holds the folder's lock and has none running.

    Raises:
        EmbeddedPostgresError: some of them do not end.
    """
    loop = asyncio.get_running_loop()
    for number, patience_s in _STOPS:
        deadline = loop.time() + patience_s
        found = await asyncio.to_thread(_find, home)
        if found and number is not None:
            log.warning("stopping a PostgreSQL that an earlier run left", pids=[one.pid for one in found])
            await asyncio.to_thread(_signal, home, found, number)
        while found and loop.time() < deadline:
            await asyncio.sleep(_POLL_S)
            found = await asyncio.to_thread(_find, home)
        if not found:
            await asyncio.to_thread(_remove_traces, home)
            return
    raise EmbeddedPostgresError(
        f"An earlier run's PostgreSQL still uses {home.cluster} and does not end: processes "
        f"{', '.join(str(one.pid) for one in found)}."
    )


def _signal(home: Home, found: list[_Process], number: signal.Signals) -> None:
    """Signals the server, or, where only its children are left, those."""
    servers = [one for one in found if one.is_server(home)]
    for process in servers or found:
        try:
            _signal_surely(home, process.pid, number)
        except ProcessLookupError:
            log.info("it has ended meanwhile", pid=process.pid)


def _signal_surely(home: Home, pid: int, number: signal.Signals) -> None:
    """Signals a process that is looked at once more while its number can't pass to another one (Linux)."""
    if sys.platform == "linux":
        handle = os.pidfd_open(pid)
        try:
            if any(one.pid == pid for one in _find(home)):
                signal.pidfd_send_signal(handle, number)
        finally:
            os.close(handle)
    else:
        os.kill(pid, number)


def _find(home: Home) -> list[_Process]:
    if not home.cluster.exists():
        return []
    owner = home.cluster.stat().st_uid
    return [one for one in _processes() if one.uid == owner and _is_of(home, one)]


def _is_of(home: Home, process: _Process) -> bool:
    if sys.platform == "linux":
        place = Path("/proc") / str(process.pid)
        try:
            return (place / "exe").readlink().name.startswith("postgres") and (place / "cwd").samefile(home.cluster)
        except (FileNotFoundError, ProcessLookupError):
            return False  # it has ended meanwhile
        except PermissionError:
            # Root in a container without the right to trace sees only the command line.
            return process.is_server(home) or process.is_child(home)
    return process.is_server(home) or process.is_child(home)


def _processes() -> Iterator[_Process]:
    if sys.platform != "linux":
        listing = subprocess.run(["ps", "-axwwo", "pid=,uid=,command="], capture_output=True, text=True, check=True)
        for line in listing.stdout.splitlines():
            pid, uid, command = line.split(None, 2)
            yield _Process(int(pid), int(uid), command)
        return
    for place in Path("/proc").iterdir():
        if place.name.isdigit():
            try:
                arguments = (place / "cmdline").read_bytes().split(b"\0")
                uid = place.stat().st_uid
            except (FileNotFoundError, ProcessLookupError):
                continue  # it has ended meanwhile
            yield _Process(int(place.name), uid, " ".join(os.fsdecode(part) for part in arguments))


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
