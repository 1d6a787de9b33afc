"""A private PostgreSQL for the tests, built on the one that PitPilot ships: one server, a fresh database for whoever
asks. Plain functions without a loop, so that pytest's session fixtures can hold it."""

import asyncio
import secrets
import shutil
import tempfile
import threading
from collections.abc import Coroutine
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from storage.embedded import EmbeddedPostgres, ServerAddress

_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "max_wal_size": "256MB",
    "scram_iterations": "1",  # a connection costs 1 ms instead of 10; there is nobody to guess its passwords
    "autovacuum": "off",  # no database lives long enough
    "file_copy_method": "clone",  # the kernel copies a template's files
    "authentication_timeout": "10s",  # dropping a database waits for whoever has begun to sign in
}
_MEMORY_MIN_BYTES = 2 * 1024**3
_Result = TypeVar("_Result")


class PrivatePostgres:
    """A server of one's own in a temporary folder; `with` starts and stops it. It is no place to keep rows in."""

    address: ServerAddress
    _connection: psycopg.Connection[Any] | None = None
    """Kept for as long as the server: databases come and go by the thousand."""

    def __enter__(self) -> Self:
        self._folder = Path(tempfile.mkdtemp(prefix="pitpilot-postgres-", dir=_fast_place()))
        self._folder.chmod(0o711)  # as root, PostgreSQL's user must get through
        self._loop = asyncio.new_event_loop()
        # The server is tied to the thread that starts it: this one lives as long as the server should.
        self._thread = threading.Thread(target=self._loop.run_forever, name="private PostgreSQL", daemon=True)
        self._thread.start()
        self._server = EmbeddedPostgres(
            self._folder / "db", secrets.token_urlsafe(), settings=_SETTINGS, shelter=self._folder / "shelter"
        )
        try:
            self.address = self._wait_for(self._server.start())
            self._connection = psycopg.connect(self._url("postgres"), autocommit=True)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._connection is not None:
                self._connection.close()
            self._wait_for(self._server.stop())
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()
            shutil.rmtree(self._folder)

    def create_database(self, template: str | None = None, name: str = "") -> str:
        """A new database, empty or a copy of the one at the address `template`; returns the superuser's address of it.

        A template must have no open connections. The copy belongs to the user of its address. Without a name it gets
        one of its own.
        """
        name = name or f"test_{secrets.token_hex(6)}"
        source = "template0" if template is None else _name(template)
        owner = urlsplit(self._url("postgres") if template is None else template).username or ""
        statement = sql.SQL(
            "CREATE DATABASE {} TEMPLATE {} OWNER {} STRATEGY file_copy"
        )  # the quicker one without fsync
        self._execute(statement.format(*map(sql.Identifier, (name, source, owner))))
        return self._url(name)

    def drop_database(self, url: str) -> None:
        """Drops the database at this address, and whoever is connected to it."""
        self._execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(_name(url))))

    def _execute(self, statement: sql.Composed) -> None:
        assert self._connection is not None, "the server is not started"
        self._connection.execute(statement)

    def _url(self, database: str) -> str:
        return self.address.url(database, self.address.superuser, self.address.password)

    def _wait_for(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


def _fast_place() -> Path | None:
    """Memory, where there is plenty: copying a database's 300 files takes 0.02 s there, on some disks 0.5 s."""
    memory = Path("/dev/shm")
    return memory if memory.is_dir() and shutil.disk_usage(memory).free > _MEMORY_MIN_BYTES else None


def _name(url: str) -> str:
    return urlsplit(url).path.removeprefix("/")
