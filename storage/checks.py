"""Whether the database can serve: it answers, and there is a partition for the readings of today and tomorrow."""

from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


async def partitions_ready(tx: AsyncSession, now: datetime) -> bool:
    """Whether readings of this day and the next have a place."""
    names = [f"reading_{now + timedelta(days=ahead):%Y%m%d}" for ahead in (0, 1)]
    found = await tx.execute(
        text("SELECT count(*) FROM unnest(CAST(:names AS text[])) n WHERE to_regclass(n) IS NOT NULL"), {"names": names}
    )
    return int(found.scalar_one()) == len(names)


async def count_unsent(tx: AsyncSession) -> int:
    """Messages that are still to be sent; in a transaction that sees every tenant."""
    counted = await tx.execute(text("SELECT count(*) FROM message WHERE status IN ('waiting', 'failed')"))
    return int(counted.scalar_one())


async def count_sessions(tx: AsyncSession, now: datetime) -> int:
    """Sessions that have not ended; in a transaction that sees every tenant."""
    counted = await tx.execute(
        text("SELECT count(*) FROM web_session WHERE ended_at IS NULL AND expires_at > :now"), {"now": now}
    )
    return int(counted.scalar_one())
