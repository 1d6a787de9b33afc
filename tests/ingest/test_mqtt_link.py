"""The link keeps its word on a real Mosquitto: what is not acknowledged comes again, what is acknowledged does not."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiomqtt
import mqtt5
import pytest

from ingest.mqtt import Delivery, MqttLink
from ingest.mqtt_connection import UNSENT_BYTES_MAX
from tests.private_mosquitto import PrivateMosquitto

FILTER = "v1/+/+/telemetry"
TOPIC = "v1/shop/d1/telemetry"
WITHIN_S = 15.0
QUIET_S = 0.3  # long enough for the broker to send what it still has


@dataclass(frozen=True)
class Address:
    port: int
    username: str | None = None
    password: str | None = None
    host: str = "127.0.0.1"
    tls: bool = False


class Inbox:
    """What a link handed over, and waiting for it."""

    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []

    @property
    def payloads(self) -> list[bytes]:
        return [delivery.payload for delivery in self.deliveries]

    async def holds(self, *payloads: bytes) -> None:
        await until(lambda: set(payloads) <= set(self.payloads))


@pytest.fixture
def broker() -> Iterator[PrivateMosquitto]:
    with PrivateMosquitto() as broker:
        yield broker


@asynccontextmanager
async def running(link: MqttLink, *, connected: bool = True) -> AsyncIterator[MqttLink]:
    task = asyncio.create_task(link.run())
    try:
        if connected:
            await until(lambda: link.connected)
        yield link
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not true():
            await asyncio.sleep(0.01)


async def publish(broker: PrivateMosquitto, *payloads: bytes, topic: str = TOPIC) -> None:
    async with aiomqtt.Client("127.0.0.1", broker.port) as device:
        for payload in payloads:
            await device.publish(topic, payload, qos=1)


def link_to(broker: PrivateMosquitto, inbox: Inbox, **options: int) -> MqttLink:
    return MqttLink(Address(broker.port), "ingest", [(FILTER, 1)], inbox.deliveries.extend, **options)


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


async def test_the_link_resumes_by_itself_when_a_killed_broker_returns(broker: PrivateMosquitto) -> None:
    inbox = Inbox()
    async with running(link_to(broker, inbox)) as link:
        await publish(broker, b"unacknowledged")
        await inbox.holds(b"unacknowledged")
        broker.save()
        inbox.deliveries.clear()
        broker.kill()
        await until(lambda: not link.connected)
        assert link.last_error
        broker.start()
        await inbox.holds(b"unacknowledged")
        await publish(broker, b"new")
        await inbox.holds(b"new")
        assert link.reconnects == 1


async def test_no_more_than_the_receive_maximum_is_outstanding(broker: PrivateMosquitto) -> None:
    inbox = Inbox()
    sent = [b"%d" % number for number in range(25)]
    async with running(link_to(broker, inbox, receive_maximum=10)) as link:
        await publish(broker, *sent)
        await until(lambda: len(inbox.deliveries) == 10)
        await asyncio.sleep(QUIET_S)
        assert len(inbox.deliveries) == link.outstanding == 10
        link.acknowledge(inbox.deliveries[:4])
        await until(lambda: len(inbox.deliveries) == 14)
        link.acknowledge(inbox.deliveries[4:])
        await until(lambda: len(inbox.deliveries) == 24)
        link.acknowledge(inbox.deliveries[14:])
        await inbox.holds(*sent)


async def test_a_wrong_password_is_named_and_the_right_one_connects(tmp_path: Path) -> None:
    password_file = tmp_path / "passwords"
    subprocess.run(["mosquitto_passwd", "-b", "-c", str(password_file), "ingest", "right"], check=True)
    with PrivateMosquitto(password_file=password_file) as broker:
        wrong = MqttLink(Address(broker.port, "ingest", "wrong"), "ingest", [(FILTER, 1)], print)
        async with running(wrong, connected=False):
            await until(lambda: wrong.last_error is not None)
            assert wrong.last_error == "the broker refused user ingest: not authorized"
            assert not wrong.connected
        right = MqttLink(Address(broker.port, "ingest", "right"), "ingest", [(FILTER, 1)], print)
        async with running(right):
            assert right.last_error is None


async def test_a_refused_subscription_is_named(tmp_path: Path) -> None:
    acl_file = tmp_path / "acl"
    acl_file.write_text("topic read v1/other/#\n")
    with PrivateMosquitto(acl_file=acl_file) as broker:
        link = link_to(broker, Inbox())
        async with running(link, connected=False):
            await until(lambda: link.last_error is not None)
            assert link.last_error == f"the broker refused the subscription {FILTER}: not authorized"


async def test_a_frozen_broker_is_noticed_and_left_and_found_again(broker: PrivateMosquitto) -> None:
    inbox = Inbox()
    async with running(link_to(broker, inbox, keep_alive_s=1)) as link:
        broker.freeze()
        await until(lambda: not link.connected)
        assert link.last_error == "the broker has said nothing for more than 1 s"
        broker.thaw()
        await until(lambda: link.connected)
        await publish(broker, b"after the thaw")
        await inbox.holds(b"after the thaw")


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
    one = MqttLink(Address(broker.port), "ingest-1", shared, left.deliveries.extend)
    two = MqttLink(Address(broker.port), "ingest-2", shared, right.deliveries.extend)
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


async def test_publications_beyond_the_bound_are_dropped_while_the_broker_does_not_read(
    broker: PrivateMosquitto,
) -> None:
    async with running(link_to(broker, Inbox())) as link:
        broker.freeze()
        payload = bytes(100_000)
        while link.publish("v1/shop/d1/got", payload):
            await asyncio.sleep(0)
        assert link.dropped_publishes == 1
        broker.thaw()
        await until(lambda: link.publish("v1/shop/d1/got", payload))
        assert link.dropped_publishes * UNSENT_BYTES_MAX * 100 > UNSENT_BYTES_MAX


@asynccontextmanager
async def broker_that_answers(*answers: bytes) -> AsyncIterator[int]:
    """A port where every chunk read is answered with the next of `answers`, then the connection is closed."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in answers:
            await reader.read(65_536)
            writer.write(answer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


CONNACK = mqtt5.ConnAckPacket().write()
SUBACK = mqtt5.SubAckPacket(1, [mqtt5.SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE]).write()
MESSAGES = [mqtt5.PublishPacket(TOPIC, b"x", qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=n).write() for n in range(1, 7)]


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        ([], "closed the connection without an answer: wrong user name or password?"),
        ([CONNACK], "the broker closed the connection"),
        ([SUBACK], "answered with SubAckPacket out of turn"),
        ([CONNACK, CONNACK], "answered with ConnAckPacket out of turn"),
        ([CONNACK, SUBACK + b"\x00\x00"], "not MQTT 5"),
        ([CONNACK, SUBACK + mqtt5.PublishPacket(TOPIC, bytes(900)).write()], "more than 500 bytes"),
        ([CONNACK, SUBACK + mqtt5.PublishPacket(TOPIC, bytes(900)).write()[:600]], "more than 500 bytes"),
        ([CONNACK, SUBACK + b"".join(MESSAGES)], "more than 5 unacknowledged messages"),
        ([CONNACK, SUBACK + mqtt5.PublishPacket("v1/§/x", b"").write().replace("§".encode(), b"\xff\xff")], "broke"),
        (
            [CONNACK, mqtt5.DisconnectPacket(reason_code=mqtt5.DisconnectReasonCode.SESSION_TAKEN_OVER).write()],
            "ended the connection: session taken over",
        ),
    ],
)
async def test_a_broker_that_breaks_the_rules_is_left_with_the_reason_said(answers: list[bytes], why: str) -> None:
    async with broker_that_answers(*answers) as port:
        link = MqttLink(
            Address(port), "ingest", [(FILTER, 1)], lambda deliveries: None, receive_maximum=5, maximum_packet_size=500
        )
        async with running(link, connected=False):
            await until(lambda: link.last_error is not None)
            assert link.last_error is not None
            assert why in link.last_error
