"""A bug in the middle of writing costs time and no reading: the broker sends again what nobody has acknowledged."""

from collections.abc import Iterator
from typing import Any

import pytest

from ingest.broker_address import BrokerAddress
from ingest.commit import commit
from ingest.consumer import SUBSCRIPTION
from ingest.mqtt import MqttLink
from ingest.supervisor import Supervisor
from tests.conftest import World
from tests.ingest.parts import ingest, running, stored, until
from tests.ingest.ring_device import RingDevice
from tests.private_mosquitto import PrivateMosquitto


@pytest.fixture
def broker() -> Iterator[PrivateMosquitto]:
    with PrivateMosquitto() as broker:
        yield broker


async def test_after_a_bug_in_the_middle_of_a_batch_the_broker_sends_it_again(
    world: World, broker: PrivateMosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    bugs = [RuntimeError("nobody expected this")]

    async def buggy(*arguments: Any) -> Any:
        if bugs:
            raise bugs.pop()
        return await commit(*arguments)

    monkeypatch.setattr("ingest.consumer.commit", buggy)
    device = RingDevice(world.here, broker.port)
    address, supervisor = BrokerAddress("127.0.0.1", broker.port, "ingest", "any"), Supervisor()
    async with ingest() as parts:
        consumer = parts.consumer
        consumer.link = link = MqttLink(address, "ingest", [(SUBSCRIPTION, 1)], consumer.take)
        supervisor.keep("readings", consumer.run)
        try:
            async with running(link.run(), consumer.publish_got(), device.run()):
                await until(lambda: link.connected)
                device.measure(5)
                await until(lambda: device.waiting == 0 and link.outstanding == 0)
        finally:
            await supervisor.stop()
    assert (supervisor.health["readings"].falls, link.reconnects) == (1, 1)
    assert await stored() == [("pp-here", 1, seq) for seq in range(1, 6)]
