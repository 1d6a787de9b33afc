"""Rows that mean nothing, made from what the catalogue says of a table, so that no table is left out of a test."""

from collections.abc import Mapping
from random import getrandbits
from typing import Any
from uuid import uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tests.storage.catalogue import SEEN_BY_APP

_TABLES = f"SELECT relname FROM pg_class c WHERE {SEEN_BY_APP} AND relname NOT IN ('tenant', 'person') ORDER BY 1"

# The columns that a row can't do without, each with its type, and the table and column that it refers to, if any.
_COLUMNS = """
    SELECT DISTINCT ON (a.attnum) a.attname, t.typname, f.confrelid::regclass::text,
        (SELECT attname FROM pg_attribute WHERE attrelid = f.confrelid
            AND attnum = f.confkey[array_position(f.conkey, a.attnum)])
    FROM pg_attribute a
    JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_constraint f ON f.conrelid = a.attrelid AND f.contype = 'f'
        AND a.attnum = ANY(f.conkey) AND (a.attname <> 'tenant_id' OR f.conkey = ARRAY[a.attnum])
    WHERE a.attrelid = CAST(:table AS regclass) AND a.attnum > 0 AND NOT a.attisdropped AND a.attidentity = ''
        AND (a.attname = 'tenant_id' OR a.attnotnull AND NOT a.atthasdef)
    ORDER BY a.attnum, f.conkey"""

_MEANT = {  # where not every text will do
    ("device_command", "kind"): "restart",
    ("invitation", "role"): "staff",
    ("message", "way"): "mail",
    ("card", "uid"): "04A2B3C4",
    ("unknown_card", "uid"): "04A2B3C5",
    ("run", "state"): "waiting",
    ("run", "mode"): "auto",
    ("transfer", "kind"): "recharge",
    ("transfer", "debit"): "outside",
    ("minute_request", "status"): "pending",
    ("working_hours", "until_minute"): 1_440,
    ("vehicle", "class"): "sedan",
    ("job", "work_type"): "full_ppf",
    ("job", "state"): "received",
}


async def add_missing_rows(tx: AsyncSession, bound: Mapping[str, Any]) -> None:
    """Gives the tenant a row in each table that the web's role can see and that has none of it yet.

    `bound` holds the ids of the tenant's `tenant`, `owner`, `device`, `pit`, `alert` and `session`, and `now`.
    """
    for table in (await tx.execute(text(_TABLES))).scalars().all():
        mine = text(f"SELECT EXISTS (SELECT 1 FROM {table} WHERE tenant_id = :tenant)")
        if not (await tx.execute(mine, {"tenant": bound["tenant"]})).scalar_one():
            await _add_any_row(tx, table, bound)


async def _add_any_row(tx: AsyncSession, table: str, bound: Mapping[str, Any]) -> None:
    values: dict[str, Any] = {
        "tenant": bound["tenant"], "person": bound["owner"], "device": bound["device"], "pit": bound["pit"],
        "alert": bound["alert"], "web_session": bound["session"], "membership": bound["owner"],
        "uuid": uuid4(), "text": uuid4().hex,
        "bytea": uuid4().bytes, "timestamptz": bound["now"], "date": bound["now"].date(), "int4": 1,
        "int8": 1 + getrandbits(40), "bool": False, "jsonb": "{}", "_text": [],
    }  # fmt: skip
    row: dict[str, Any] = {}
    for name, kind, other, key in (await tx.execute(text(_COLUMNS), {"table": table})).all():
        known = _MEANT.get((table, name), values.get(other or kind))
        row[name] = await _any_key(tx, other, key, bound) if known is None else known
    places = ", ".join(f":{name}" for name in row)
    await tx.execute(text(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})"), row)


async def _any_key(tx: AsyncSession, table: str, key: str, bound: Mapping[str, Any]) -> Any:
    """The key of one of the tenant's rows in a table, made if there is none."""
    mine = text(f"SELECT {key} FROM {table} WHERE tenant_id = :tenant ORDER BY 1 LIMIT 1")
    found = await tx.scalar(mine, {"tenant": bound["tenant"]})
    if found is None:
        await _add_any_row(tx, table, bound)
        found = await tx.scalar(mine, {"tenant": bound["tenant"]})
    return found
