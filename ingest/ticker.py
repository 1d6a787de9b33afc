"""Time as an input: silence, roll-ups, partitions and retention. One process acts, by an advisory lock; others wait."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import structlog

from actions.silent import check_silence
from storage import partitions
from storage.session import EVERY_TENANT, transaction, worker_connection

log = structlog.get_logger(__name__)

LEADER_LOCK = 7_401_002
LEADER_RETRY_S = 2.0
Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


class Ticker:
    """Runs each duty when it is due.

    `listening_since` says since when devices could be heard (None: not now); `write_presence` stores when they were.
    """

    def __init__(
        self,
        listening_since: Callable[[], datetime | None],
        write_presence: Callable[[], Awaitable[None]],
        clock: Clock = utc_now,
    ) -> None:
        self._listening_since, self._write_presence, self._clock = listening_since, write_presence, clock
        self._due: dict[str, datetime] = {}
        self.leads = False

    async def run(self) -> None:
        """Waits to lead, then acts for ever.

        Raises:
            psycopg.Error: the leader's connection broke, and its lead with it; the supervisor starts again.
        """
        connection = await worker_connection()
        try:
            await connection.set_autocommit(True)
            await self._wait_to_lead(connection)
            log.info("this process leads the ticker")
            self.leads = True
            while True:
                await connection.execute("SELECT 1")  # the lock lives as long as this connection
                await self.tick()
                await asyncio.sleep(1.0)
        finally:
            self.leads = False
            await connection.close()

    async def tick(self) -> None:
        """Does what is due now."""
        await self._every("partitions", timedelta(hours=1), self._keep_partitions)
        await self._every("silence", timedelta(seconds=2), self._check_silence)
        await self._every("roll-up", timedelta(seconds=30), self._roll_up)
        await self._every("retention", timedelta(hours=6), self._forget)

    async def _every(self, name: str, period: timedelta, duty: Callable[[datetime], Awaitable[None]]) -> None:
        now = self._clock()
        if now >= self._due.get(name, now):
            await duty(now)
            self._due[name] = now + period

    async def _wait_to_lead(self, connection: psycopg.AsyncConnection[Any]) -> None:
        """Polls instead of blocking in the database, so that a stop is quick."""
        while True:
            cursor = await connection.execute("SELECT pg_try_advisory_lock(%s)", [LEADER_LOCK])
            if (await cursor.fetchone() or (False,))[0]:
                return
            await asyncio.sleep(LEADER_RETRY_S)

    async def _keep_partitions(self, now: datetime) -> None:
        async with transaction(EVERY_TENANT) as tx:
            await partitions.make_partitions(tx, now)

    async def _check_silence(self, now: datetime) -> None:
        since = self._listening_since()
        if since is not None:
            await self._write_presence()  # what was heard while the database was away counts too
            await check_silence(now, since)

    async def _roll_up(self, now: datetime) -> None:
        async with transaction(EVERY_TENANT) as tx:
            await partitions.roll_up(tx, now)

    async def _forget(self, now: datetime) -> None:
        async with transaction(EVERY_TENANT) as tx:
            await partitions.forget(tx, now)
