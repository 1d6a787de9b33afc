"""Writing batches for every way that readings come in: the connection they share, and one bad reading among many."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import psycopg
import structlog

from actions.directory import Directory
from actions.live import Hub
from actions.readings import Batch, Recorded, Rejection, record
from domain.readings import Reject
from storage.readings import STAGE
from storage.session import worker_connection

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

Connection = psycopg.AsyncConnection[Any]


async def connect() -> Connection:
    """A connection that `commit` can use. Raises psycopg.Error or OSError when the database is away."""
    connection = await worker_connection()
    await connection.execute(STAGE)
    await connection.commit()
    return connection


async def drop(connection: Connection | None) -> None:
    """Closes what may be broken already."""
    if connection is not None:
        try:
            await connection.close()
        except psycopg.Error as error:
            log.debug("closing a broken connection", error=str(error))


async def commit(connection: Connection, batch: Batch, directory: Directory, hub: Hub) -> list[tuple[Batch, Recorded]]:
    """Commits a batch; one reading that the database can't hold is found by halving and refused alone.

    Returns the parts in which it was committed, usually one.

    Raises:
        psycopg.Error: the database is away; what is not among earlier parts may be tried again whole.
    """
    try:
        return [(batch, await record(connection, batch, directory, hub, datetime.now(UTC)))]
    except psycopg.DataError as error:
        if not (batch.readings or batch.undated):
            raise  # it is none of the readings, so halving leads nowhere
        log.error("the database refused a batch", error=str(error), readings=len(batch.readings))
        parts = batch.halves() or (unstorable(batch, str(error)),)
    return [done for part in parts for done in await commit(connection, part, directory, hub)]


def unstorable(batch: Batch, error: str) -> Batch:
    """Refuses the last reading of a batch that can't be split further; what else is in the batch stays."""
    left = replace(batch, readings=[], undated=[])
    for r in batch.readings:
        left.reject(Rejection(r.device_id, r.tenant_id, Reject.UNSTORABLE, f"seq {r.seq}: {error}", b""))
        left.refused_seqs.setdefault((r.device_id, r.boot_id), []).append(r.seq)
    for u in batch.undated:
        left.reject(Rejection(u.known.device_id, u.known.tenant_id, Reject.UNSTORABLE, f"seq {u.seq}", u.payload))
        left.refused_seqs.setdefault((u.known.device_id, u.boot_id), []).append(u.seq)
    return left
