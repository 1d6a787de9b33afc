"""Ingest's parts wired as the program wires them, in this process, with the broker left out where it adds nothing."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

from sqlalchemy import text

from actions.directory import Directory
from actions.live import Hub
from ingest.broker_address import BrokerAddress
from ingest.consumer import SUBSCRIPTION, Consumer
from ingest.mqtt import RECEIVE_MAXIMUM, Delivery, MqttLink
from ingest.presence import Presence
from ingest.words import DeviceWords
from storage.session import EVERY_TENANT, transaction
from tests.conftest import Workshop

WITHIN_S = 60.0


@dataclass
class Desk:
    """Stands in for the broker's link: takes what the consumer acknowledges and publishes."""

    connected: bool = True
    acknowledged: list[Delivery] = field(default_factory=list)
    published: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        self.acknowledged.extend(deliveries)

    def publish(self, topic: str, payload: bytes) -> bool:
        self.published.append((topic, json.loads(payload)))
        return True


@dataclass
class Ingest:
    """The parts of one ingest process."""

    directory: Directory
    hub: Hub
    presence: Presence
    consumer: Consumer


@asynccontextmanager
async def ingest() -> AsyncIterator[Ingest]:
    """The parts, not running yet."""
    directory, hub, presence = Directory(), Hub(), Presence()
    await directory.load()
    try:
        yield Ingest(directory, hub, presence, Consumer(directory, hub, presence))
    finally:
        directory.close()


@asynccontextmanager
async def at_a_desk() -> AsyncIterator[tuple[Ingest, Desk]]:
    """A running consumer without a broker."""
    async with ingest() as parts:
        desk = Desk()
        parts.consumer.link = cast(MqttLink, desk)
        async with running(parts.consumer.run(), parts.consumer.publish_got()):
            yield parts, desk


@asynccontextmanager
async def at_a_broker(
    port: int, *, name: str = "ingest", share: str = "", receive_maximum: int = RECEIVE_MAXIMUM
) -> AsyncIterator[tuple[Ingest, MqttLink]]:
    """A running consumer behind a broker, with the way of presence and state beside it.

    `share` names a group of consumers that share the messages; each needs a `name` of its own.
    """
    address = BrokerAddress("127.0.0.1", port, "ingest", "any")
    async with ingest() as parts:
        consumer = parts.consumer
        pattern = f"$share/{share}/{SUBSCRIPTION}" if share else SUBSCRIPTION
        link = consumer.link = MqttLink(address, name, [(pattern, 1)], consumer.take, receive_maximum=receive_maximum)
        words = DeviceWords(address, f"{name}-words", parts.directory, parts.presence, consumer.reject)
        async with running(consumer.run(), consumer.publish_got(), link.run(), words.run()):
            await until(lambda: link.connected)
            yield parts, link


@asynccontextmanager
async def running(*works: Any) -> AsyncIterator[None]:
    """Runs coroutines beside a test; one that falls fails the test."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        yield
        for task in tasks:
            if task.done():
                task.result()
    finally:
        await end(tasks)


async def end(tasks: Sequence[asyncio.Task[Any]]) -> None:
    """Cancels tasks and waits for them; again and again, as `asyncio.wait_for` of Python 3.11 may swallow it."""
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=0.5)
    await asyncio.gather(*tasks, return_exceptions=True)


async def until(true: Callable[[], bool], within_s: float = WITHIN_S) -> None:
    async with asyncio.timeout(within_s):
        while not true():
            await asyncio.sleep(0.01)


def topic(shop: Workshop, leaf: str = "telemetry") -> str:
    return f"v1/{shop.tenant_id}/{shop.device_id}/{leaf}"


def delivery(topic: str, payload: bytes, *, retain: bool = False) -> Delivery:
    return Delivery(1, 1, topic, payload, 1, retain)


async def fetch(statement: str, **bound: Any) -> list[tuple[Any, ...]]:
    """What the database holds, whoever's it is."""
    async with transaction(EVERY_TENANT) as tx:
        return [tuple(row) for row in (await tx.execute(text(statement), bound)).all()]


async def stored() -> list[tuple[Any, ...]]:
    """Which readings are stored: (device, boot, number), every row of them."""
    return await fetch("SELECT device_id, boot_id, seq FROM reading ORDER BY 1, 2, 3")


async def counted() -> dict[tuple[str, str], int]:
    """How many messages and readings were refused, by device and reason."""
    rows = await fetch("SELECT device_id, reason, sum(count)::bigint FROM rejection_count GROUP BY 1, 2")
    return {(device_id, reason): count for device_id, reason, count in rows}
