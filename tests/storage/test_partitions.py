"""Readings through time: a place for every day, roll-ups that equal what a patient reader adds up, and forgetting."""

import asyncio
import random
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from domain.readings import AGE_MAX_S
from storage import partitions
from storage.checks import partitions_ready
from storage.session import EVERY_TENANT, transaction
from tests.conftest import World
from tests.storage.past import Story, added_up, arrive, roll_up, rolled_up

TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
NOON = TODAY - timedelta(hours=12)  # of yesterday, so that a simulated day stays in the past
ROLLUPS = {"reading_1m": timedelta(minutes=1), "reading_1h": timedelta(hours=1), "reading_1d": timedelta(days=1)}


async def days_with_a_place() -> list[str]:
    async with transaction(EVERY_TENANT) as tx:
        found = await tx.execute(
            text("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'reading'::regclass ORDER BY 1")
        )
        return [name.removeprefix("reading_") for name in found.scalars()]


async def make_partitions(now: datetime) -> int:
    async with transaction(EVERY_TENANT) as tx:
        return await partitions.make_partitions(tx, now)


async def forget(now: datetime) -> None:
    async with transaction(EVERY_TENANT) as tx:
        await partitions.forget(tx, now)


async def until() -> datetime:
    async with transaction(EVERY_TENANT) as tx:
        found = await tx.execute(text("SELECT until FROM rollup_progress"))
        moment: datetime = found.scalar_one()
        return moment


async def set_raw_days(world: World, here: int, there: int) -> None:
    async with transaction(EVERY_TENANT) as tx:
        for shop, days in ((world.here, here), (world.there, there)):
            await tx.execute(
                text("UPDATE tenant SET raw_days = :days WHERE id = :id"), {"days": days, "id": shop.tenant_id}
            )


# Days


async def test_there_is_a_place_for_every_day_that_a_reading_may_be_of_and_a_week_more(database: str) -> None:
    later = TODAY + timedelta(days=40)
    assert await make_partitions(later) == 15
    wanted = [f"{later + timedelta(days=n):%Y%m%d}" for n in range(-7, 8)]
    assert set(wanted) <= set(await days_with_a_place())
    assert timedelta(seconds=AGE_MAX_S) <= timedelta(days=7)


async def test_making_them_again_makes_only_what_is_missing(database: str) -> None:
    later = TODAY + timedelta(days=40)
    await make_partitions(later)
    assert await make_partitions(later) == 0
    assert await make_partitions(later + timedelta(days=2)) == 2


async def test_processes_that_start_together_do_not_trip_over_each_other(database: str) -> None:
    later = TODAY + timedelta(days=40)
    assert sum(await asyncio.gather(*(make_partitions(later) for _ in range(4)))) == 15


async def test_a_day_ends_at_midnight_utc_whatever_the_sessions_zone(world: World) -> None:
    later = TODAY + timedelta(days=40)
    async with transaction(EVERY_TENANT) as tx:
        await tx.execute(text("SET LOCAL TimeZone = 'Asia/Kolkata'"))
        await partitions.make_partitions(tx, later)
    story = Story(world.here, random.Random(1))
    await arrive([story.reading(later - timedelta(milliseconds=1)), story.reading(later)], later)
    async with transaction(EVERY_TENANT) as tx:
        found = await tx.execute(text("SELECT tableoid::regclass::text FROM reading ORDER BY at"))
        days = [f"reading_{later - timedelta(days=1):%Y%m%d}", f"reading_{later:%Y%m%d}"]
        assert list(found.scalars()) == days


async def test_the_database_is_ready_when_today_and_tomorrow_have_a_place(database: str) -> None:
    async with transaction(EVERY_TENANT) as tx:
        assert await partitions_ready(tx, TODAY + timedelta(days=6))
        assert not await partitions_ready(tx, TODAY + timedelta(days=7))


# Roll-ups


@pytest.mark.parametrize("seed", range(3))
async def test_roll_ups_equal_what_is_added_up_one_by_one(world: World, seed: int) -> None:
    """Two tenants, readings on time and hours late, roll-ups now and then, sometimes twice or after a long pause."""
    chance = random.Random(seed)
    stories = [Story(shop, chance) for shop in (world.here, world.there)]
    now, sent = NOON, []
    for _ in range(60):
        now += timedelta(seconds=chance.choice([5, 30, 30, 60, 300, 2_400]))
        late = chance.choice([0, 0, 0, 1, 20, 119, 121, 3_600, 40_000, 500_000])
        arriving = [
            chance.choice(stories).reading(now - timedelta(seconds=late + chance.uniform(0, 90)))
            for _ in range(chance.randrange(20))
        ]
        await arrive(arriving, now)
        sent += arriving
        for _ in range(chance.choice([0, 1, 1, 2])):
            await roll_up(now)
    now += timedelta(seconds=100)
    await roll_up(now)
    complete = await until()
    assert now - timedelta(seconds=90) <= complete <= now
    for table, bucket in ROLLUPS.items():
        assert await rolled_up(table) == added_up(sent, bucket, complete), table


async def test_rolling_up_again_changes_nothing(world: World) -> None:
    story = Story(world.here, random.Random(7))
    await arrive([story.reading(NOON - timedelta(seconds=n)) for n in range(120, 700)], NOON)
    assert await roll_up(NOON) > 0
    before = [await rolled_up(table) for table in ROLLUPS]
    assert await roll_up(NOON) == 0
    await roll_up(NOON + timedelta(minutes=1))
    assert [await rolled_up(table) for table in ROLLUPS] == before


async def test_a_minute_waits_for_its_stragglers(world: World) -> None:
    story = Story(world.here, random.Random(7))
    minute = NOON + timedelta(hours=1)
    await arrive([story.reading(minute + timedelta(seconds=n)) for n in range(60)], minute + timedelta(minutes=1))
    await roll_up(minute + timedelta(minutes=1, seconds=19))
    assert await rolled_up("reading_1m") == {}
    await roll_up(minute + timedelta(minutes=1, seconds=20))
    assert {at for _, at in await rolled_up("reading_1m")} == {minute}


async def test_a_late_hour_is_rolled_up_once_and_only_for_its_pit(world: World) -> None:
    await roll_up(NOON)
    here, there = Story(world.here, random.Random(1)), Story(world.there, random.Random(2))
    hour = NOON - timedelta(hours=5)
    late = [story.reading(hour + timedelta(minutes=n)) for story in (here, there) for n in range(60)]
    await arrive(late, NOON)
    async with transaction(EVERY_TENANT) as tx:
        marked = (await tx.execute(text("SELECT DISTINCT hour FROM rollup_late"))).scalars().all()
    assert marked == [hour]
    await roll_up(NOON)
    async with transaction(EVERY_TENANT) as tx:
        assert (await tx.execute(text("SELECT count(*) FROM rollup_late"))).scalar_one() == 0
    for table, bucket in ROLLUPS.items():
        assert await rolled_up(table) == added_up(late, bucket, NOON), table


async def test_many_late_hours_are_done_in_portions(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partitions, "LATE_HOURS_MAX", 3)
    await roll_up(NOON)
    story = Story(world.here, random.Random(1))
    late = [story.reading(NOON - timedelta(hours=n, minutes=5)) for n in range(1, 40)]
    await arrive(late, NOON)
    while await roll_up(NOON):
        pass
    assert await rolled_up("reading_1h") == added_up(late, timedelta(hours=1), NOON)


async def test_readings_of_a_device_without_a_pit_are_kept_but_not_rolled_up(world: World) -> None:
    story = Story(world.here, random.Random(1))
    homeless = [story.reading(NOON - timedelta(hours=1))._replace(pit_id=None)]
    await arrive(homeless, NOON)
    await roll_up(NOON)
    assert await rolled_up("reading_1m") == {}


# Forgetting


async def test_each_tenant_keeps_single_readings_for_its_own_time(world: World) -> None:
    await set_raw_days(world, here=30, there=8)
    ages = (36, 29, 9, 7, 0)
    for age in ages:
        at = TODAY - timedelta(days=age)
        await make_partitions(at)
        await arrive([Story(shop, random.Random(age), seq=age).reading(at) for shop in (world.here, world.there)], at)
    await forget(TODAY + timedelta(hours=1))
    async with transaction(EVERY_TENANT) as tx:
        kept = await tx.execute(
            text("SELECT tenant_id, CAST(:today AS timestamptz) - at FROM reading"), {"today": TODAY}
        )
        ages_kept = sorted((tenant_id == world.here.tenant_id, age.days) for tenant_id, age in kept.all())
    assert ages_kept == [(False, 0), (False, 7), (True, 0), (True, 7), (True, 9), (True, 29)]


async def test_whole_days_go_when_no_tenant_wants_them_any_more(world: World) -> None:
    await set_raw_days(world, here=10, there=8)
    await make_partitions(TODAY - timedelta(days=10))
    await forget(TODAY + timedelta(hours=1))
    assert (await days_with_a_place())[0] == f"{TODAY - timedelta(days=10):%Y%m%d}"


async def test_a_day_that_a_late_reading_may_still_be_of_is_never_dropped(world: World) -> None:
    await set_raw_days(world, here=8, there=8)
    now = TODAY + timedelta(hours=23, minutes=59)
    await forget(now)
    story = Story(world.here, random.Random(1))
    await arrive([story.reading(now - timedelta(seconds=AGE_MAX_S))], now)


async def test_minutes_stay_half_a_year_hours_three_years_and_days_for_good(world: World) -> None:
    async with transaction(EVERY_TENANT) as tx:
        for table in ROLLUPS:
            for days in (4_000, 1_101, 1_099, 181, 179, 1):
                await tx.execute(
                    text(f"INSERT INTO {table} (tenant_id, pit_id, at, readings) VALUES (:tenant, :pit, :at, 1)"),
                    {"tenant": world.here.tenant_id, "pit": world.here.pit_id, "at": TODAY - timedelta(days=days)},
                )
    await forget(TODAY)
    kept = {table: sorted((TODAY - at).days for _, at in await rolled_up(table)) for table in ROLLUPS}
    assert kept == {
        "reading_1m": [1, 179],
        "reading_1h": [1, 179, 181, 1_099],
        "reading_1d": [1, 179, 181, 1_099, 1_101, 4_000],
    }
