"""Live pages: how soon a published reading is a number on the screen, and what an open page costs the server.

A thousand devices publish every five seconds all the while, values inside their limits. Of 100 pages one is a real
Chromium, the others do to the server what a page does; then there are 300.
"""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiomqtt
from playwright.async_api import Page

from storage.embedded_ports import LOOPBACK
from tests.private_mosquitto import PrivateMosquitto
from tools.bench.browser import open_overview, take_changes
from tools.bench.feed import Feed
from tools.bench.found import Found, say
from tools.bench.measure import cpu_s, medians, percentile, rss_mb
from tools.bench.open_pages import OpenPages
from tools.bench.product import Product
from tools.bench.rig import Rig
from tools.bench.world import Workshop, make_world

TURNS = 3
PAGES, MANY_PAGES = 100, 300
RATE = 200.0  # messages a second: 1,000 devices, each every 5 s
LOAD_S = 600  # longer than the part may take; it is stopped at the end
WINDOW_S = 10.0  # of measuring CPU
SETTLE_S = 3.0
SAMPLED_PITS = 10  # of the browser's workshop; the load leaves them out
SAMPLES, SAMPLE_EVERY_S = 90, 0.103  # no multiple of the flusher's time, so that samples meet it at every moment
SEEN_WITHIN_S = 5.0
KEPT_S, KEPT_HZ = 20.0, 2

KEYS = (
    "live.dom_p50_ms", "live.dom_p99_ms", "live.cpu_ms_per_page_update", "live.pages_kept_at_2hz", "live.mb_per_page",
    "memory.pages100_mb",
)  # fmt: skip


async def measure(rig: Rig, found: Found) -> None:
    database = await rig.database("live")
    world = await make_world(database.superuser_url)
    shop = world.workshops[0]
    sampled = {shop.name(pit) for pit in range(SAMPLED_PITS)}
    feed = Feed(rig.folder, [name for name in world.names if name not in sampled])
    with rig.broker() as broker:
        async with (
            await Product.launch(rig.folder, database=database, broker=broker) as product,
            _loaded(feed, broker),
        ):
            await asyncio.sleep(SETTLE_S)
            without_s = await _cpu_share(product)
            empty_mb = rss_mb(product.pid)
            async with await OpenPages.of(rig.folder, product.url, world.tokens, PAGES - 1) as pages:
                say(f"{PAGES - 1} pages are open")
                async with open_overview(product.url, shop.token) as page:
                    await asyncio.sleep(SETTLE_S)
                    found.put("memory.pages100_mb", rss_mb(product.pid))
                    await _measure_updates(product, broker, pages, page, shop, without_s, found)
                async with await OpenPages.of(rig.folder, product.url, world.tokens, MANY_PAGES - PAGES + 1) as more:
                    say(f"{MANY_PAGES} pages are open")
                    await asyncio.sleep(SETTLE_S)
                    found.put("live.pages_kept_at_2hz", await _count_kept(pages, more))
                    found.put("live.mb_per_page", (rss_mb(product.pid) - empty_mb) / MANY_PAGES)


@contextlib.asynccontextmanager
async def _loaded(feed: Feed, broker: PrivateMosquitto) -> AsyncIterator[None]:
    """Keeps the usual load up meanwhile."""
    load = asyncio.create_task(feed.send(broker, feed.plan(int(RATE * LOAD_S)), RATE, calm=True))
    try:
        yield
    finally:
        load.cancel()
        await asyncio.gather(load, return_exceptions=True)


async def _measure_updates(
    product: Product, broker: PrivateMosquitto, pages: OpenPages, page: Page, shop: Workshop, without: float,
    found: Found,
) -> None:  # fmt: skip
    turns: list[dict[str, float]] = []
    for turn in range(1, TURNS + 1):
        await pages.heard()
        share = await _cpu_share(product)
        heard = await pages.heard()
        updates_per_s = sum(heard.messages) / WINDOW_S * PAGES / (PAGES - 1)
        waits_ms = await _sample(broker, page, shop, turn)
        turns.append(
            {
                "live.dom_p50_ms": percentile(waits_ms, 50),
                "live.dom_p99_ms": percentile(waits_ms, 99),
                "live.cpu_ms_per_page_update": (share - without) * 1_000 / updates_per_s,
                "live.updates_per_page_s": updates_per_s / PAGES,
                "live.bytes_per_update": sum(heard.bytes) / sum(heard.messages),
                "live.cpu_share_100_pages": share,
                "live.cpu_share_no_page": without,
            }
        )
        say(f"live {turn} of {TURNS}: p99 {percentile(waits_ms, 99):.0f} ms")
        found.put_all(medians(turns))


async def _cpu_share(product: Product) -> float:
    """The share of a core that the product's process takes."""
    before_s, began_s = cpu_s(product.pid), time.monotonic()
    await asyncio.sleep(WINDOW_S)
    return (cpu_s(product.pid) - before_s) / (time.monotonic() - began_s)


@dataclass(frozen=True, slots=True)
class Sample:
    """A published temperature: the card and the text that must appear on it."""

    card: str
    text: str
    at_ms: float


async def _sample(broker: PrivateMosquitto, page: Page, shop: Workshop, turn: int) -> list[float]:
    """Publishes readings of the sampled pits and returns how long each took to appear, in milliseconds.

    One that never appears counts with all the time that was waited for it.
    """
    await take_changes(page)
    samples = []
    async with aiomqtt.Client(LOOPBACK, broker.port) as client:
        for n in range(SAMPLES):
            pit, t_c = n % SAMPLED_PITS, 20.0 + turn + n // SAMPLED_PITS / 10
            samples.append(Sample(f"Pit {pit + 1}", f"{t_c:.1f}", time.time() * 1_000))
            body = {"boot_id": turn, "seq": n + 1, "ts": time.time_ns() // 1_000_000, "t_c": t_c, "rh_pct": 50.0}
            await client.publish(f"v1/{shop.name(pit)}/telemetry", json.dumps(body), qos=1)
            await asyncio.sleep(SAMPLE_EVERY_S)
    await asyncio.sleep(SEEN_WITHIN_S)
    changes = await take_changes(page)
    ended_ms = time.time() * 1_000
    return [changes.get((s.card, s.text), ended_ms) - s.at_ms for s in samples]


async def _count_kept(*groups: OpenPages) -> int:
    """How many pages stay connected and hear at least twice a second."""
    for pages in groups:
        await pages.heard()
    await asyncio.sleep(KEPT_S)
    heard = [await pages.heard() for pages in groups]
    connected = sum(told.connected for told in heard)
    return min(connected, sum(count >= KEPT_HZ * KEPT_S for told in heard for count in told.messages))
