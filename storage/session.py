"""The doors to the database: `transaction(tenant)` for one tenant's rows, `transaction(EVERY_TENANT)` for the system's
own work (devices, ticker, sign-in), and a bare connection for the flood of readings.

The web's role can't see another tenant's rows even if a query forgets its WHERE: row-level security compares each row
with `app.tenant_id`, which lives as long as the transaction. The system's work uses a second role.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Any, Final
from uuid import UUID

import psycopg
from sqlalchemy import text
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

DATABASE_AWAY = (OperationalError, InterfaceError, PoolTimeout, psycopg.OperationalError, psycopg.InterfaceError)
"""What `transaction` raises while the database does not answer, and what is done in it by `storage.bare`."""
POOL_WAIT_S = 10.0  # for a connection that others hold

# A host that vanished without a word (power, cable, firewall) is noticed within half a minute, also by whoever only
# listens. Over a Unix socket these mean nothing.
PATIENCE: dict[str, Any] = {
    "connect_timeout": 5,
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,  # ms
}


class Scope(Enum):
    EVERY_TENANT = "every tenant"


EVERY_TENANT: Final = Scope.EVERY_TENANT


@dataclass(frozen=True)
class Urls:
    """postgresql:// addresses of the two roles."""

    app: str
    worker: str


class NotOpen(RuntimeError):
    """The database is used before `open` or after `close`: a bug in the wiring."""


class _Doors:
    app: AsyncEngine | None = None
    worker: AsyncEngine | None = None
    urls: Urls | None = None


_doors = _Doors()


def open(urls: Urls, pool_size: int) -> None:  # read as session.open
    """Prepares both pools; connections are made when first needed."""
    _doors.urls = urls
    _doors.app, _doors.worker = _engine(urls.app, pool_size), _engine(urls.worker, pool_size)


@cache
def _engine(url: str, pool_size: int) -> AsyncEngine:
    """One for each address, however often it is opened: an engine keeps the statements that it has compiled."""
    options: dict[str, Any] = {"pool_size": pool_size, "max_overflow": 0, "pool_timeout": POOL_WAIT_S}
    options |= {"pool_pre_ping": True, "connect_args": PATIENCE}
    options["hide_parameters"] = True  # else an error's text, and so the log, holds hashes and what people typed
    return create_async_engine(_sqlalchemy(url), **options)


async def close() -> None:
    for engine in (_doors.app, _doors.worker):
        if engine is not None:
            await engine.dispose()
    _doors.app = _doors.worker = _doors.urls = None


@asynccontextmanager
async def transaction(scope: UUID | Scope) -> AsyncIterator[AsyncSession]:
    """One transaction that sees one tenant, or, for the system's own work, all; commits at the end, else rolls back."""
    engine = _doors.worker if isinstance(scope, Scope) else _doors.app
    if engine is None:
        raise NotOpen("call storage.session.open first")
    async with AsyncSession(engine, expire_on_commit=False) as session, session.begin():
        if not isinstance(scope, Scope):
            await session.execute(text("SELECT set_config('app.tenant_id', :id, true)"), {"id": str(scope)})
        yield session


async def worker_connection() -> psycopg.AsyncConnection[tuple[Any, ...]]:
    """A connection of one's own with the worker's rights: for COPY, LISTEN and advisory locks. The caller closes it."""
    if _doors.urls is None:
        raise NotOpen("call storage.session.open first")
    return await psycopg.AsyncConnection.connect(_doors.urls.worker, **PATIENCE)


def _sqlalchemy(url: str) -> str:
    return "postgresql+psycopg" + url.removeprefix("postgresql").removeprefix("postgres")
