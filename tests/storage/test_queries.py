"""What pages read of devices: how many readings were lost, and how many messages were refused today."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from domain.readings import Reading
from storage import queries
from storage.queries import DeviceRow
from storage.session import EVERY_TENANT, transaction
from tests.conftest import World
from tests.storage.past import arrive

NOW = datetime.now(UTC).replace(microsecond=0)


async def device(world: World, now: datetime = NOW) -> DeviceRow:
    async with transaction(world.here.tenant_id) as tx:
        row = await queries.device(tx, "pp-here", now)
        assert [row] == await queries.devices(tx, now)
    assert row is not None
    return row


def readings(world: World, boot_id: int, *seqs: int, ago: timedelta = timedelta(minutes=5)) -> list[Reading]:
    at_us, values = round((NOW - ago).timestamp() * 1e6), (20.0, *[None] * 6)
    here = world.here
    return [Reading(here.tenant_id, here.pit_id, "pp-here", boot_id, seq, at_us, values) for seq in seqs]


@pytest.mark.parametrize(
    ("seqs", "expected", "lost"),
    [([], 0, 0), ([7], 1, 0), ([7, 8, 9], 3, 0), ([7, 9], 3, 1), ([1, 100], 100, 98), ([9, 7, 8], 3, 0)],
)
async def test_gaps_in_the_numbers_are_what_was_lost(world: World, seqs: list[int], expected: int, lost: int) -> None:
    if seqs:
        await arrive(readings(world, 1, *seqs), NOW)
    row = await device(world)
    assert (row.expected, row.lost) == (expected, lost)


async def test_each_boot_numbers_its_readings_anew(world: World) -> None:
    await arrive([*readings(world, 1, 98, 100), *readings(world, 2, 1, 2, 3)], NOW)
    row = await device(world)
    assert (row.expected, row.lost) == (6, 1)


async def test_only_the_last_hour_counts(world: World) -> None:
    await arrive([*readings(world, 1, 1, ago=timedelta(minutes=61)), *readings(world, 1, 50, 51)], NOW)
    assert (await device(world)).lost == 0


async def test_today_is_the_day_in_utc_whatever_the_databases_zone(world: World) -> None:
    late = NOW.replace(hour=23, minute=30)
    async with transaction(EVERY_TENANT) as tx:
        for reason, day in (("malformed", late), ("no_value", late), ("malformed", late - timedelta(days=1))):
            await tx.execute(
                text("INSERT INTO rejection_count VALUES ('pp-here', :reason, :day, :tenant, 2)"),
                {"reason": reason, "day": day.date(), "tenant": world.here.tenant_id},
            )
    for zone in ("UTC", "Pacific/Kiritimati"):
        async with transaction(world.here.tenant_id) as tx:
            await tx.execute(text("SELECT set_config('TimeZone', :zone, true)"), {"zone": zone})
            [row] = await queries.devices(tx, late)
            assert row.rejected_today == 4
            assert await queries.device(tx, "pp-here", late) == row


async def test_a_device_that_was_never_heard_is_not_online(world: World) -> None:
    row = await device(world)
    assert (row.heard_at, row.online, row.rejected_today, row.enabled) == (None, False, 0, True)
