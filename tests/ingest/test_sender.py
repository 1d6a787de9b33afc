"""The way to devices: the broker has it, or it is known that it may not have."""

from collections.abc import AsyncIterator, Iterator

import aiomqtt
import pytest

from ingest.broker_address import BrokerAddress
from ingest.sender import Sender
from tests.ingest.parts import running, until
from tests.private_mosquitto import PrivateMosquitto


@pytest.fixture
def broker() -> Iterator[PrivateMosquitto]:
    with PrivateMosquitto() as broker:
        yield broker


@pytest.fixture
async def sender(broker: PrivateMosquitto, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Sender]:
    monkeypatch.setattr("ingest.sender.ANSWER_WITHIN_S", 0.3)
    monkeypatch.setattr("ingest.sender.RETRY_FIRST_S", 0.05)
    made = Sender(BrokerAddress("127.0.0.1", broker.port, "ingest", "any"), "ingest-commands")
    async with running(made.run()):
        await until(lambda: made.connected)
        yield made


async def test_what_was_sent_arrives_and_is_kept_for_nobody(sender: Sender, broker: PrivateMosquitto) -> None:
    async with aiomqtt.Client("127.0.0.1", broker.port) as device:
        await device.subscribe("v1/#", qos=1)
        assert await sender.publish("v1/t/d/cmd", b"{}", expires_s=60)
        message = await anext(aiter(device.messages))
    assert (str(message.topic), message.payload, message.qos, message.retain) == ("v1/t/d/cmd", b"{}", 1, False)
    async with aiomqtt.Client("127.0.0.1", broker.port) as late:
        await late.subscribe("v1/#", qos=1)
        assert await sender.publish("v1/t/d/other", b"")
        assert str((await anext(aiter(late.messages))).topic) == "v1/t/d/other"
    assert (sender.sent, sender.failed) == (2, 0)


async def test_a_broker_that_does_not_answer_is_waited_for_a_while_and_counted(
    sender: Sender, broker: PrivateMosquitto
) -> None:
    broker.freeze()
    assert not await sender.publish("v1/t/d/cmd", b"{}")
    broker.thaw()
    assert (sender.sent, sender.failed) == (0, 1)


async def test_without_a_broker_nothing_waits_and_it_is_found_again(sender: Sender, broker: PrivateMosquitto) -> None:
    broker.kill()
    await until(lambda: not sender.connected)
    assert not await sender.publish("v1/t/d/cmd", b"{}")
    broker.start()
    await until(lambda: sender.connected)
    assert await sender.publish("v1/t/d/cmd", b"{}")
    assert (sender.sent, sender.failed) == (1, 1)


async def test_no_more_wait_than_there_is_room_for(
    sender: Sender, broker: PrivateMosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.sender.WAITING_MAX", 0)
    assert not await sender.publish("v1/t/d/cmd", b"{}")
    assert sender.failed == 1
