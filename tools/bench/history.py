"""A pit's past: how long the database takes for each window of a chart, and what an export of a year weighs.

The roll-ups are seeded directly, in the order in which time writes them: what 20 pits have after two years at a reading
every 5 seconds (252 million). Of the minutes there are only the last 30 days: no chart reads older ones, and seeding
them takes long. The export has a pit of its own with a reading every two minutes for a year.
"""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from statistics import median
from uuid import UUID

import aiohttp
import psutil
import psycopg

from api.auth import COOKIE
from domain.readings import METRICS
from storage import migrate, session
from storage.history import fitting, history
from storage.session import transaction
from tools.bench.found import Found, say
from tools.bench.measure import MB
from tools.bench.product import Product
from tools.bench.rig import Database, Rig
from tools.bench.world import MEASURED, Workshop, make_world, rollup_columns, rollup_values

PITS = 20
EXPORTED = PITS  # the pit after those
YEARS_DAYS = 730
ROLLUPS = (("reading_1m", "1 minute", 30, 12), ("reading_1h", "1 hour", YEARS_DAYS, 720),
           ("reading_1d", "1 day", YEARS_DAYS, 17_280))  # fmt: skip
RAW_HOURS = 3
WINDOWS = {
    "5min": timedelta(minutes=5), "15min": timedelta(minutes=15), "1h": timedelta(hours=1), "2h": timedelta(hours=2),
    "6h": timedelta(hours=6), "24h": timedelta(hours=24), "7d": timedelta(days=7), "30d": timedelta(days=30),
    "180d": timedelta(days=180), "1y": timedelta(days=365), "2y": timedelta(days=YEARS_DAYS),
}  # fmt: skip
TRIES = 5
EXPORT_DAYS, EXPORT_EVERY_S = 365, 120
EXPORT_WITHIN_S = 90.0
WATCH_EVERY_S = 0.05
IDLE_AFTER_S = 3.0

KEYS = ("history.window_sql_ms", "history.export_year_peak_mb")


async def measure(rig: Rig, found: Found) -> None:
    database = await rig.database("history")
    world = await make_world(database.superuser_url, tenants=1, pits=PITS + 1, last_hour=False)
    shop = world.workshops[0]
    rows = await asyncio.to_thread(_seed, database.superuser_url, shop)
    say(f"history: {rows:,} rows are seeded")
    found.put("history.rows_seeded", rows)
    found.put_all(await _windows(database, shop))
    found.put_all(await _export(rig, database, shop))


async def _windows(database: Database, shop: Workshop) -> dict[str, float]:
    """Milliseconds of `storage.history` for each window, medians over pits that were not asked for before."""
    session.open(migrate.roles_urls(database.owner_url, database.secret), pool_size=2)
    try:
        took = {name: await _window(shop, length) for name, length in WINDOWS.items()}
    finally:
        await session.close()
    return {f"history.window_sql_ms.{name}": ms for name, ms in took.items()} | {
        "history.window_sql_ms": max(took.values())
    }


async def _window(shop: Workshop, length: timedelta) -> float:
    took_ms = []
    for pit_id in shop.pit_ids[:TRIES]:
        now = datetime.now(UTC)
        async with transaction(shop.tenant_id) as tx:
            began_s = time.perf_counter()
            series = await history(tx, pit_id, now - length, now, fitting(length), METRICS)
            took_ms.append((time.perf_counter() - began_s) * 1_000)
        if len(series) != len(MEASURED):
            raise RuntimeError(f"{length} of a pit holds {sorted(series)}, not all that was seeded")
    return median(took_ms)


async def _export(rig: Rig, database: Database, shop: Workshop) -> dict[str, float]:
    """Memory of the process while it streams a year as CSV, above what it had when idle."""
    until = datetime.now(UTC)
    asked = {"since": (until - timedelta(days=EXPORT_DAYS)).isoformat(), "until": until.isoformat()}
    path = f"/api/v1/pits/{shop.pit_ids[EXPORTED]}/sensors/export.csv"
    with rig.broker() as broker:
        async with await Product.launch(rig.folder, database=database, broker=broker) as product:
            await asyncio.sleep(IDLE_AFTER_S)
            idle_mb = _rss_mb(product.pid)
            began_s = time.monotonic()
            export = asyncio.create_task(_download(product.url + path, asked, shop.token))
            peak_mb = idle_mb
            while not export.done():
                peak_mb = max(peak_mb, _rss_mb(product.pid))
                await asyncio.sleep(WATCH_EVERY_S)
            lines = await export
    if lines < EXPORT_DAYS * 86_400 // EXPORT_EVERY_S * 0.99:
        raise RuntimeError(f"the export has only {lines} lines")
    return {
        "history.export_year_peak_mb": peak_mb - idle_mb,
        "history.export_year_rows_per_s": lines / (time.monotonic() - began_s),
    }


async def _download(url: str, asked: dict[str, str], token: str) -> int:
    """Reads an export to its end; returns its lines. Raises aiohttp.ClientError when there is none."""
    lines = 0
    session_cookie = {"Cookie": f"{COOKIE}={token}"}
    async with (
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(EXPORT_WITHIN_S), headers=session_cookie) as http,
        http.get(url, params=asked, raise_for_status=True) as answer,
    ):
        async for chunk in answer.content.iter_any():
            lines += chunk.count(b"\n")
    return lines


def _rss_mb(pid: int) -> float:
    return float(psutil.Process(pid).memory_info().rss / MB)


def _seed(superuser_url: str, shop: Workshop) -> int:
    """Fills roll-ups and readings; returns how many rows there are then."""
    pits = list(shop.pit_ids[:PITS])
    rows = 0
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute("SET synchronous_commit = off")
        for table, step, days, readings in ROLLUPS:
            rows += connection.execute(
                f"INSERT INTO {table} (tenant_id, pit_id, at, readings, {rollup_columns()})"
                f" SELECT %s, pit, at, {readings}, {rollup_values(str(readings))} FROM unnest(%s::uuid[]) pit,"
                f" generate_series(date_trunc('day', now()) - interval '{days} days', now(), '{step}') at"
                " ORDER BY at",
                [shop.tenant_id, pits],
            ).rowcount
            connection.execute(f"ANALYZE {table}")
        rows += _seed_readings(connection, shop, range(PITS), f"{RAW_HOURS} hours", "5 seconds")
        connection.execute("SELECT make_reading_partitions((now() - interval '366 days')::date, now()::date)")
        rows += _seed_readings(connection, shop, [EXPORTED], f"{EXPORT_DAYS} days", f"{EXPORT_EVERY_S} seconds")
        connection.execute("INSERT INTO rollup_progress (step, until) VALUES ('minute', date_trunc('minute', now()))")
        connection.execute("ANALYZE reading")
    return rows


def _seed_readings(
    connection: psycopg.Connection, shop: Workshop, pits: Sequence[int] | range, since: str, step: str
) -> int:
    """Single readings of these pits' devices."""
    columns = ", ".join(MEASURED)
    values = ", ".join(f"({mean} + {swing} * sin(extract(epoch FROM at) / 13751))" for mean, swing in MEASURED.values())
    devices: list[str] = [shop.device_ids[pit] for pit in pits]
    pit_ids: list[UUID] = [shop.pit_ids[pit] for pit in pits]
    return connection.execute(
        f"INSERT INTO reading (tenant_id, pit_id, device_id, boot_id, seq, at, {columns})"
        f" SELECT %s, pit, device, 1, row_number() OVER (), at, {values}"
        " FROM unnest(%s::uuid[], %s::text[]) AS x(pit, device),"
        f" generate_series(now() - interval '{since}', now(), '{step}') at ORDER BY at",
        [shop.tenant_id, pit_ids, devices],
    ).rowcount
