"""What ingest knows of devices: from the database, kept fresh by announcements, whole again after missing some."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from actions.announce import Announcement, Topic, announce, hear
from actions.directory import BOOTS_KEPT, Directory, Known, PitRules
from actions.live import Hub
from actions.readings import Batch, record
from domain.limits import Limits
from domain.readings import METRICS, Metric, Reading
from ingest.supervisor import Supervisor
from storage import session
from storage.session import EVERY_TENANT, transaction
from tests.actions.senders import execute, fetch, until
from tests.conftest import World

NOW = datetime.now(UTC)


@pytest.fixture
async def fresh(directory: Directory, heard: list[Announcement]) -> AsyncIterator[Directory]:
    """A directory that keeps itself fresh."""
    keeping = asyncio.create_task(directory.keep_fresh())
    yield directory
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)


async def announced(world: World, statement: str, topic: Topic = Topic.DEVICE, **bound: Any) -> None:
    """A change with its announcement, as an action makes it."""
    async with transaction(EVERY_TENANT) as tx:
        await tx.execute(text(statement), bound)
        await announce(tx, Announcement(topic, world.here.tenant_id))


NEW = "INSERT INTO device VALUES ('pp-new', :tenant, :pit, 'pit', 'New', NULL, true, now())"


async def test_every_device_is_known_with_its_tenant_and_pit(world: World, directory: Directory) -> None:
    here = world.here
    assert directory.devices["pp-here"] == Known("pp-here", here.tenant_id, str(here.tenant_id), here.pit_id, True)
    assert set(directory.devices) == {"pp-here", "pp-there"}
    assert set(directory.rules) == {p for s in (here, world.there) for p in (s.pit_id, s.other_pit_id)}


async def test_an_announced_device_is_known_at_once(world: World, fresh: Directory) -> None:
    await announced(world, NEW, tenant=world.here.tenant_id, pit=world.here.other_pit_id)
    await until(lambda: "pp-new" in fresh.devices)
    assert fresh.devices["pp-new"].pit_id == world.here.other_pit_id
    assert set(fresh.devices) == {"pp-new", "pp-here", "pp-there"}


async def test_a_device_that_is_switched_off_is_known_to_be(world: World, fresh: Directory) -> None:
    await announced(world, "UPDATE device SET enabled = false WHERE id = 'pp-here'")
    await until(lambda: not fresh.devices["pp-here"].enabled)
    assert fresh.devices["pp-there"].enabled


async def test_a_removed_device_is_forgotten(world: World, fresh: Directory) -> None:
    await announced(world, "DELETE FROM device WHERE id = 'pp-here'")
    await until(lambda: "pp-here" not in fresh.devices)
    assert "pp-there" in fresh.devices


async def test_readings_of_a_device_that_moved_go_to_its_new_pit(
    world: World, fresh: Directory, connection: psycopg.AsyncConnection[Any]
) -> None:
    here, boots = world.here, {3: 1_000_000}
    fresh.devices["pp-here"].anchors_us = boots
    await announced(world, "UPDATE device SET pit_id = :pit WHERE id = 'pp-here'", pit=here.other_pit_id)
    await until(lambda: fresh.devices["pp-here"].pit_id == here.other_pit_id)
    known = fresh.devices["pp-here"]
    assert known.anchors_us == boots  # its boots are still the same
    values = (20.0, *[None] * 6)
    reading = Reading(known.tenant_id, known.pit_id, "pp-here", 1, 1, round(NOW.timestamp() * 1e6), values)
    await record(connection, Batch(readings=[reading]), fresh, Hub(), NOW)
    assert await fetch("SELECT pit_id FROM reading") == [(here.other_pit_id,)]


async def test_a_new_pit_and_its_limits_are_known_at_once(world: World, fresh: Directory) -> None:
    await announced(
        world,
        "INSERT INTO pit VALUES (gen_random_uuid(), :tenant, 'Third', 3, NULL, now(), NULL)",
        Topic.PIT,
        tenant=world.here.tenant_id,
    )
    await until(lambda: len(fresh.rules) == 5)


async def test_an_announcement_that_could_not_be_followed_is_not_forgotten(
    world: World, directory: Directory, heard: list[Announcement]
) -> None:
    """The database goes away between the announcement and the reading; the supervisor starts the work again."""
    await announced(world, NEW, tenant=world.here.tenant_id, pit=None)
    await until(lambda: len(heard) == 1)
    urls = session._doors.urls
    await session.close()
    with pytest.raises(session.NotOpen):
        await directory.keep_fresh()
    assert urls is not None
    session.open(urls, pool_size=2)
    keeping = asyncio.create_task(directory.keep_fresh())
    await until(lambda: "pp-new" in directory.devices)
    keeping.cancel()


async def test_what_was_missed_while_nobody_listened_is_read_after_reconnecting(
    world: World, directory: Directory
) -> None:
    supervisor = Supervisor()
    supervisor.keep("announcements", lambda: hear(directory.load))
    listening = "SELECT pid FROM pg_stat_activity WHERE query = 'LISTEN pitpilot' AND datname = current_database()"
    try:
        async with asyncio.timeout(60):
            while not (found := await fetch(listening)):
                await asyncio.sleep(0.01)
        await execute("SELECT pg_terminate_backend(:pid)", pid=found[0][0])
        await execute(NEW, tenant=world.here.tenant_id, pit=None)  # and nobody announces it
        await until(lambda: "pp-new" in directory.devices)
        assert supervisor.health["announcements"].falls == 1
    finally:
        await supervisor.stop()


def test_only_the_latest_boots_of_a_device_are_kept(world: World) -> None:
    known = Known("pp", world.here.tenant_id, "", None, True)
    for boot_id in range(20):
        known.remember(boot_id, boot_id * 10)
    assert known.anchors_us == {boot_id: boot_id * 10 for boot_id in range(20 - BOOTS_KEPT, 20)}


@pytest.mark.parametrize(
    ("limits", "low", "high"),
    [
        (Limits(15.0, 35.0), 15.0, 35.0),
        (Limits(15.0, 35.0, 5.0, 45.0), 15.0, 35.0),
        (Limits(critical_low=5.0, critical_high=45.0), 5.0, 45.0),
        (Limits(warning_high=12.0, critical_high=35.0), float("-inf"), 12.0),
        (Limits(), float("-inf"), float("inf")),
    ],
)
def test_a_value_inside_every_limit_is_known_to_change_nothing(limits: Limits, low: float, high: float) -> None:
    rules = PitRules.of({Metric.RH_PCT: limits})
    assert rules.quiet == ((METRICS.index(Metric.RH_PCT), low, high),)
