"""The way of a reading on a real broker and database: acknowledged to either side only after COMMIT, stored once."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import aiomqtt
import psycopg
import pytest
from psycopg import sql

from domain.readings import Reject
from tests.conftest import World
from tests.ingest.parts import at_a_broker, counted, fetch, ingest, running, stored, topic, until
from tests.ingest.payloads import batch, reading, single
from tests.ingest.ring_device import RingDevice
from tests.private_mosquitto import PrivateMosquitto
from tests.private_postgres import PrivatePostgres

QUIET_S = 0.7  # longer than a batch's linger and the pause between two `/got` together


@pytest.fixture(scope="module")
def mosquitto() -> Iterator[PrivateMosquitto]:
    with PrivateMosquitto() as broker:
        yield broker


@pytest.fixture
async def broker(mosquitto: PrivateMosquitto) -> PrivateMosquitto:
    """The module's broker without the sessions of the test before."""
    for name in ("ingest", "ingest-words"):
        async with aiomqtt.Client("127.0.0.1", mosquitto.port, identifier=name, clean_session=True):
            pass
    return mosquitto


@pytest.fixture
async def device(world: World, broker: PrivateMosquitto) -> AsyncIterator[RingDevice]:
    """A device of the workshop here, connected."""
    device = RingDevice(world.here, broker.port)
    async with running(device.run()):
        yield device


async def publish(broker: PrivateMosquitto, where: str, *payloads: bytes, retain: bool = False) -> None:
    async with aiomqtt.Client("127.0.0.1", broker.port) as client:
        for payload in payloads:
            await client.publish(where, payload, qos=1, retain=retain)


def now_ms() -> int:
    return time.time_ns() // 1_000_000


async def test_both_forms_end_in_the_database_with_what_they_measured(world: World, broker: PrivateMosquitto) -> None:
    now = now_ms()
    async with at_a_broker(broker.port) as (_, link):
        await publish(
            broker,
            topic(world.here),
            single(1, ts=now, t_c=21.5),
            batch(reading(2, ts=now, t_c=None), reading(3, ts=now - 5_000, t_c=22.0), up_ms=9_000),
        )
        await until(lambda: link.acknowledged == 2)
    rows = await fetch("SELECT seq, t_c, pm25, pit_id, (extract(epoch FROM at) * 1000)::bigint FROM reading ORDER BY 1")
    pit_id = world.here.pit_id
    assert rows == [(1, 21.5, 5.2, pit_id, now), (2, None, 5.2, pit_id, now), (3, 22.0, 5.2, pit_id, now - 5_000)]


async def test_a_device_hears_which_readings_are_safe_and_which_will_never_be(
    world: World, broker: PrivateMosquitto, device: RingDevice
) -> None:
    async with at_a_broker(broker.port):
        device.measure(3)
        device.measure(t_c=99.0)
        device.measure(2)
        await until(lambda: device.waiting == 0)
    assert (device.confirmed, device.refused) == ({1, 2, 3, 5, 6}, {4})
    assert device.gots[0] == {"boot_id": 1, "readings": [[1, 3], [5, 6]], "events": [], "refused": [[4, 4]]}
    assert await stored() == [("pp-here", 1, seq) for seq in (1, 2, 3, 5, 6)]


async def test_a_replay_is_confirmed_again_and_stored_once(world: World, broker: PrivateMosquitto) -> None:
    payload = batch(*(reading(n, ts=now_ms()) for n in range(1, 11)))
    async with at_a_broker(broker.port) as (parts, link):
        for count in (1, 2, 3):
            await publish(broker, topic(world.here), payload)
            await until(lambda count=count: link.acknowledged == count)  # type: ignore[misc]  # bound at once
        assert (parts.consumer.counters.readings, parts.consumer.counters.stored) == (30, 10)
    assert len(await stored()) == 10


async def test_readings_without_a_clock_are_dated_by_their_boot_and_a_replay_lands_on_them(
    world: World, broker: PrivateMosquitto
) -> None:
    before = now_ms()
    async with at_a_broker(broker.port) as (_, link):
        await publish(broker, topic(world.here), batch(reading(1, up_ms=50_000), up_ms=60_000))
        await until(lambda: link.acknowledged == 1)
        later = batch(reading(1, up_ms=50_000), reading(2, up_ms=70_000), up_ms=95_000)  # the replay took a while
        await publish(broker, topic(world.here), later)
        await until(lambda: link.acknowledged == 2)
    rows = await fetch("SELECT seq, (extract(epoch FROM at) * 1000)::bigint FROM reading ORDER BY 1")
    assert [seq for seq, _ in rows] == [1, 2]
    assert rows[1][1] - rows[0][1] == 20_000
    assert 0 <= rows[0][1] - (before - 10_000) < 5_000


async def test_a_restarted_server_dates_a_boot_as_the_one_before_did(world: World, broker: PrivateMosquitto) -> None:
    for seq in (1, 2):
        async with at_a_broker(broker.port) as (_, link):
            payload = batch(reading(seq, up_ms=seq * 1_000), up_ms=60_000 + seq)
            await publish(broker, topic(world.here), payload)
            await until(lambda link=link: link.acknowledged == 1)  # type: ignore[misc]  # bound at once
    rows = await fetch("SELECT (extract(epoch FROM at) * 1000)::bigint FROM reading ORDER BY seq")
    assert rows[1][0] - rows[0][0] == 1_000
    assert await fetch("SELECT count(*) FROM device_boot") == [(1,)]


async def test_nobody_is_told_anything_before_the_commit(
    world: World, broker: PrivateMosquitto, device: RingDevice, database: str
) -> None:
    async with at_a_broker(broker.port) as (_, link), reading_is_locked(database):
        device.measure(5)
        await until(lambda: link.received >= 1)
        await asyncio.sleep(QUIET_S)
        assert (link.acknowledged, device.gots) == (0, [])
        assert link.outstanding == link.received
    async with at_a_broker(broker.port):
        await until(lambda: device.waiting == 0)
        assert await stored() == [("pp-here", 1, seq) for seq in range(1, 6)]


async def test_what_waits_for_the_database_is_bounded_and_then_stored_once(
    world: World, broker: PrivateMosquitto, database: str
) -> None:
    async with at_a_broker(broker.port, receive_maximum=10) as (_, link):
        async with reading_is_locked(database):
            await publish(broker, topic(world.here), *(single(n, ts=now_ms()) for n in range(1, 41)))
            await until(lambda: link.received == 10)
            await asyncio.sleep(QUIET_S)
            assert (link.received, link.acknowledged) == (10, 0)
        await until(lambda: link.acknowledged == 40)
    assert await stored() == [("pp-here", 1, seq) for seq in range(1, 41)]


async def test_what_comes_in_while_a_batch_is_written_is_committed_in_batches_too(
    world: World, broker: PrivateMosquitto, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.filling.BATCH_READINGS", 50)
    async with at_a_broker(broker.port) as (parts, link):
        async with reading_is_locked(database):
            await publish(broker, topic(world.here), *(single(n, ts=now_ms()) for n in range(1, 151)))
            await until(lambda: link.received == 150)
        await until(lambda: link.acknowledged == 150)
        assert parts.consumer.counters.batches >= 3
    assert await stored() == [("pp-here", 1, seq) for seq in range(1, 151)]


async def test_a_database_that_goes_away_and_comes_back_is_caught_up_with(
    world: World, broker: PrivateMosquitto, device: RingDevice, postgres: PrivatePostgres, database: str
) -> None:
    async with at_a_broker(broker.port) as (parts, link):
        device.measure(10)
        await until(lambda: device.waiting == 0)
        await set_open(postgres, database, False)
        acknowledged = link.acknowledged
        device.measure(10)
        await until(lambda: parts.consumer.counters.failures >= 2)
        await asyncio.sleep(QUIET_S)
        assert (link.acknowledged, device.waiting) == (acknowledged, 10)
        await set_open(postgres, database, True)
        await until(lambda: device.waiting == 0)
        await until(lambda: link.outstanding == 0)
        assert link.reconnects == 0
    assert await stored() == [("pp-here", 1, seq) for seq in range(1, 21)]


async def test_what_was_received_and_not_committed_comes_again_after_the_server_has_gone(
    world: World, broker: PrivateMosquitto, database: str
) -> None:
    async with at_a_broker(broker.port) as (_, link), reading_is_locked(database):
        await publish(broker, topic(world.here), *(single(n, ts=now_ms()) for n in range(1, 21)))
        await until(lambda: link.received == 20)
    assert await stored() == []
    async with at_a_broker(broker.port) as (_, link):
        await until(lambda: link.acknowledged == 20)
    assert await stored() == [("pp-here", 1, seq) for seq in range(1, 21)]


async def test_bad_messages_of_every_kind_are_counted_and_the_good_ones_stored(
    world: World, broker: PrivateMosquitto
) -> None:
    good, here = single(1, ts=now_ms()), topic(world.here)
    await publish(broker, here, good, retain=True)
    async with at_a_broker(broker.port) as (_, link):
        await publish(broker, here, b"{", b"x" * 1_000_000, single(2, ts=1), single(3, ts=now_ms(), pm25=-1))
        await publish(broker, here.replace("v1", "v2"), good)
        await publish(broker, here.replace("pp-here", "stranger"), good)
        await publish(broker, here.replace(str(world.here.tenant_id), str(world.there.tenant_id)), good)
        await publish(broker, here, single(4, ts=now_ms()))
        await until(lambda: link.acknowledged == 9)
        assert link.reconnects == 0
    await publish(broker, here, b"", retain=True)
    assert await counted() == {
        ("pp-here", Reject.RETAINED): 1,
        ("pp-here", Reject.MALFORMED): 1,
        ("pp-here", Reject.OVERSIZED): 1,
        ("pp-here", Reject.TOO_OLD): 1,
        ("pp-here", Reject.IMPLAUSIBLE): 1,
        ("pp-here", Reject.UNKNOWN_VERSION): 1,
        ("stranger", Reject.UNKNOWN_DEVICE): 1,
        ("pp-here", Reject.WRONG_TENANT): 1,
    }
    assert await stored() == [("pp-here", 1, 4)]


async def test_consumers_that_share_the_work_store_everything_once(world: World, broker: PrivateMosquitto) -> None:
    device = RingDevice(world.here, broker.port)
    async with at_a_broker(broker.port, share="ingest", name="one") as (one, _):
        async with at_a_broker(broker.port, share="ingest", name="two") as (two, _), running(device.run()):
            for _ in range(20):
                device.measure(20)
                await asyncio.sleep(0.01)
            await until(lambda: device.waiting == 0)
        assert min(one.consumer.counters.stored, two.consumer.counters.stored) > 0
    assert await stored() == [("pp-here", 1, seq) for seq in range(1, 401)]


async def test_since_when_devices_can_be_heard_follows_the_link(world: World, broker: PrivateMosquitto) -> None:
    async with at_a_broker(broker.port) as (parts, _):
        await until(lambda: parts.consumer.listening_since is not None)
    async with ingest() as parts, running(parts.consumer.publish_got()):
        await asyncio.sleep(QUIET_S)
        assert parts.consumer.listening_since is None


@asynccontextmanager
async def reading_is_locked(database: str) -> AsyncIterator[None]:
    """Holds a lock that lets nobody write readings."""
    async with await psycopg.AsyncConnection.connect(database) as superuser:
        await superuser.execute("LOCK TABLE reading IN EXCLUSIVE MODE")
        yield
        await superuser.rollback()


async def set_open(postgres: PrivatePostgres, database: str, is_open: bool) -> None:
    """Has the database refuse everybody, and throws out who is in; or lets them in again."""
    address, name = postgres.address, database.rpartition("/")[2].partition("?")[0]
    url = address.url("postgres", address.superuser, address.password)
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as superuser:
        statement = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
        await superuser.execute(statement.format(sql.Identifier(name), sql.Literal(is_open)))
        if not is_open:
            await superuser.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
