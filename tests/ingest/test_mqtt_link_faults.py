"""What goes wrong with brokers, and what the link makes of it: dead, frozen, deaf, flooding, refusing, lying ones."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import aiomqtt
import mqtt5
import pytest

from ingest.broker import EmbeddedBroker
from ingest.broker_address import BrokerAddress
from ingest.mqtt import MqttLink
from tests.ingest.mqtt_links import FILTER, QUIET_S, TOPIC, Inbox, address_of, link_to, publish, running, until
from tests.private_mosquitto import PrivateMosquitto

RUMQTTD_WINDOW = 100  # its messages under way at a time, whatever the receive maximum
CONNACK = mqtt5.ConnAckPacket().write()
SUBACK = mqtt5.SubAckPacket(1, [mqtt5.SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE]).write()
REFUSAL = mqtt5.SubAckPacket(1, [mqtt5.SubAckReasonCode.NOT_AUTHORIZED]).write()


@pytest.fixture
def broker() -> Iterator[PrivateMosquitto]:
    with PrivateMosquitto() as broker:
        yield broker


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


async def test_silence_is_no_fault_while_acknowledgements_are_owed() -> None:
    message = mqtt5.PublishPacket(TOPIC, b"one", qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=1).write()
    inbox = Inbox()
    async with broker_that_answers(CONNACK, SUBACK + message, *[b""] * 100) as port:
        link = MqttLink(address_of(port), "ingest", [(FILTER, 1)], inbox.deliveries.extend, keep_alive_s=1)
        async with running(link):
            await inbox.holds(b"one")
            await asyncio.sleep(2.0)  # longer than the keep-alive
            assert link.connected
            link.acknowledge(inbox.deliveries)
            await until(lambda: not link.connected)
            assert link.last_error == "the broker has said nothing for more than 1 s"


async def test_a_broker_that_overdoes_it_is_held_back_and_everything_arrives_in_the_end(
    broker: PrivateMosquitto,
) -> None:
    inbox = Inbox()
    sent = [b"%07d" % number * 3_000 for number in range(300)]  # 21 kB each: a read holds only about a dozen
    most_in_one_read = 2 * 256 * 1024 // len(sent[0])
    async with running(link_to(broker, inbox, receive_maximum=10)) as link:
        await publish(broker, *sent)
        await until(lambda: len(inbox.deliveries) == 10)
        acknowledged = 0
        while len(inbox.deliveries) < len(sent):
            link.acknowledge(inbox.deliveries[acknowledged : acknowledged + 5])  # Mosquitto 2.0.11 answers with 50 more
            acknowledged = link.acknowledged
            await asyncio.sleep(0.01)
            assert link.outstanding <= 10 + most_in_one_read
        assert inbox.payloads == sent


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


async def test_a_wrong_password_is_named_and_the_right_one_connects(tmp_path: Path) -> None:
    password_file = tmp_path / "passwords"
    subprocess.run(["mosquitto_passwd", "-b", "-c", str(password_file), "ingest", "right"], check=True)
    with PrivateMosquitto(password_file=password_file) as broker:
        wrong = MqttLink(address_of(broker.port, "wrong"), "ingest", [(FILTER, 1)], print)
        async with running(wrong, connected=False):
            await until(lambda: wrong.last_error is not None)
            assert wrong.last_error == "the broker refused user ingest: not authorized"
            assert not wrong.connected
        right = MqttLink(address_of(broker.port, "right"), "ingest", [(FILTER, 1)], print)
        async with running(right):
            assert right.last_error is None


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
        ([CONNACK, REFUSAL], f"refused the subscription {FILTER}: not authorized"),
        pytest.param(
            [CONNACK, SUBACK + mqtt5.PublishPacket("v1/xx/y", b"").write().replace(b"xx", b"\xff\xff")],
            "broke",  # where the codec panics instead of raising ValueError, and complains on its own
            marks=pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
        ),
        (
            [CONNACK, mqtt5.DisconnectPacket(reason_code=mqtt5.DisconnectReasonCode.SESSION_TAKEN_OVER).write()],
            "ended the connection: session taken over",
        ),
    ],
)
async def test_a_broker_that_breaks_the_rules_is_left_with_the_reason_said(answers: list[bytes], why: str) -> None:
    async with broker_that_answers(*answers) as port:
        link = MqttLink(
            address_of(port),
            "ingest",
            [(FILTER, 1)],
            lambda deliveries: None,
            receive_maximum=5,
            maximum_packet_size=500,
        )
        async with running(link, connected=False):
            await until(lambda: link.last_error is not None)
            assert link.last_error is not None
            assert why in link.last_error


async def test_the_embedded_broker_keeps_what_is_not_acknowledged_and_is_waited_for() -> None:
    async with embedded_broker({"d1": "a password"}) as (broker, address):
        device = broker.device_address("d1")
        sent = [b"%d" % number for number in range(150)]
        first, second = Inbox(), Inbox()
        async with running(MqttLink(address, "ingest", [(FILTER, 1)], first.deliveries.extend)) as link:
            async with aiomqtt.Client(
                device.host, device.port, username=device.username, password=device.password, identifier="d1"
            ) as client:
                for payload in sent:
                    await client.publish(TOPIC, payload, qos=1)
            await until(lambda: link.outstanding == RUMQTTD_WINDOW)
        link = MqttLink(address, "ingest", [(FILTER, 1)], second.deliveries.extend)
        async with running(link, connected=False):
            await until(lambda: link.outstanding == RUMQTTD_WINDOW)
            await asyncio.sleep(QUIET_S)
            assert not link.connected  # nothing is answered while the window is full
            link.acknowledge(second.deliveries)
            await until(lambda: link.connected)
            await second.holds(*sent)


async def test_the_embedded_broker_closes_on_a_wrong_password_and_that_is_guessed() -> None:
    async with embedded_broker({}) as (_, address):
        link = MqttLink(replace(address, password="wrong"), "ingest", [(FILTER, 1)], print)
        async with running(link, connected=False):
            await until(lambda: link.last_error is not None)
            assert link.last_error == (
                "the broker closed the connection without an answer: wrong user name or password?"
            )


@asynccontextmanager
async def embedded_broker(users: dict[str, str]) -> AsyncIterator[tuple[EmbeddedBroker, BrokerAddress]]:
    broker = EmbeddedBroker()
    try:
        yield broker, await broker.start(users)
    finally:
        await broker.stop()


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
