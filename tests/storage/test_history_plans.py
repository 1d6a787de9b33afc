"""With a long past in the tables, a chart's query still finds its rows by index."""

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from domain.readings import Metric
from storage import history
from storage.history import BY_NAME, Resolution
from storage.session import EVERY_TENANT, transaction
from tests.conftest import World

END = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)  # yesterday is over
PITS = 20
CHARTS = [
    ("raw", timedelta(minutes=15)), ("raw", timedelta(hours=2)), ("1m", timedelta(hours=6)), ("1m", timedelta(days=1)),
    ("10m", timedelta(days=1)), ("1h", timedelta(days=30)), ("1d", timedelta(days=365)),
]  # fmt: skip

_PITS = (
    "INSERT INTO pit SELECT md5('pit' || n)::uuid, :tenant, 'Pit ' || n, n, NULL, :end FROM generate_series(1, :n) n"
)
_DEVICES = (
    "INSERT INTO device SELECT 'pp-many-' || n, :tenant, md5('pit' || n)::uuid, 'pit', 'PP', NULL, true, :end"
    " FROM generate_series(1, :n) n"
)
_READINGS = (
    "INSERT INTO reading SELECT :tenant, md5('pit' || n)::uuid, 'pp-many-' || n, 1, k, CAST(:end AS timestamptz)"
    " - k * interval '15 seconds', 24 FROM generate_series(1, 5760) k, generate_series(1, :n) n ORDER BY k DESC"
)
_ROLLUP = (
    "INSERT INTO reading_{0} (tenant_id, pit_id, at, readings, t_c_mean, t_c_count) SELECT :tenant,"
    " md5('pit' || n)::uuid, CAST(:end AS timestamptz) - k * interval '{1}', 4, 24, 4"
    " FROM generate_series(1, {2}) k, generate_series(1, :n) n ORDER BY k DESC"
)


@pytest.fixture
async def pit_id(world: World, superuser: psycopg.AsyncConnection[Any]) -> Any:
    """One of twenty pits that all have a day of single readings and weeks of roll-ups."""
    statements = [_PITS, _DEVICES, _READINGS]
    statements += [_ROLLUP.format(*of) for of in (("1m", "1 min", 4_320), ("1h", "1 h", 2_160), ("1d", "1 day", 700))]
    async with transaction(EVERY_TENANT) as tx:
        for statement in statements:
            await tx.execute(text(statement), {"tenant": world.here.tenant_id, "end": END, "n": PITS})
        pit_id = (await tx.execute(text("SELECT id FROM pit WHERE name = 'Pit 7'"))).scalar_one()
    await superuser.execute("ANALYZE reading, reading_1m, reading_1h, reading_1d, device, pit")
    await superuser.commit()
    return pit_id


async def scans(tx: AsyncSession, resolution: Resolution, bound: dict[str, Any]) -> dict[str, str]:
    """How the plan of a chart's query, as the web's role would run it, reads each table of readings."""
    statement = "EXPLAIN (FORMAT JSON) " + history._statement(resolution, (Metric.T_C, Metric.RH_PCT))
    [found] = (await tx.execute(text(statement), {**bound, "limit": history.POINTS_MAX})).scalar_one()
    scanned, waiting = {}, [found["Plan"]]
    while waiting:
        node = waiting.pop()
        waiting += node.get("Plans", [])
        if node.get("Relation Name", "").startswith("reading"):
            scanned[node["Relation Name"]] = node["Node Type"]
    return scanned


async def test_a_chart_finds_its_rows_by_index(world: World, pit_id: Any) -> None:
    async with transaction(world.here.tenant_id) as tx:
        for name, window in CHARTS:
            scanned = await scans(tx, BY_NAME[name], {"pit_id": pit_id, "since": END - window, "until": END})
            assert scanned, name
            assert "Seq Scan" not in scanned.values(), (name, window, scanned)
