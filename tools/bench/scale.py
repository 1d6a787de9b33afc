"""Two processes with `--role ingest` on one shared subscription against one: what they take together, and that none of
it is lost or there twice.

Broker, database and load stand on the same machine. With two cores these are busy with one consumer already, so the
throughput of two says little; what a consumer's own CPU allows is therefore told too, as `…_by_cpu`: how many readings
two would take at one core each, against one.
"""

import asyncio
import contextlib
from dataclasses import dataclass

from tools.bench.feed import Feed
from tools.bench.found import Found, say
from tools.bench.measure import cpu_s, medians
from tools.bench.product import Product
from tools.bench.rig import Database, Rig
from tools.bench.stored import read_stored, until_stored
from tools.bench.world import make_world

TURNS = 3
COUNT = 80_000
JOINED_S = 1.0  # after they are ready, so that both have their share from the beginning
DRAIN_WITHIN_S = 30.0

KEYS = ("scale.two_ingest_vs_one", "scale.lost", "scale.doubled")


@dataclass(frozen=True, slots=True)
class Taken:
    """What so many processes made of a flood; `least_share` is that of the one that took least."""

    per_s: float
    per_cpu_s: float
    lost: int
    doubled: int
    least_share: float


async def measure(rig: Rig, found: Found) -> None:
    database = await rig.database("scale")
    world = await make_world(database.superuser_url)
    feed = Feed(rig.folder, world.names)
    turns: list[dict[str, float]] = []
    lost = doubled = 0
    for turn in range(1, TURNS + 1):
        one, two = await _take(rig, database, feed, 1), await _take(rig, database, feed, 2)
        lost += one.lost + two.lost
        doubled += one.doubled + two.doubled
        turns.append(
            {
                "scale.two_ingest_vs_one": two.per_s / one.per_s,
                "scale.two_ingest_vs_one_by_cpu": 2 * two.per_cpu_s / one.per_cpu_s,
                "scale.least_share_of_two": two.least_share,
                "scale.one_ingest_per_s": one.per_s,
            }
        )
        say(f"scale {turn} of {TURNS}: one {one.per_s:,.0f} readings/s, two {two.per_s:,.0f}")
        found.put_all({**medians(turns), "scale.lost": lost, "scale.doubled": doubled})


async def _take(rig: Rig, database: Database, feed: Feed, processes: int) -> Taken:
    sending = feed.plan(COUNT)
    with rig.broker() as broker:
        async with contextlib.AsyncExitStack() as stack:
            consumers = [
                await stack.enter_async_context(
                    await Product.launch(
                        rig.folder, database=database, broker=broker, role="ingest", name=f"ingest-{number}"
                    )
                )
                for number in range(1, processes + 1)
            ]
            await asyncio.sleep(JOINED_S)
            before_s = [cpu_s(consumer.pid) for consumer in consumers]
            sent = await feed.send(broker, sending)
            await until_stored(database.superuser_url, "reading", sending, DRAIN_WITHIN_S)
            spent_s = [cpu_s(consumer.pid) - before for consumer, before in zip(consumers, before_s, strict=True)]
    stored = await read_stored(database.superuser_url, "reading", sending)
    if not stored.committed_us:
        raise RuntimeError(f"{processes} processes stored none of {COUNT} readings")
    seconds = (max(stored.committed_us.values()) - min(sent.at_us)) / 1e6
    return Taken(
        per_s=len(stored.committed_us) / seconds,
        per_cpu_s=len(stored.committed_us) / sum(spent_s),
        lost=sent.acked - len(stored.committed_us),
        doubled=stored.doubled,
        least_share=min(spent_s) / sum(spent_s),
    )
