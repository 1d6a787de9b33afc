"""Sensors of other makes through a real broker: read by the tenant's rules, stored once, counted if they are wrong."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import aiomqtt
import pytest
from sqlalchemy import text

from actions import device_claims, devices, foreign_sensors
from actions.foreign_sensors import Mapping
from actions.silent import check_silence
from domain.foreign import Rule
from domain.readings import Metric
from domain.refusals import Refusal
from ingest.broker_address import BrokerAddress
from ingest.foreign import SUBSCRIPTION, ForeignConsumer
from ingest.mqtt import MqttLink
from storage.session import EVERY_TENANT, transaction
from tests.conftest import Workshop, World
from tests.device_parts import now, open_keys
from tests.ingest.parts import counted, fetch, ingest, running, until
from tests.private_mosquitto import PrivateMosquitto

TEMPERATURE = Rule(Metric.T_C, "AM2301.Temperature", "°C")
HALL = "tele/hall/SENSOR"


@pytest.fixture
def mosquitto() -> Iterator[PrivateMosquitto]:
    with PrivateMosquitto() as broker:
        yield broker


async def mapped(shop: Workshop, topic: str = HALL, *rules: Rule, time_path: str = "") -> str:
    answer = await foreign_sensors.add_sensor(
        "Hall", shop.pit_id, Mapping(topic, rules or (TEMPERATURE,), time_path), shop.owner, now()
    )
    assert answer.startswith("pp-"), answer
    return answer


@asynccontextmanager
async def listening(broker: PrivateMosquitto, *, acknowledges: bool = True) -> AsyncIterator[ForeignConsumer]:
    """The consumer behind the broker, under one name: its session waits for it there."""
    async with ingest() as parts:
        consumer = ForeignConsumer(parts.directory, parts.hub, parts.presence)
        address = BrokerAddress("127.0.0.1", broker.port, "ingest", "any")
        link = MqttLink(address, "foreign", [(SUBSCRIPTION, 1)], consumer.take)
        consumer.link = link if acknowledges else None
        async with running(consumer.run(), link.run(), consumer.keep_fresh(), consumer.write_last_heard()):
            await until(lambda: link.connected)
            yield consumer


async def say(
    broker: PrivateMosquitto,
    shop: Workshop,
    *payloads: bytes | dict[str, object],
    topic: str = HALL,
    retain: bool = False,
) -> None:
    async with aiomqtt.Client("127.0.0.1", broker.port) as client:
        for payload in payloads:
            body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
            await client.publish(f"foreign/{shop.tenant_id}/{topic}", body, qos=1, retain=retain)


def hall(t_c: float, **more: object) -> dict[str, object]:
    return {"AM2301": {"Temperature": t_c}, **more}


async def rows() -> list[tuple[object, ...]]:
    return await fetch("SELECT device_id, pit_id, t_c FROM reading ORDER BY at, t_c")


async def until_stored(count: int) -> None:
    for _ in range(500):
        if len(await rows()) == count:
            return
        await asyncio.sleep(0.02)
    raise AssertionError(await rows())


async def test_messages_become_readings_of_the_pit(world: World, mosquitto: PrivateMosquitto) -> None:
    shop = world.here
    id_ = await mapped(shop)
    async with listening(mosquitto) as consumer:
        await say(mosquitto, shop, hall(24.6), hall(24.7))
        await until_stored(2)
        assert [(device, pit, round(float(str(t)), 1)) for device, pit, t in await rows()] == [
            (id_, shop.pit_id, 24.6),
            (id_, shop.pit_id, 24.7),
        ]
        assert (consumer.counters.messages, consumer.counters.stored) == (2, 2)


async def test_what_was_said_while_the_server_was_away_is_not_lost(world: World, mosquitto: PrivateMosquitto) -> None:
    await mapped(world.here)
    async with listening(mosquitto):
        pass
    await say(mosquitto, world.here, *(hall(20 + n / 10) for n in range(30)))
    async with listening(mosquitto):
        await until_stored(30)


@pytest.mark.parametrize("time_path", ["", "Time"])
async def test_a_message_that_was_committed_but_not_acknowledged_is_stored_once(
    world: World, mosquitto: PrivateMosquitto, time_path: str
) -> None:
    await mapped(world.here, time_path=time_path)
    said = [hall(24.0 + n, Time=(now() - timedelta(seconds=9 - n)).isoformat()) for n in range(3)]
    async with listening(mosquitto, acknowledges=False):
        await say(mosquitto, world.here, *said)
        await until_stored(3)
    async with listening(mosquitto) as consumer:
        await say(mosquitto, world.here, hall(30.0, Time=now().isoformat()))
        await until_stored(4)
        assert consumer.counters.messages == 4
    async with listening(mosquitto) as consumer:
        await say(mosquitto, world.here, hall(31.0, Time=now().isoformat()))
        await until_stored(5)
        assert consumer.counters.messages == 1, "now they are acknowledged"


async def test_the_same_value_again_is_a_reading_of_its_own(world: World, mosquitto: PrivateMosquitto) -> None:
    await mapped(world.here)
    async with listening(mosquitto):
        await say(mosquitto, world.here, hall(24.6), hall(24.6), hall(24.6))
        await until_stored(3)


async def test_bad_messages_are_counted_on_the_sensors_page(world: World, mosquitto: PrivateMosquitto) -> None:
    shop = world.here
    id_ = await mapped(shop, time_path="Time")
    at = now().isoformat()
    async with listening(mosquitto) as consumer:
        await say(
            mosquitto, shop, b"{", b"ON", hall(900.0, Time=at), hall(24.0), {"Time": at}, b"x" * 9_000,
            hall(24.0, Time=(now() - timedelta(days=9)).isoformat()),
            hall(24.0, Time=(now() + timedelta(hours=2)).isoformat()),
            {"AM2301": {"Temperature": "warm"}, "Time": at}, hall(24.6, Time=at),
        )  # fmt: skip
        await until_stored(1)
        await until(lambda: consumer.link is not None and consumer.link.acknowledged == 10)
        assert consumer.counters.rejected == 9
    assert await counted() == {
        (id_, "malformed"): 3, (id_, "implausible"): 1, (id_, "no_time"): 1, (id_, "no_value"): 1,
        (id_, "oversized"): 1, (id_, "too_old"): 1, (id_, "future"): 1,
    }  # fmt: skip


async def test_a_topic_feeds_its_own_tenant_and_nobody_else(world: World, mosquitto: PrivateMosquitto) -> None:
    id_ = await mapped(world.there)
    async with listening(mosquitto) as consumer:
        await say(mosquitto, world.here, hall(24.6))
        async with aiomqtt.Client("127.0.0.1", mosquitto.port) as client:
            for topic in ("foreign/x", "foreign/nobody/tele/hall/SENSOR", f"foreign/{uuid4()}/{HALL}"):
                await client.publish(topic, json.dumps(hall(24.6)), qos=1)
        await say(mosquitto, world.there, hall(25.5))
        await until_stored(1)
        assert [row[0] for row in await rows()] == [id_]
        assert consumer.counters.messages == 5


async def test_a_retained_message_without_a_time_is_of_unknown_age(world: World, mosquitto: PrivateMosquitto) -> None:
    shop = world.here
    await mapped(shop)
    await mapped(shop, "tele/door/SENSOR", time_path="Time")
    await say(mosquitto, shop, hall(11.0), retain=True)
    await say(mosquitto, shop, hall(12.0, Time=now().isoformat()), topic="tele/door/SENSOR", retain=True)
    async with listening(mosquitto):
        await say(mosquitto, shop, hall(13.0))
        await until_stored(2)
    async with listening(mosquitto):
        await say(mosquitto, shop, hall(14.0))
        await until_stored(3)
    assert sorted(float(str(t)) for _, _, t in await rows()) == [12.0, 13.0, 14.0]
    assert await counted() == {}


async def test_what_each_topic_said_last_can_be_seen(world: World, mosquitto: PrivateMosquitto) -> None:
    shop = world.here
    async with listening(mosquitto):
        await say(mosquitto, shop, hall(24.6), hall(24.7))
        await say(mosquitto, shop, b"\xff\x00", topic="tele/door/LWT")
        await say(mosquitto, world.there, hall(11.0))

        async def seen() -> dict[str, str]:
            found = await foreign_sensors.heard_topics(shop.owner)
            assert not isinstance(found, Refusal)
            return {message.topic: message.payload for message in found}

        for _ in range(300):
            if len(await seen()) == 2:
                break
            await asyncio.sleep(0.02)
        assert await seen() == {HALL: json.dumps(hall(24.7)), "tele/door/LWT": "\ufffd\ufffd"}
    look = await foreign_sensors.preview(shop.owner, Mapping(f"foreign/{shop.tenant_id}/{HALL}", (TEMPERATURE,)), "UTC")
    assert not isinstance(look, Refusal)
    assert look.numbers == (("AM2301.Temperature", 24.7),) and look.suggested == (TEMPERATURE,)
    assert look.read is not None
    assert (
        await foreign_sensors.preview(world.there.owner, Mapping("tele/door/LWT", ()), "UTC")
        == foreign_sensors.Preview()
    )


async def test_a_sensor_that_is_switched_off_or_removed_stores_nothing(
    world: World, mosquitto: PrivateMosquitto
) -> None:
    open_keys()
    shop = world.here
    id_ = await mapped(shop)
    await devices.enable(id_, False, shop.owner, now())
    async with listening(mosquitto) as consumer:
        await say(mosquitto, shop, hall(24.6))
        await until(lambda: consumer.link is not None and consumer.link.acknowledged == 1)
    assert await counted() == {(id_, "disabled_device"): 1}
    await devices.remove(id_, shop.owner, now())
    assert (await mapped(shop)) != id_, "its topic is free again"


async def test_a_slow_sensors_silence_calls_nobody_and_it_is_claimed_by_nobody(
    world: World, mosquitto: PrivateMosquitto
) -> None:
    shop = world.here
    id_ = await mapped(shop)
    async with transaction(EVERY_TENANT) as tx:
        await tx.execute(
            text("INSERT INTO device_presence (device_id, tenant_id, heard_at, online) VALUES (:id, :t, :at, true)"),
            {"id": id_, "t": shop.tenant_id, "at": now() - timedelta(minutes=9)},
        )
    assert await check_silence(datetime.now(UTC), now() - timedelta(hours=1)) == (0, 0)
    assert await device_claims.make_code(id_, shop.owner, now()) is Refusal.NOT_POSSIBLE_NOW
