"""What the database alone can take: binary COPY into a stage, then INSERT … ON CONFLICT DO NOTHING, nothing else.

    python -m tools.bench.copy_limit --database-url postgresql://…

The table has the columns and the shape of ours: parted by day, with its primary key and its index of time. `plain` is
one without days and without that second index. Row-level security is left out: its policy lets ingest see all rows,
and costs nothing that can be measured. The rows exist beforehand and are encoded on the way, as every client must: what
an ingest reaches of this is what receiving, checking and telling leave of it. One commit a batch.
Prints one JSON line: rows per second by batch size, medians.
"""

import argparse
import json
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID

import psycopg

from domain.readings import Reading
from storage.readings import STAGE, encode

BATCHES = (100, 1_000, 5_000)
REPEATS = 3
DEVICES = 1_000
ROWS_MIN, ROWS_MAX = 20_000, 100_000
COMMITS = 50  # at least, where ROWS_MAX allows
FIRST_AT_US = 1_767_225_600_000_000  # 2026-01-01 UTC
TENANT, PIT = UUID(int=1), UUID(int=2)

TABLE = "copy_limit"
PLAIN = f"CREATE TABLE {TABLE} (LIKE stage, PRIMARY KEY (device_id, at, boot_id, seq))"
AS_OURS = f"""
    {PLAIN} PARTITION BY RANGE (at);
    CREATE INDEX ON {TABLE} USING brin (at) WITH (pages_per_range = 32);
    CREATE TABLE {TABLE}_0 PARTITION OF {TABLE} FOR VALUES FROM ('2025-12-31Z') TO ('2026-01-01Z');
    CREATE TABLE {TABLE}_1 PARTITION OF {TABLE} FOR VALUES FROM ('2026-01-01Z') TO ('2026-01-02Z')"""
COPY = "COPY stage FROM STDIN (FORMAT binary)"
MOVE = f"INSERT INTO {TABLE} SELECT * FROM stage ON CONFLICT DO NOTHING"


def rows_per_s(
    database_url: str, batches: Sequence[int] = BATCHES, repeats: int = REPEATS, *, create: str = AS_OURS
) -> dict[int, float]:
    """Rows per second by batch size: the median of `repeats`, each into an empty table that `create` makes.

    Raises psycopg.Error, among others when the user may not create tables.
    """
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(STAGE)
        return {
            batch: statistics.median(_run(connection, create, _batches(batch), batch) for _ in range(repeats))
            for batch in batches
        }


def _run(connection: psycopg.Connection, create: str, batches: Sequence[Sequence[Reading]], batch: int) -> float:
    with _empty_table(connection, create), connection.cursor() as cursor:
        began = time.perf_counter()
        for readings in batches:
            with connection.transaction():
                with cursor.copy(COPY) as copy:
                    copy.write(encode(readings))
                cursor.execute(MOVE)
        return len(batches) * batch / (time.perf_counter() - began)


@contextmanager
def _empty_table(connection: psycopg.Connection, create: str) -> Iterator[None]:
    connection.execute(f"DROP TABLE IF EXISTS {TABLE}")
    connection.execute(create)
    try:
        yield
    finally:
        connection.execute(f"DROP TABLE {TABLE}")


def _batches(batch: int) -> list[list[Reading]]:
    """Batches of readings of all devices in turn."""
    rows = max(ROWS_MIN, min(ROWS_MAX, COMMITS * batch)) // batch * batch
    readings = [_reading(i) for i in range(rows)]
    return [readings[start : start + batch] for start in range(0, rows, batch)]


def _reading(i: int) -> Reading:
    values = (22.5 + i % 9 / 10, 40.1 + i % 20, None, None, 2.2 + i % 8, 15.3 + i % 30, None)
    turn, device = divmod(i, DEVICES)
    return Reading(TENANT, PIT, f"d{device:05d}", 1, turn + 1, FIRST_AT_US + i * 1_000, values)


def main() -> None:
    parser = argparse.ArgumentParser(description="Rows per second into PostgreSQL by COPY, then insert on conflict.")
    parser.add_argument("--database-url", required=True)
    parser.add_argument("--repeats", type=int, default=REPEATS)
    given = parser.parse_args()
    found = rows_per_s(given.database_url, repeats=given.repeats)
    print(json.dumps({f"rows_per_s.{batch}": round(rate) for batch, rate in found.items()}), flush=True)


if __name__ == "__main__":
    main()
