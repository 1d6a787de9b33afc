"""A site as it runs in production, without the web server: the shipped Mosquitto, the keeper of its rights, ingest."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiomqtt
import pytest

from actions.announce import hear
from actions.broker_logins import Made
from ingest.broker_address import BrokerAddress
from ingest.consumer import SUBSCRIPTION
from ingest.mqtt import MqttLink
from ingest.rights_keeper import MosquittoRights, RightsKeeper
from tests.conftest import World
from tests.device_parts import Node, open_keys
from tests.ingest.parts import Ingest, ingest, running, until
from tests.ingest.payloads import single
from tests.shipped_mosquitto import SERVER, SERVER_PASSWORD, WAIT_S, Broker, laid_out, shipped_mosquitto

SOON_S = 60.0
"""Within which a change reaches the broker: run.sh looks once a second."""


TRY_S = 1.0  # a refused handshake is not told to the client of these tests: it only waits in vain


@dataclass
class Site:
    """The running parts."""

    broker: Broker
    parts: Ingest
    keeper: RightsKeeper
    server: BrokerAddress

    def client(self, node: Node, **options: Any) -> aiomqtt.Client:
        """The device's own connection: by certificate if it has one, else by password with TLS."""
        common = {"timeout": TRY_S, "protocol": aiomqtt.ProtocolVersion.V311, **options}
        if node.key is not None:
            context = node.tls(self.broker.trusted)
            return aiomqtt.Client("localhost", self.broker.mtls_port, tls_context=context, **common)
        login: dict[str, Any] = {"username": node.id, "password": node.credential.password}
        return aiomqtt.Client("127.0.0.1", self.broker.port, **login, **common)

    async def connects(self, node: Node) -> bool:
        try:
            async with self.client(node):
                return True
        except aiomqtt.MqttError:
            return False

    async def until_connects(self, node: Node, expected: bool = True) -> None:
        async with asyncio.timeout(SOON_S):
            while await self.connects(node) is not expected:
                await asyncio.sleep(0.1)

    async def broker_knows(self, login: Made, expected: bool = True) -> None:
        """Waits until a tenant's own login comes in, or does not any more."""
        async with asyncio.timeout(SOON_S):
            while await self._comes_in(login) is not expected:
                await asyncio.sleep(0.1)

    async def _comes_in(self, login: Made) -> bool:
        try:
            async with aiomqtt.Client(
                "127.0.0.1", self.broker.port, username=login.username, password=login.password, timeout=TRY_S
            ):
                return True
        except aiomqtt.MqttError:
            return False

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[aiomqtt.Client]:
        """The server's own ear, for all that arrives."""
        async with aiomqtt.Client(
            self.server.host, self.server.port, username=SERVER, password=SERVER_PASSWORD, timeout=WAIT_S
        ) as ear:
            await ear.subscribe([("#", 1)])
            yield ear


@pytest.fixture
async def site(world: World) -> AsyncIterator[Site]:
    open_keys()
    with laid_out() as folder:
        ports = [int(port) for port in (folder / "ports").read_text().split()]
        server = BrokerAddress("127.0.0.1", ports[0], SERVER, SERVER_PASSWORD)
        rights = MosquittoRights(folder / "rights", server)
        await rights.apply()
        with shipped_mosquitto(folder) as broker:
            async with ingest() as parts:
                consumer = parts.consumer
                link = consumer.link = MqttLink(server, "ingest", [(SUBSCRIPTION, 1)], consumer.take)
                keeper = RightsKeeper(rights.apply, settle_s=0.05)
                ready = asyncio.Event()
                directory = parts.directory
                works = (
                    consumer.run(), consumer.publish_got(), link.run(), keeper.run(), hear(ready.set),
                    directory.keep_fresh(),
                )  # fmt: skip
                async with running(*works):
                    await until(lambda: link.connected and ready.is_set(), WAIT_S)
                    yield Site(broker, parts, keeper, server)
                keeper.close()


async def speaks(client: aiomqtt.Client, node: Node, seq: int, topic: str | None = None) -> None:
    """Publishes a reading, by default where the device belongs."""
    await client.publish(topic or f"{node.tree}/telemetry", single(seq, ts=time.time_ns() // 1_000_000), qos=1)
