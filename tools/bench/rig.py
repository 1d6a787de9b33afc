"""The servers of a run: one PostgreSQL that keeps its promises (fsync on, as shipped), and a fresh Mosquitto whenever
one is asked for, because an old one would go on queueing for consumers that are gone.
"""

import asyncio
import secrets
import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil
import psycopg

from storage import migrate, partitions, session
from storage.embedded import EmbeddedPostgres, ServerAddress
from storage.session import EVERY_TENANT, transaction
from tests.private_mosquitto import PrivateMosquitto

DISK = Path("/var/tmp")  # noqa: S108  # mkdtemp below it; where /tmp is memory, fsync would cost nothing
# What deploy/mosquitto/mosquitto.conf adds to what a private Mosquitto has anyway. Passwords and rights are left out:
# the load comes over few connections, each for many devices.
PRODUCTION_SETTINGS = (
    "autosave_interval 60",
    "queue_qos0_messages false",
    "persistent_client_expiration 14d",
    "max_inflight_messages 1000",
    "max_packet_size 1048576",
)


@dataclass(frozen=True)
class Database:
    """A migrated database of the run's server."""

    superuser_url: str
    owner_url: str
    secret: bytes


class Rig:
    """`async with Rig() as rig` starts PostgreSQL in a folder of its own on disk and removes all of it at the end."""

    address: ServerAddress

    async def __aenter__(self) -> Self:
        self.folder = _make_folder()
        self._server = EmbeddedPostgres(
            self.folder / "postgres", secrets.token_urlsafe(), shelter=self.folder / "shelter"
        )
        try:
            self.address = await self._server.start()
            self.postgres_pid = await asyncio.to_thread(_server_pid, self.url("postgres"))
        except BaseException:
            await self.__aexit__(None, None, None)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self._server.stop()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database: str) -> str:
        """The superuser's address of a database, by TCP: every program understands that."""
        return self.address.url(database, self.address.superuser, self.address.password, over_tcp=True)

    async def plain_database(self, name: str) -> str:
        """An empty database; returns the superuser's address of it."""
        async with await psycopg.AsyncConnection.connect(self.url("postgres"), autocommit=True) as connection:
            await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            await connection.execute(f'CREATE DATABASE "{name}"')
        return self.url(name)

    async def database(self, name: str) -> Database:
        """A fresh database with the product's tables and its partitions."""
        async with await psycopg.AsyncConnection.connect(self.url("postgres"), autocommit=True) as connection:
            await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        secret = secrets.token_bytes(32)
        owner_url = await migrate.make_owned_database(self.url("postgres"), name, secret)
        session.open(await migrate.prepare(owner_url, secret), pool_size=2)
        try:
            async with transaction(EVERY_TENANT) as tx:
                await partitions.make_partitions(tx, datetime.now(UTC))
        finally:
            await session.close()
        return Database(self.url(name), owner_url, secret)

    def broker(self) -> PrivateMosquitto:
        """A fresh Mosquitto with the production settings, to be used as a context manager."""
        return PrivateMosquitto(settings=PRODUCTION_SETTINGS)


def _make_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="pitpilot-bench-", dir=DISK if DISK.is_dir() else None))
    folder.chmod(0o711)  # as root, PostgreSQL's user must get through
    return folder


def _server_pid(url: str) -> int:
    """The process id of the server: a backend's parent."""
    with psycopg.connect(url) as connection:
        return int(psutil.Process(connection.info.backend_pid).ppid())
