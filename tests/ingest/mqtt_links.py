"""What the tests of the MQTT link share: a link that runs for a while, and what it handed over."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import aiomqtt

from ingest.broker_address import BrokerAddress
from ingest.mqtt import Delivery, MqttLink
from tests.private_mosquitto import PrivateMosquitto

FILTER = "v1/+/+/telemetry"
TOPIC = "v1/shop/d1/telemetry"
WITHIN_S = 60.0
QUIET_S = 0.3  # long enough for the broker to send what it still has


class Inbox:
    """What a link handed over, and waiting for it."""

    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []

    @property
    def payloads(self) -> list[bytes]:
        return [delivery.payload for delivery in self.deliveries]

    async def holds(self, *payloads: bytes) -> None:
        await until(lambda: set(payloads) <= set(self.payloads))


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


def address_of(port: int, password: str = "") -> BrokerAddress:
    return BrokerAddress("127.0.0.1", port, "ingest", password)


def link_to(
    broker: PrivateMosquitto, inbox: Inbox, *, receive_maximum: int = 5_000, keep_alive_s: int = 20
) -> MqttLink:
    return MqttLink(
        address_of(broker.port),
        "ingest",
        [(FILTER, 1)],
        inbox.deliveries.extend,
        receive_maximum=receive_maximum,
        keep_alive_s=keep_alive_s,
    )
