"""Statements on a transaction's own connection without SQLAlchemy in between: for what happens many times a second.

They travel together (libpq's pipeline): one way to the database and back, whatever their number, and they take effect
in their order. Placeholders are psycopg's, `%(name)s`, and so are the errors; `storage.session.DATABASE_AWAY` knows
those of a lost database too.
"""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import Any

import psycopg
from sqlalchemy.ext.asyncio import AsyncSession

Statement = tuple[str, Mapping[str, Any]]
Rows = list[tuple[Any, ...]]


async def together(tx: AsyncSession, statements: Sequence[Statement]) -> list[Rows]:
    """The rows of each; none for one that returns nothing.

    Raises:
        psycopg.Error: one failed, and the transaction with it.
    """
    if not statements:
        return []
    driver = await _driver(tx)
    async with driver.pipeline() if len(statements) > 1 else nullcontext():
        cursors = [await driver.execute(statement, bound) for statement, bound in statements]
    return [await cursor.fetchall() if cursor.description else [] for cursor in cursors]


async def _driver(tx: AsyncSession) -> psycopg.AsyncConnection[tuple[Any, ...]]:
    connection = await (await tx.connection()).get_raw_connection()
    driver: psycopg.AsyncConnection[tuple[Any, ...]] | None = connection.driver_connection
    if driver is None:
        raise RuntimeError("the transaction's connection was given back")
    return driver
