"""The database of an installation, for a command: beside the running PitPilot, or by itself while that is stopped."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from settings import Settings
from storage import migrate, session
from storage.embedded import EmbeddedPostgres, EmbeddedPostgresError, FolderInUse, ServerAddress
from storage.embedded_cluster import SUPERUSER
from storage.embedded_home import SHELTER, find_root
from storage.embedded_ports import LOOPBACK
from storage.secret import FILE as SECRET_FILE
from storage.secret import WrongSecret, derive, load_or_make
from storage.session import EVERY_TENANT, transaction

POOL = 2
DATABASE = "pitpilot"
_PORT_LINE, _SOCKET_LINE = 3, 4  # of postmaster.pid, as PostgreSQL's documentation of its files lists them


class NoDatabase(Exception):
    """There is no database to work with; the text says why."""


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[None]:
    """Opens both doors of `storage.session` onto the database as it is; migrates nothing.

    Raises:
        NoDatabase: it can't be reached, or PitPilot has never run with it.
    """
    given = settings.secret.get_secret_value()
    if not given and not (settings.data / SECRET_FILE).exists():
        raise NoDatabase(f"{settings.data}: PitPilot has never run with this data folder.")
    async with AsyncExitStack() as stack:
        try:
            secret = await asyncio.to_thread(load_or_make, settings.data, given)
            url = settings.database_url or await _embedded(stack, settings.data / "postgres", secret)
            session.open(migrate.roles_urls(url, secret), POOL)
            stack.push_async_callback(session.close)
            async with transaction(EVERY_TENANT) as tx:
                await tx.execute(text("SELECT FROM audit_head LIMIT 1"))
        except (EmbeddedPostgresError, WrongSecret) as error:
            raise NoDatabase(str(error)) from error
        except DBAPIError as error:
            raise NoDatabase(f"Start PitPilot once with these settings, then try again: {error.orig}") from error
        yield


async def _embedded(stack: AsyncExitStack, folder: Path, secret: bytes) -> str:
    server = EmbeddedPostgres(folder, derive(secret, "postgres superuser"))
    try:
        address = await stack.enter_async_context(server)
    except FolderInUse:
        address = await asyncio.to_thread(_running, folder)
    return address.url(DATABASE, address.superuser, address.password)


def _running(folder: Path) -> ServerAddress:
    """Where the server of a folder that is in use listens, as it says itself; nobody needs its superuser here."""
    try:
        lines = (find_root(folder, SHELTER) / "cluster" / "postmaster.pid").read_text().splitlines()
        return ServerAddress(LOOPBACK, int(lines[_PORT_LINE]), Path(lines[_SOCKET_LINE]), SUPERUSER, "")
    except (OSError, ValueError, IndexError) as error:
        raise EmbeddedPostgresError(
            f"PitPilot runs with {folder}, but its database does not say where it listens: {error}."
        ) from None
