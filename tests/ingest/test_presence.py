"""Who was heard when, and what devices say of themselves: kept in memory, written in one go, nothing made up."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import aiomqtt
import mqtt5
import pytest

from domain.readings import Reject
from ingest.presence import Presence, Seen
from ingest.wire import State
from tests.conftest import World
from tests.ingest.parts import Ingest, at_a_broker, counted, fetch, ingest, topic, until
from tests.private_mosquitto import PrivateMosquitto

NOW_US = round(datetime.now(UTC).timestamp()) * 1_000_000
NOW = datetime.fromtimestamp(NOW_US / 1e6, UTC)


@pytest.fixture
async def parts(world: World) -> AsyncIterator[Ingest]:
    async with ingest() as parts:
        yield parts


@pytest.fixture
def broker() -> Iterator[PrivateMosquitto]:
    with PrivateMosquitto() as broker:
        yield broker


async def written(presence: Presence, *names: str) -> tuple[Any, ...]:
    """What the database says of the device here after a write."""
    await presence.write()
    [row] = await fetch(f"SELECT {', '.join(names)} FROM device_presence WHERE device_id = 'pp-here'")
    return row


async def test_the_last_word_counts_and_is_written_once(parts: Ingest) -> None:
    known, presence = parts.directory.devices["pp-here"], parts.presence
    for seconds in (1, 2, 3):
        presence.heard(known, NOW_US + seconds * 1_000_000)
    assert await written(presence, "heard_at", "online") == (NOW + timedelta(seconds=3), True)
    await presence.write()
    assert await fetch("SELECT count(*) FROM device_presence") == [(1,)]


async def test_a_state_tells_firmware_address_signal_and_how_far_the_clock_is_off(parts: Ingest) -> None:
    state = State(7, 1, fw="1.4.0", ip="10.0.0.7", rssi=-61, up_s=90, ts=NOW_US // 1_000 + 1_500)
    parts.presence.says(parts.directory.devices["pp-here"], state, NOW_US)
    said = await written(parts.presence, "boot_id", "firmware", "address", "rssi_dbm", "up_s", "clock_off_ms")
    assert said == (7, "1.4.0", "10.0.0.7", -61, 90, 1_500)


async def test_what_a_device_leaves_out_stays_as_it_was(parts: Ingest) -> None:
    known = parts.directory.devices["pp-here"]
    parts.presence.says(known, State(7, 1, fw="1.4.0", ip="10.0.0.7", rssi=-61, up_s=90, ts=0), NOW_US)
    await parts.presence.write()
    parts.presence.says(known, State(8, 1), NOW_US)
    assert await written(parts.presence, "boot_id", "firmware", "address", "rssi_dbm") == (8, "1.4.0", "10.0.0.7", -61)


async def test_names_that_no_page_could_show_are_cut(parts: Ingest) -> None:
    state = State(7, 1, fw="1\x00.\n4" + "x" * 100, ip="\ud800" * 3 + "9" * 100)
    parts.presence.says(parts.directory.devices["pp-here"], state, NOW_US)
    assert await written(parts.presence, "firmware", "address") == ("1.4" + "x" * 37, "9" * 45)


async def test_offline_says_nothing_about_when(parts: Ingest) -> None:
    known, presence = parts.directory.devices["pp-here"], parts.presence
    presence.heard(known, NOW_US)
    presence.avail(known, False, NOW_US + 60_000_000, retained=False)
    assert await written(presence, "heard_at", "online") == (NOW, False)
    presence.avail(known, True, NOW_US + 90_000_000, retained=False)
    assert await written(presence, "heard_at", "online") == (NOW + timedelta(seconds=90), True)


async def test_a_retained_word_is_of_unknown_age(parts: Ingest) -> None:
    known, presence = parts.directory.devices["pp-here"], parts.presence
    presence.avail(known, True, NOW_US, retained=True)
    assert presence.seen == {}
    presence.heard(known, NOW_US)
    presence.avail(known, False, NOW_US + 60_000_000, retained=True)
    assert await written(presence, "heard_at", "online") == (NOW, False)


async def test_who_died_while_nobody_listened_is_offline_when_the_broker_says_so(parts: Ingest) -> None:
    known = parts.directory.devices["pp-here"]
    before = Presence()
    before.heard(known, NOW_US)
    await before.write()
    parts.presence.avail(known, False, NOW_US + 60_000_000, retained=True)
    assert await written(parts.presence, "heard_at", "online") == (NOW, False)
    parts.presence.avail(known, True, NOW_US + 90_000_000, retained=True)
    assert await written(parts.presence, "heard_at", "online") == (NOW, True)


async def test_what_is_heard_after_the_brokers_word_counts_more_and_a_word_waits_for_the_database(
    parts: Ingest, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = parts.directory.devices["pp-here"]
    parts.presence.heard(known, NOW_US)
    await parts.presence.write()
    late = Presence()
    late.avail(known, False, NOW_US, retained=True)
    with monkeypatch.context() as away:
        away.setattr("ingest.presence._SAY", "SELECT 1 / 0")
        with pytest.raises(Exception, match="division by zero"):
            await late.write()
    assert await written(late, "online") == (False,)
    late.avail(known, False, NOW_US, retained=True)
    late.heard(known, NOW_US + 1_000_000)
    assert await written(late, "online") == (True,)


async def test_a_word_about_a_device_that_was_never_heard_makes_nothing_up(parts: Ingest) -> None:
    parts.presence.avail(parts.directory.devices["pp-here"], False, NOW_US, retained=True)
    await parts.presence.write()
    assert await fetch("SELECT count(*) FROM device_presence") == [(0,)]


async def test_an_older_process_never_turns_the_clock_back(parts: Ingest) -> None:
    known = parts.directory.devices["pp-here"]
    behind, ahead = Presence(), Presence()
    behind.heard(known, NOW_US)
    ahead.heard(known, NOW_US + 5_000_000)
    await ahead.write()
    assert await written(behind, "heard_at") == (NOW + timedelta(seconds=5),)


async def test_what_could_not_be_written_is_written_later(parts: Ingest, monkeypatch: pytest.MonkeyPatch) -> None:
    parts.presence.heard(parts.directory.devices["pp-here"], NOW_US)
    with monkeypatch.context() as away:
        away.setattr("ingest.presence._UPSERT", "SELECT 1 / 0")
        with pytest.raises(Exception, match="division by zero"):
            await parts.presence.write()
    assert await written(parts.presence, "heard_at") == (NOW,)


async def test_a_device_that_was_removed_meanwhile_does_not_stop_the_others(parts: Ingest) -> None:
    for device_id in ("pp-here", "pp-there"):
        parts.presence.heard(parts.directory.devices[device_id], NOW_US)
    gone = parts.directory.devices["pp-here"].__class__(
        "pp-gone", parts.presence.seen["pp-here"].tenant_id, "", None, True
    )
    parts.presence.heard(gone, NOW_US)
    await parts.presence.write()
    assert await fetch("SELECT device_id FROM device_presence ORDER BY 1") == [("pp-here",), ("pp-there",)]


async def test_words_of_devices_arrive_through_the_broker(world: World, broker: PrivateMosquitto) -> None:
    async with at_a_broker(broker.port) as (parts, _):
        seen = await until_heard(world, broker, parts)
        device = await connect_with_a_will(world, broker)
        seen.online = False
        async with aiomqtt.Client("127.0.0.1", broker.port) as client:
            await client.publish(topic(world.here, "avail"), "online", qos=1)
        await until(lambda: seen.online)
        device.transport.abort()  # the power is cut
        await until(lambda: not seen.online)
        await parts.presence.write()
    assert await fetch("SELECT online, boot_id, firmware FROM device_presence") == [(False, 3, "2.0")]


async def test_broken_words_are_counted_with_the_telemetrys(world: World, broker: PrivateMosquitto) -> None:
    here = topic(world.here, "state")
    async with at_a_broker(broker.port) as (parts, _), aiomqtt.Client("127.0.0.1", broker.port) as device:
        await until_heard(world, broker, parts)
        await device.publish(here, b"{", qos=1)
        await device.publish(here, b'{"boot_id":1,"seq":1,"x":' + b"[" * 4_000 + b"]" * 4_000 + b"}", qos=1)
        await device.publish(here.replace("pp-here", "stranger"), b"{}", qos=1)
        await device.publish(here.replace(str(world.here.tenant_id), "other"), b"{}", qos=1)
        async with asyncio.timeout(60):
            while sum((await counted()).values()) < 4:
                await asyncio.sleep(0.02)
    assert await counted() == {
        ("pp-here", Reject.MALFORMED): 2,
        ("stranger", Reject.UNKNOWN_DEVICE): 1,
        ("pp-here", Reject.WRONG_TENANT): 1,
    }


async def until_heard(world: World, broker: PrivateMosquitto, parts: Ingest) -> Seen:
    """Sends states until one is heard: those from before the subscription are nobody's."""
    async with asyncio.timeout(60), aiomqtt.Client("127.0.0.1", broker.port) as client:
        while "pp-here" not in parts.presence.seen:
            await client.publish(topic(world.here, "state"), b'{"boot_id":3,"seq":1,"fw":"2.0"}', qos=1)
            await asyncio.sleep(0.02)
    return parts.presence.seen["pp-here"]


async def connect_with_a_will(world: World, broker: PrivateMosquitto) -> asyncio.StreamWriter:
    """A device's bare connection; when it breaks, the broker says `offline` for it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", broker.port)
    will = mqtt5.Will(topic(world.here, "avail"), payload=b"offline", qos=mqtt5.QoS.AT_LEAST_ONCE, retain=True)
    writer.write(mqtt5.ConnectPacket("pp-here", will=will).write())
    assert await reader.read(100)
    return writer
