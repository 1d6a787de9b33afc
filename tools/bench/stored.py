"""What became of the messages: rows, what is missing or there twice, and when each was committed (by PostgreSQL's own
`pg_xact_commit_timestamp`, so that no measuring stands in the way).
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import psycopg

ASK_EVERY_S = 0.25
COUNT_EVERY_S = 2.0  # as long as the last message is not there
STALLED_AFTER_S = 8.0  # nothing new for that long: nothing more will come


@dataclass(frozen=True, slots=True)
class Sending:
    """One run of the load generator: message i is reading `first_seq + i // devices` of device `i % devices`."""

    names: Sequence[str]
    count: int
    first_seq: int

    @property
    def seqs(self) -> range:
        return range(self.first_seq, self.first_seq + -(-self.count // len(self.names)))


@dataclass(frozen=True, slots=True)
class Stored:
    """`committed_us` by message: microseconds since 1970 UTC, of the first row if there are several."""

    rows: int
    committed_us: Mapping[int, int]

    @property
    def doubled(self) -> int:
        return self.rows - len(self.committed_us)


async def until_stored(database_url: str, table: str, sending: Sending, within_s: float) -> None:
    """Returns when all rows are there, when none has come for a while, or when the time is over.

    Asks for the last message first, by its key: to count is to read the table, which costs CPU that is being measured.
    """
    deadline = time.monotonic() + within_s
    rows, moved_at, counted_at = -1, time.monotonic(), time.monotonic()
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        while (now := time.monotonic()) < deadline and now - moved_at < STALLED_AFTER_S:
            if now - counted_at >= COUNT_EVERY_S or await _has_last(connection, table, sending):
                counted_at = now
                found = await _count(connection, table, sending)
                if found >= sending.count:
                    return
                if found != rows:
                    rows, moved_at = found, now
            await asyncio.sleep(ASK_EVERY_S)


async def _has_last(connection: psycopg.AsyncConnection, table: str, sending: Sending) -> bool:
    turn, place = divmod(sending.count - 1, len(sending.names))
    cursor = await connection.execute(
        f"SELECT 1 FROM {table} WHERE device_id = %s AND seq = %s LIMIT 1",
        [sending.names[place].partition("/")[2], sending.first_seq + turn],
    )
    return await cursor.fetchone() is not None


async def _count(connection: psycopg.AsyncConnection, table: str, sending: Sending) -> int:
    cursor = await connection.execute(
        f"SELECT count(*) FROM {table} WHERE seq BETWEEN %s AND %s", [sending.seqs[0], sending.seqs[-1]]
    )
    return int((await cursor.fetchone() or (0,))[0])


async def read_stored(database_url: str, table: str, sending: Sending) -> Stored:
    """Looks up every message of a sending."""
    places = {name.partition("/")[2]: place for place, name in enumerate(sending.names)}
    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        cursor = await connection.execute(
            "SELECT device_id, seq, (extract(epoch FROM pg_xact_commit_timestamp(xmin)) * 1000000)::bigint"
            f" FROM {table} WHERE seq BETWEEN %s AND %s",
            [sending.seqs[0], sending.seqs[-1]],
        )
        rows = await cursor.fetchall()
    committed: dict[int, int] = {}
    for device_id, seq, at_us in rows:
        i = (seq - sending.first_seq) * len(sending.names) + places[device_id]
        committed[i] = min(at_us, committed.get(i, at_us))
    return Stored(len(rows), committed)
