"""What became of the messages: rows, what is missing or there twice, and when each was committed (by PostgreSQL's own
`pg_xact_commit_timestamp`, so that no measuring stands in the way).
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import psycopg

ASK_EVERY_S = 0.25
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
    """Returns when all rows are there, when none has come for a while, or when the time is over."""
    deadline = time.monotonic() + within_s
    last, moved_at = -1, time.monotonic()
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        while time.monotonic() < deadline and time.monotonic() - moved_at < STALLED_AFTER_S:
            cursor = await connection.execute(
                f"SELECT count(*) FROM {table} WHERE seq BETWEEN %s AND %s", [sending.seqs[0], sending.seqs[-1]]
            )
            found = (await cursor.fetchone() or (0,))[0]
            if found >= sending.count:
                return
            if found != last:
                last, moved_at = found, time.monotonic()
            await asyncio.sleep(ASK_EVERY_S)


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
