"""The link keeps its word on a real Mosquitto: what is not acknowledged comes again, what is acknowledged does not."""

import asyncio
from collections.abc import Iterator

import aiomqtt
import pytest

from ingest.mqtt import MqttLink
from tests.ingest.mqtt_links import (
    FILTER,
    QUIET_S,
    TOPIC,
    WITHIN_S,
    Inbox,
    address_of,
    link_to,
    publish,
    running,
    until,
)
from tests.private_mosquitto import PrivateMosquitto


@pytest.fixture
def broker() -> Iterator[PrivateMosquitto]:
    with PrivateMosquitto() as broker:
        yield broker


async def test_a_message_arrives_with_its_topic_and_is_outstanding_until_acknowledged(broker: PrivateMosquitto) -> None:
    inbox = Inbox()
    async with running(link_to(broker, inbox)) as link:
        await publish(broker, b"one")
        await inbox.holds(b"one")
        delivery = inbox.deliveries[0]
        assert (delivery.topic, delivery.qos, delivery.retain) == (TOPIC, 1, False)
        assert link.outstanding == 1
        link.acknowledge(inbox.deliveries)
        assert (link.outstanding, link.received, link.acknowledged) == (0, 1, 1)


async def test_only_the_unacknowledged_comes_again_after_a_reconnect(broker: PrivateMosquitto) -> None:
    before, after = Inbox(), Inbox()
    async with running(link_to(broker, before)) as link:
        await publish(broker, b"safe", b"unsafe")
        await before.holds(b"safe", b"unsafe")
        link.acknowledge(d for d in before.deliveries if d.payload == b"safe")
    async with running(link_to(broker, after)):
        await after.holds(b"unsafe")
        await asyncio.sleep(QUIET_S)
        assert after.payloads == [b"unsafe"]


async def test_an_acknowledgement_from_before_a_reconnect_is_skipped(broker: PrivateMosquitto) -> None:
    inbox = Inbox()
    async with running(link_to(broker, inbox)) as link:
        await publish(broker, b"one")
        await inbox.holds(b"one")
        broker.restart()
        await until(lambda: len(inbox.deliveries) == 2)
        first, second = inbox.deliveries
        assert first.generation < second.generation
        link.acknowledge([first])
        assert (link.acknowledged, link.outstanding) == (0, 1)
        link.acknowledge([second])
        assert (link.acknowledged, link.outstanding) == (1, 0)


async def test_messages_sent_while_the_link_was_away_wait_in_its_session(broker: PrivateMosquitto) -> None:
    async with running(link_to(broker, Inbox())):
        pass
    offline = [b"%d" % number for number in range(2_000)]  # twice what a broker left at its defaults keeps
    await publish(broker, *offline)
    inbox = Inbox()
    async with running(link_to(broker, inbox)):
        await until(lambda: len(inbox.deliveries) == len(offline))
        assert inbox.payloads == offline


async def test_no_more_than_the_receive_maximum_is_outstanding(broker: PrivateMosquitto) -> None:
    inbox = Inbox()
    async with running(link_to(broker, inbox, receive_maximum=10)) as link:
        await publish(broker, *(b"%d" % number for number in range(25)))
        await until(lambda: len(inbox.deliveries) == 10)
        await asyncio.sleep(QUIET_S)
        assert len(inbox.deliveries) == link.outstanding == 10


async def test_a_paused_link_reads_nothing_yet_stays_connected(broker: PrivateMosquitto) -> None:
    inbox = Inbox()
    async with running(link_to(broker, inbox, keep_alive_s=1)) as link:
        link.pause()
        await publish(broker, b"waits")
        await asyncio.sleep(2.0)  # longer than the keep-alive of either side
        assert (inbox.payloads, link.connected) == ([], True)
        link.resume()
        await inbox.holds(b"waits")
        assert link.reconnects == 0


async def test_two_links_share_a_shared_subscription(broker: PrivateMosquitto) -> None:
    left, right = Inbox(), Inbox()
    shared = [(f"$share/ingest/{FILTER}", 1)]
    one = MqttLink(address_of(broker.port), "ingest-1", shared, left.deliveries.extend)
    two = MqttLink(address_of(broker.port), "ingest-2", shared, right.deliveries.extend)
    sent = [b"%d" % number for number in range(100)]
    async with running(one), running(two):
        await publish(broker, *sent)
        await until(lambda: len(left.deliveries) + len(right.deliveries) == len(sent))
        assert sorted(left.payloads + right.payloads) == sorted(sent)
        assert min(len(left.deliveries), len(right.deliveries)) >= 30


async def test_a_publication_reaches_a_device_and_is_refused_and_counted_without_a_connection(
    broker: PrivateMosquitto,
) -> None:
    link = link_to(broker, Inbox())
    assert not link.publish("v1/shop/d1/got", b"too early")
    async with running(link), aiomqtt.Client("127.0.0.1", broker.port) as device:
        await device.subscribe("v1/shop/d1/got")
        assert link.publish("v1/shop/d1/got", b"committed", message_expiry_s=60)
        async with asyncio.timeout(WITHIN_S):
            message = await anext(device.messages)
        assert message.payload == b"committed"
    assert link.dropped_publishes == 1
