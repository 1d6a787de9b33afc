"""Connections to the database: one whose other end has vanished without a word is noticed, also by who only listens."""

import psycopg
from sqlalchemy import text

from storage.session import EVERY_TENANT, PATIENCE, transaction, worker_connection
from tests.conftest import World

WANTED = {name: str(value) for name, value in PATIENCE.items()}


def patience_of(connection: psycopg.AsyncConnection[object]) -> dict[str, str]:
    """What the database's own library was told about a connection."""
    said = connection.info.get_parameters()
    return {name: said.get(name, "") for name in WANTED}


async def test_the_connection_that_listens_asks_from_time_to_time_whether_somebody_is_there(database: str) -> None:
    connection = await worker_connection()
    assert patience_of(connection) == WANTED
    await connection.close()


async def test_so_do_those_of_pages_and_of_the_system(world: World) -> None:
    for scope in (world.here.tenant_id, EVERY_TENANT):
        async with transaction(scope) as tx:
            await tx.execute(text("SELECT 1"))
            raw = await (await tx.connection()).get_raw_connection()
            assert patience_of(raw.driver_connection) == WANTED  # type: ignore[arg-type]  # psycopg's own
