"""A pit's past: the resolution that fits the window, the same numbers as the single readings, found by index."""

import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from domain.readings import METRICS, Metric, Reading
from storage import history
from storage.history import BY_NAME, RAW, RESOLUTIONS, Resolution, Series
from storage.session import EVERY_TENANT, transaction
from tests.conftest import World
from tests.storage.past import Story, arrive, roll_up

END = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)
DAYS_2000 = datetime(2000, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("window", "name"),
    [
        (timedelta(minutes=15), "raw"), (timedelta(hours=2), "raw"),
        (timedelta(hours=2, seconds=1), "1m"), (timedelta(hours=6), "1m"), (timedelta(hours=24), "1m"),
        (timedelta(hours=25), "10m"), (timedelta(days=7), "10m"), (timedelta(days=10), "10m"),
        (timedelta(days=11), "1h"), (timedelta(days=30), "1h"), (timedelta(days=60), "1h"),
        (timedelta(days=61), "1d"), (timedelta(days=3_660), "1d"), (timedelta(days=36_600), "1d"),
    ],
)  # fmt: skip
def test_a_window_gets_the_finest_resolution_that_a_chart_can_show(window: timedelta, name: str) -> None:
    assert history.fitting(window) is BY_NAME[name]


def test_a_chart_of_any_window_up_to_four_years_has_at_most_1500_points() -> None:
    for resolution in RESOLUTIONS[1:]:
        assert min(resolution.longest, timedelta(days=4 * 365)).total_seconds() / resolution.bucket_s <= 1_500


def test_every_resolution_reads_a_table_that_divides_its_buckets() -> None:
    steps = {"reading": 0, "reading_1m": 60, "reading_1h": 3_600, "reading_1d": 86_400}
    for resolution in RESOLUTIONS[1:]:
        assert resolution.bucket_s % steps[resolution.table] == 0


async def of(
    world: World, since: datetime, until: datetime, resolution: Resolution, *metrics: Metric
) -> dict[Metric, Series]:
    async with transaction(world.here.tenant_id) as tx:
        return await history.history(tx, world.here.pit_id, since, until, resolution, metrics or METRICS)


async def past_hours(world: World, hours: int) -> list[Reading]:
    """Fills some hours before END with readings of both tenants, rolled up; returns those of the first pit here."""
    chance = random.Random(3)
    readings = []
    for shop in (world.here, world.there):
        story = Story(shop, chance)
        moments = (END - timedelta(seconds=chance.uniform(0, hours * 3_600)) for _ in range(150 * hours))
        readings += [story.reading(at) for at in sorted(moments)]
    await arrive(readings, END)
    await roll_up(END + timedelta(minutes=2))
    return sorted((r for r in readings if r.pit_id == world.here.pit_id), key=lambda r: r.at_us)


def points(readings: Iterable[Reading], metric: Metric) -> list[tuple[int, float]]:
    index = METRICS.index(metric)
    return [(r.at_us // 1_000, value) for r in readings if (value := r.values[index]) is not None]


async def test_single_readings_come_back_as_they_were_sent(world: World) -> None:
    sent = await past_hours(world, 2)
    found = await of(world, END - timedelta(hours=2), END, RAW)
    for metric in METRICS:
        series = found[metric]
        assert series.mean == series.low == series.high
        expected = points(sent, metric)
        assert series.at_ms == [at_ms for at_ms, _ in expected]
        assert series.mean == pytest.approx([value for _, value in expected], rel=1e-6)


@pytest.mark.parametrize("name", ["1m", "10m", "1h", "1d"])
async def test_buckets_are_what_the_single_readings_come_to(world: World, name: str) -> None:
    sent, resolution = await past_hours(world, 30), BY_NAME[name]
    bucket_ms, origin_ms = resolution.bucket_s * 1_000, round(DAYS_2000.timestamp() * 1_000)
    found = await of(world, END - timedelta(days=3), END, resolution)
    for metric in METRICS:
        buckets: dict[int, list[float]] = {}
        for at_ms, value in points(sent, metric):
            buckets.setdefault(at_ms - (at_ms - origin_ms) % bucket_ms, []).append(value)
        series = found[metric]
        assert series.at_ms == sorted(buckets)
        for at_ms, mean, low, high in zip(series.at_ms, series.mean, series.low, series.high, strict=True):
            values = buckets[at_ms]
            expected = (sum(values) / len(values), min(values), max(values))
            assert (mean, low, high) == pytest.approx(expected, rel=1e-4, abs=1e-4)


async def test_a_window_begins_with_its_first_moment_and_ends_before_its_last(world: World) -> None:
    moments = [END - timedelta(minutes=10), END - timedelta(minutes=5), END]
    readings = [
        Reading(world.here.tenant_id, world.here.pit_id, "pp-here", 1, n, round(at.timestamp() * 1e6), (20.0 + n,) * 7)
        for n, at in enumerate(moments, start=1)
    ]
    await arrive([r._replace(values=(r.values[0], *[None] * 6)) for r in readings], END)
    assert (await of(world, moments[0], moments[2], RAW))[Metric.T_C].mean == [21.0, 22.0]
    assert (await of(world, moments[0], moments[1], RAW))[Metric.T_C].mean == [21.0]


async def test_what_was_not_measured_or_not_asked_for_is_left_out(world: World) -> None:
    values = (20.0, *[None] * 6)
    at_us = round((END - timedelta(minutes=5)).timestamp() * 1e6)
    await arrive([Reading(world.here.tenant_id, world.here.pit_id, "pp-here", 1, 1, at_us, values)], END)
    window = (END - timedelta(hours=1), END)
    assert set(await of(world, *window, RAW)) == {Metric.T_C}
    assert await of(world, *window, RAW, Metric.PM25) == {}
    assert await of(world, END, END + timedelta(hours=1), RAW) == {}


async def test_a_device_that_moved_leaves_its_past_where_it_was(world: World) -> None:
    sent = await past_hours(world, 1)
    async with transaction(EVERY_TENANT) as tx:
        await tx.execute(text("UPDATE device SET pit_id = :pit WHERE id = 'pp-here'"), {"pit": world.here.other_pit_id})
    found = await of(world, END - timedelta(hours=1), END, RAW)
    assert found[Metric.T_C].at_ms == [at_ms for at_ms, _ in points(sent, Metric.T_C)]


async def test_the_last_hour_of_every_pit_is_minutes_first_and_then_single_readings(world: World) -> None:
    await past_hours(world, 2)
    now = END + timedelta(minutes=1)
    recent = [
        Story(world.here, random.Random(5), seq=10_000).reading(now - timedelta(seconds=n)) for n in range(1, 100)
    ]
    await arrive([r._replace(pit_id=world.here.pit_id) for r in recent], now)
    async with transaction(EVERY_TENANT) as tx:
        rows = await history.last_hour(tx, now)
    ats = [at_us for _, _, at_us, _ in rows]
    assert ats == sorted(ats)
    assert min(ats) >= (now - timedelta(hours=1)).timestamp() * 1e6
    assert {pit_id for _, pit_id, _, _ in rows} >= {world.here.pit_id, world.there.pit_id, world.here.other_pit_id}
    single = [at_us for at_us in ats if at_us >= (now - history.RECENT).timestamp() * 1e6]
    assert len(single) >= len(recent)
    assert all(at_us % 60_000_000 == 0 for at_us in ats[: -len(single)])


async def test_holds_more_counts_only_as_far_as_it_must(world: World) -> None:
    sent = await past_hours(world, 1)
    window = (END - timedelta(hours=1), END)
    async with transaction(world.here.tenant_id) as tx:
        assert await history.holds_more(tx, world.here.pit_id, *window, len(sent) - 1)
        assert not await history.holds_more(tx, world.here.pit_id, *window, len(sent))


def test_of_single_readings_each_metric_is_read_once() -> None:
    columns = history._statement(RAW, METRICS).partition("::bigint, ")[2].partition(" FROM")[0]
    assert columns.split(", ") == list(METRICS)
