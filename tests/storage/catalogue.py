"""Questions to PostgreSQL's catalogue about the schema's tables."""

from typing import Any

import psycopg

ALL_TABLES = "relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND relname <> 'alembic_version'"
OF_TENANTS = f"{ALL_TABLES} AND NOT relispartition"
UNSEEN_BY_APP = {"web_session", "rollup_progress", "rollup_late"}


async def names(connection: psycopg.AsyncConnection[Any], where: str) -> list[str]:
    """Tables that fulfil a condition on pg_class, in alphabetical order."""
    cursor = await connection.execute(f"SELECT relname FROM pg_class c WHERE {where} ORDER BY 1")
    return [name for (name,) in await cursor.fetchall()]
