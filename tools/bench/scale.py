"""Two processes with `--role ingest` on one shared subscription against one: what they take together, and that none of
it is lost or there twice.

Broker, database and load stand on the same machine. With two cores these are busy with one consumer already, so there
two can't take more whatever they are. Each process is therefore held to HELD_TO of a core: what two take of the broker
and the database is then theirs to take, and what they lose is lost to each other's locks and batches. What two take
when nothing holds them is told as `…_unheld`.
"""

import asyncio
import contextlib
from dataclasses import dataclass

from tools.bench.cpu_limit import CannotLimit, held_to
from tools.bench.feed import Feed
from tools.bench.found import Found, say
from tools.bench.measure import cpu_s, medians
from tools.bench.product import Product
from tools.bench.rig import Database, Rig
from tools.bench.stored import read_stored, until_stored
from tools.bench.world import make_world

TURNS = 3
COUNT = 80_000
HELD_COUNT = 30_000
HELD_TO = 0.25  # of a core, each process
JOINED_S = 1.0  # after they are ready, so that both have their share from the beginning
DRAIN_WITHIN_S = 30.0

KEYS = ("scale.two_ingest_vs_one", "scale.lost", "scale.doubled")


@dataclass(frozen=True, slots=True)
class Taken:
    """What so many processes made of a flood; `least_share` is that of the one that took least."""

    per_s: float
    lost: int
    doubled: int
    least_share: float


async def measure(rig: Rig, found: Found) -> None:
    database = await rig.database("scale")
    world = await make_world(database.superuser_url)
    feed = Feed(rig.folder, world.names)
    turns: list[dict[str, float]] = []
    lost = doubled = 0
    for _ in range(TURNS):
        taken: list[Taken] = []
        try:
            held = await _one_and_two(rig, database, feed, HELD_TO)
            taken += held
            found.put("scale.held_to_core_share", HELD_TO)
        except CannotLimit as error:
            held = None
            found.miss(["scale.two_ingest_vs_one"], str(error))
        unheld = await _one_and_two(rig, database, feed, None)
        taken += unheld
        lost += sum(each.lost for each in taken)
        doubled += sum(each.doubled for each in taken)
        turns.append(_ratios("scale.two_ingest_vs_one", held) | _ratios("scale.two_ingest_vs_one_unheld", unheld))
        found.put_all({**medians(turns), "scale.lost": lost, "scale.doubled": doubled})


def _ratios(key: str, taken: tuple[Taken, Taken] | None) -> dict[str, float]:
    if taken is None:
        return {}
    one, two = taken
    say(f"{key}: one {one.per_s:,.0f} readings/s, two {two.per_s:,.0f}")
    return {key: two.per_s / one.per_s, f"{key}_least_share": two.least_share, f"{key}_one_per_s": one.per_s}


async def _one_and_two(rig: Rig, database: Database, feed: Feed, share: float | None) -> tuple[Taken, Taken]:
    return await _take(rig, database, feed, 1, share), await _take(rig, database, feed, 2, share)


async def _take(rig: Rig, database: Database, feed: Feed, processes: int, share: float | None) -> Taken:
    """What so many processes make of a flood, each held to `share` of a core, or to nothing.

    Raises:
        CannotLimit: the machine holds no process.
    """
    sending = feed.plan(COUNT if share is None else HELD_COUNT)
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
            if share is not None:
                for consumer in consumers:
                    stack.enter_context(held_to(share, consumer.pid))
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
        lost=sent.acked - len(stored.committed_us),
        doubled=stored.doubled,
        least_share=min(spent_s) / sum(spent_s),
    )
