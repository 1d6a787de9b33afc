"""Questions to PostgreSQL's catalogue about the schema's tables."""

from typing import Any

import psycopg

ALL_TABLES = "relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND relname <> 'alembic_version'"
OF_TENANTS = f"{ALL_TABLES} AND NOT relispartition"
SEEN_BY_APP = f"{OF_TENANTS} AND has_any_column_privilege('pitpilot_app', c.oid, 'SELECT')"


async def names(connection: psycopg.AsyncConnection[Any], where: str) -> list[str]:
    """Tables that fulfil a condition on pg_class, in alphabetical order."""
    cursor = await connection.execute(f"SELECT relname FROM pg_class c WHERE {where} ORDER BY 1")
    return [name for (name,) in await cursor.fetchall()]
