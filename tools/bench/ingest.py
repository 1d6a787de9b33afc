"""How fast, how cheaply and how safely readings get into the database, against the reference consumer.

Each of three turns lets first the reference, then PitPilot take a flood and 500 readings a second, from 1,000 devices,
with 20 pages open, on the same servers; ratios are made within a turn, and the medians of the turns are what counts.
"""

import asyncio
from dataclasses import dataclass

from tests.private_mosquitto import PrivateMosquitto
from tools.bench import contenders, copy_limit
from tools.bench.contenders import Contender
from tools.bench.feed import Feed
from tools.bench.found import Found, say
from tools.bench.kill9 import measure_kill9
from tools.bench.measure import cpu_s, medians, percentile
from tools.bench.rig import Rig
from tools.bench.stored import read_stored, until_stored
from tools.bench.world import make_world

TURNS = 3
FLOOD = 150_000  # 4 s or more at what two cores reach
REFERENCE_FLOOD = 2_500
STEADY_RATE, STEADY_S = 500, 10
DRAIN_WITHIN_S = 60.0
COPY_BATCH = 1_000

KEYS = (
    "ingest.flood_per_s", "ingest.flood_vs_reference", "ingest.flood_vs_copy_limit", "ingest.cpu_per_10k_vs_reference",
    "ingest.steady500_cpu_vs_reference", "ingest.steady500_commit_p99_ms", "ingest.kill9_lost", "ingest.kill9_doubled",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Taken:
    """What a consumer made of one sending: CPU in seconds per 10,000 readings, latency from publish to commit."""

    per_s: float
    cpu_s: float
    with_postgres_s: float
    p50_ms: float
    p99_ms: float


async def measure(rig: Rig, found: Found) -> None:
    database = await rig.database("ingest")
    world = await make_world(database.superuser_url)
    plain_url = await rig.plain_database("reference")
    feed = Feed(rig.folder, world.names)
    reference, ours = contenders.reference(rig, plain_url), contenders.ours(rig, database, world)
    turns: list[dict[str, float]] = []
    for turn in range(1, TURNS + 1):
        limit = await _copy_limit(plain_url, copy_limit.AS_OURS)
        plain_limit = await _copy_limit(plain_url, copy_limit.PLAIN)
        theirs = await _take_both(rig, reference, feed, REFERENCE_FLOOD)
        mine = await _take_both(rig, ours, feed, FLOOD)
        turns.append(_compare(*mine, *theirs, limit))
        turns[-1] |= {
            "ingest.flood_vs_plain_copy_limit": mine[0].per_s / plain_limit,
            "ingest.plain_copy_limit_per_s": plain_limit,
        }
        say(f"ingest {turn} of {TURNS}: {mine[0].per_s:,.0f} readings/s, reference {theirs[0].per_s:,.0f}")
        found.put_all(medians(turns))
    found.put_all(await measure_kill9(rig, database, feed))


async def _copy_limit(database_url: str, create: str) -> float:
    """Rows per second that the database takes alone."""
    found = await asyncio.to_thread(copy_limit.rows_per_s, database_url, (COPY_BATCH,), create=create)
    return found[COPY_BATCH]


async def _take_both(rig: Rig, contender: Contender, feed: Feed, flood: int) -> tuple[Taken, Taken]:
    """A flood, then a steady stream, on a fresh broker."""
    with rig.broker() as broker:
        async with contender.run(broker) as consumer:
            flooded = await _take(rig, contender, consumer.pid, broker, feed, flood, 0)
            steady = await _take(rig, contender, consumer.pid, broker, feed, STEADY_RATE * STEADY_S, STEADY_RATE)
    return flooded, steady


async def _take(
    rig: Rig, contender: Contender, pid: int, broker: PrivateMosquitto, feed: Feed, count: int, rate: float
) -> Taken:
    sending = feed.plan(count)
    cpu_before, postgres_before = cpu_s(pid), cpu_s(rig.postgres_pid)
    sent = await feed.send(broker, sending, rate)
    await until_stored(contender.database_url, contender.table, sending, DRAIN_WITHIN_S)
    cpu, postgres = cpu_s(pid) - cpu_before, cpu_s(rig.postgres_pid) - postgres_before
    stored = await read_stored(contender.database_url, contender.table, sending)
    if not stored.committed_us:
        raise RuntimeError(f"{contender.name} stored none of {count} readings")
    seconds = (max(stored.committed_us.values()) - min(sent.at_us)) / 1e6
    waits_ms = [(at_us - sent.at_us[i]) / 1e3 for i, at_us in stored.committed_us.items()]
    tens = len(stored.committed_us) / 10_000
    return Taken(
        per_s=len(stored.committed_us) / seconds,
        cpu_s=cpu / tens,
        with_postgres_s=(cpu + postgres) / tens,
        p50_ms=percentile(waits_ms, 50),
        p99_ms=percentile(waits_ms, 99),
    )


def _compare(flood: Taken, steady: Taken, their_flood: Taken, their_steady: Taken, limit: float) -> dict[str, float]:
    """The keys of one turn."""
    return {
        "ingest.flood_per_s": flood.per_s,
        "ingest.flood_vs_reference": flood.per_s / their_flood.per_s,
        "ingest.flood_vs_copy_limit": flood.per_s / limit,
        "ingest.cpu_per_10k_vs_reference": flood.cpu_s / their_flood.cpu_s,
        "ingest.cpu_per_10k_vs_reference_with_postgres": flood.with_postgres_s / their_flood.with_postgres_s,
        "ingest.steady500_cpu_vs_reference": steady.cpu_s / their_steady.cpu_s,
        "ingest.steady500_cpu_vs_reference_with_postgres": steady.with_postgres_s / their_steady.with_postgres_s,
        "ingest.steady500_commit_p50_ms": steady.p50_ms,
        "ingest.steady500_commit_p99_ms": steady.p99_ms,
        "ingest.cpu_per_10k_s": flood.cpu_s,
        "ingest.steady500_cpu_per_10k_s": steady.cpu_s,
        "ingest.copy_limit_per_s": limit,
        "ingest.reference_flood_per_s": their_flood.per_s,
        "ingest.reference_cpu_per_10k_s": their_flood.cpu_s,
        "ingest.reference_steady500_cpu_per_10k_s": their_steady.cpu_s,
        "ingest.reference_steady500_commit_p99_ms": their_steady.p99_ms,
    }
