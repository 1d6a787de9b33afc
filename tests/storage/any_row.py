"""Rows that mean nothing, made from what the catalogue says of a table, so that no table is left out of a test."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tests.storage.catalogue import SEEN_BY_APP

_TABLES = f"SELECT relname FROM pg_class c WHERE {SEEN_BY_APP} AND relname NOT IN ('tenant', 'person') ORDER BY 1"

# The columns that a row can't do without, and what each must hold: a key of another table, or a type.
_COLUMNS = """
    SELECT a.attname, coalesce(f.confrelid::regclass::text, t.typname) FROM pg_attribute a
    JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_constraint f ON f.conrelid = a.attrelid AND f.contype = 'f'
        AND f.conkey = ARRAY[a.attnum]
    WHERE a.attrelid = CAST(:table AS regclass) AND a.attnum > 0 AND NOT a.attisdropped AND a.attidentity = ''
        AND (a.attname = 'tenant_id' OR a.attnotnull AND NOT a.atthasdef)"""

_MEANT = {("invitation", "role"): "staff"}  # where not every text will do


async def add_missing_rows(tx: AsyncSession, bound: Mapping[str, Any]) -> None:
    """Gives the tenant a row in each table that the web's role can see and that has none of it yet.

    `bound` holds the ids of the tenant's `tenant`, `owner`, `device`, `pit`, `alert` and `session`, and `now`.
    """
    for table in (await tx.execute(text(_TABLES))).scalars().all():
        mine = text(f"SELECT EXISTS (SELECT 1 FROM {table} WHERE tenant_id = :tenant)")
        if not (await tx.execute(mine, {"tenant": bound["tenant"]})).scalar_one():
            await _add_any_row(tx, table, bound)


async def _add_any_row(tx: AsyncSession, table: str, bound: Mapping[str, Any]) -> None:
    values = {
        "tenant": bound["tenant"], "person": bound["owner"], "device": bound["device"], "pit": bound["pit"],
        "alert": bound["alert"], "web_session": bound["session"], "uuid": uuid4(), "text": uuid4().hex,
        "bytea": uuid4().bytes, "timestamptz": bound["now"], "date": bound["now"].date(), "int4": 1, "int8": 1,
        "bool": False, "jsonb": "{}", "_text": [],
    }  # fmt: skip
    columns = (await tx.execute(text(_COLUMNS), {"table": table})).all()
    row = {name: _MEANT.get((table, name), values[kind]) for name, kind in columns}
    places = ", ".join(f":{name}" for name in row)
    await tx.execute(text(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})"), row)
