"""Kill −9 of PitPilot in mid-flow: what a device was told is safe must be in the database exactly once afterwards."""

import asyncio
from dataclasses import dataclass

from tools.bench.feed import Feed
from tools.bench.found import say
from tools.bench.product import Product
from tools.bench.rig import Database, Rig
from tools.bench.stored import read_stored, until_stored

DRAIN_WITHIN_S = 60.0


@dataclass(frozen=True, slots=True)
class Blow:
    """Messages at a rate (0: a flood), and when the process is killed."""

    count: int
    rate: float
    after_s: float


BLOWS = (Blow(60_000, 0, 1.2), Blow(60_000, 0, 0.8), Blow(4_000, 500, 3.0), Blow(4_000, 500, 4.0))


async def measure_kill9(rig: Rig, database: Database, feed: Feed) -> dict[str, int]:
    """Readings lost and doubled, summed over all blows; and of how many."""
    published = lost = doubled = 0
    for blow in BLOWS:
        sending = feed.plan(blow.count)
        with rig.broker() as broker:
            first = await Product.launch(rig.folder, database=database, broker=broker)
            try:
                load = asyncio.create_task(feed.send(broker, sending, blow.rate))
                await asyncio.sleep(blow.after_s)
            finally:
                await first.kill()
            async with await Product.launch(rig.folder, database=database, broker=broker):
                sent = await load
                await until_stored(database.superuser_url, "reading", sending, DRAIN_WITHIN_S)
        stored = await read_stored(database.superuser_url, "reading", sending)
        published += sent.acked
        lost += sent.acked - len(stored.committed_us)
        doubled += stored.doubled
        say(f"kill -9 at {blow.rate or 'full'} speed: {sent.acked} published, {len(stored.committed_us)} stored")
    return {"ingest.kill9_published": published, "ingest.kill9_lost": lost, "ingest.kill9_doubled": doubled}
