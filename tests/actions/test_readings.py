"""Recording readings on a real PostgreSQL: once each, whatever is replayed, with the alert rules in step."""

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from sqlalchemy import text

from actions.directory import Directory
from actions.live import Hub
from actions.readings import Batch, Recorded, Rejection, Undated, record
from domain.limits import Level
from domain.readings import Reading, Reject
from storage.session import EVERY_TENANT, transaction
from tests.conftest import Workshop, World

NOW = datetime.now(UTC).replace(microsecond=0)


def reading(shop: Workshop, seq: int, at: datetime, t_c: float | None = 24.0, pm25: float | None = None) -> Reading:
    values = (t_c, 50.0, None, None, pm25, None, None)
    return Reading(shop.tenant_id, shop.pit_id, shop.device_id, 1, seq, round(at.timestamp() * 1e6), values)


async def stored() -> list[tuple[Any, ...]]:
    async with transaction(EVERY_TENANT) as tx:
        rows = await tx.execute(text("SELECT device_id, boot_id, seq, t_c, rh_pct, pm25 FROM reading ORDER BY 1, 2, 3"))
        return [tuple(row) for row in rows.all()]


async def alerts() -> list[tuple[Any, ...]]:
    async with transaction(EVERY_TENANT) as tx:
        rows = await tx.execute(text("SELECT rule, level, resolved_at IS NULL FROM alert ORDER BY raised_at"))
        return [tuple(row) for row in rows.all()]


async def test_readings_of_two_tenants_are_stored_in_one_batch_with_unknown_values_as_null(
    world: World, directory: Directory, connection: psycopg.AsyncConnection[Any]
) -> None:
    batch = Batch(readings=[reading(world.here, 1, NOW), reading(world.there, 1, NOW, t_c=None, pm25=8.5)])
    recorded = await record(connection, batch, directory, Hub(), NOW)
    assert recorded.new == 2
    assert await stored() == [("pp-here", 1, 1, 24.0, 50.0, None), ("pp-there", 1, 1, None, 50.0, 8.5)]


async def test_a_replay_is_confirmed_again_but_stored_once(
    world: World, directory: Directory, connection: psycopg.AsyncConnection[Any]
) -> None:
    batch = Batch(readings=[reading(world.here, seq, NOW + timedelta(seconds=seq)) for seq in range(1, 11)])
    await record(connection, batch, directory, Hub(), NOW)
    again = await record(connection, batch, directory, Hub(), NOW)
    assert (len(again.readings), again.new, len(await stored())) == (10, 0, 10)


async def test_a_reading_without_clock_gets_its_moment_from_the_first_anchor_of_its_boot(
    world: World, directory: Directory, connection: psycopg.AsyncConnection[Any]
) -> None:
    known = directory.devices["pp-here"]
    boot_us = round(NOW.timestamp() * 1e6) - 60_000_000
    values = (21.5, None, None, None, None, None, None)
    first = Batch(boots={("pp-here", 7): (known, boot_us)}, undated=[Undated(known, 7, 1, 30_000, values, b"{}")])
    await record(connection, first, directory, Hub(), NOW)
    late = Batch(
        boots={("pp-here", 7): (known, boot_us + 5_000_000)}, undated=[Undated(known, 7, 1, 30_000, values, b"{}")]
    )
    assert (await record(connection, late, directory, Hub(), NOW)).new == 0
    async with transaction(EVERY_TENANT) as tx:
        at = (await tx.execute(text("SELECT at FROM reading"))).scalar_one()
    assert at == NOW - timedelta(seconds=30)


async def test_a_hot_pit_raises_one_alert_after_the_duration_and_clears_it_when_cool_for_long_enough(
    world: World, directory: Directory, connection: psycopg.AsyncConnection[Any]
) -> None:
    hub = Hub()
    hub.put([reading(world.here, 1, NOW - timedelta(minutes=10))])
    at = NOW - timedelta(minutes=9)
    seq = 2

    async def send(t_c: float, seconds: int) -> Recorded:
        nonlocal at, seq
        batch = Batch()
        for _ in range(seconds // 5):
            batch.readings.append(reading(world.here, seq, at, t_c))
            at, seq = at + timedelta(seconds=5), seq + 1
        return await record(connection, batch, directory, hub, NOW)

    await send(36.0, 25)
    assert await alerts() == []
    raised = await send(36.0, 15)
    assert [news.level for news in raised.news] == [Level.WARNING]
    assert hub.pits[world.here.pit_id].levels == {"t_c": Level.WARNING}
    await send(36.5, 60)
    assert await alerts() == [("t_c", 1, True)]
    await send(30.0, 70)
    assert await alerts() == [("t_c", 1, False)]
    assert hub.pits[world.here.pit_id].levels == {}


async def test_an_hour_of_old_hot_readings_from_a_replay_raises_nothing_now(
    world: World, directory: Directory, connection: psycopg.AsyncConnection[Any]
) -> None:
    hub = Hub()
    hub.put([reading(world.here, 999, NOW)])
    old = [reading(world.here, n, NOW - timedelta(hours=1) + timedelta(seconds=5 * n), 40.0) for n in range(1, 400)]
    await record(connection, Batch(readings=old), directory, hub, NOW)
    assert await alerts() == []
    async with transaction(EVERY_TENANT) as tx:
        assert (await tx.execute(text("SELECT count(*) FROM rollup_late"))).scalar_one() >= 1


async def test_refused_messages_are_counted_by_reason_and_only_the_last_twenty_are_kept(
    world: World, directory: Directory, connection: psycopg.AsyncConnection[Any]
) -> None:
    for _ in range(3):
        batch = Batch()
        for n in range(15):
            batch.reject(Rejection("pp-here", world.here.tenant_id, Reject.MALFORMED, f"no {n}", b"\x00\xff{"))
        batch.reject(Rejection("stranger", None, Reject.UNKNOWN_DEVICE, "topic x", b"{}"))
        await record(connection, batch, directory, Hub(), NOW)
    async with transaction(EVERY_TENANT) as tx:
        counts = await tx.execute(text("SELECT device_id, reason, count FROM rejection_count ORDER BY 1"))
        assert [tuple(row) for row in counts.all()] == [("pp-here", "malformed", 45), ("stranger", "unknown_device", 3)]
        kept = await tx.execute(text("SELECT count(*) FROM rejection_sample WHERE device_id = 'pp-here'"))
        assert kept.scalar_one() == 20


async def test_a_removed_device_does_not_stop_the_batch_of_the_others(
    world: World, directory: Directory, connection: psycopg.AsyncConnection[Any]
) -> None:
    gone = directory.devices["pp-there"]
    async with transaction(EVERY_TENANT) as tx:
        await tx.execute(text("DELETE FROM device WHERE id = 'pp-there'"))
    values = (20.0, None, None, None, None, None, None)
    batch = Batch(
        readings=[reading(world.here, 1, NOW)],
        boots={("pp-there", 1): (gone, 0)},
        undated=[Undated(gone, 1, 1, 1_000, values, b"{}")],
    )
    await record(connection, batch, directory, Hub(), NOW)
    assert [row[0] for row in await stored()] == ["pp-here"]
