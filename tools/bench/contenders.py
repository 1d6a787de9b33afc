"""The two consumers that are compared, behind one face: started on a broker, with 20 pages that watch.

The CPU of a consumer is that of its process: PitPilot's Python with its pages and its ticker; the reference's uvicorn
with its MQTT thread. What PostgreSQL spends for it is counted beside it.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

from storage.embedded_ports import LOOPBACK, free_port
from tests.private_mosquitto import PrivateMosquitto
from tools.bench.children import Child
from tools.bench.open_pages import OpenPages
from tools.bench.product import Product
from tools.bench.rig import Database, Rig
from tools.bench.world import World

PAGES = 20
REFERENCE_READY_S = 30.0


@dataclass(frozen=True)
class Contender:
    """`run(broker)` keeps the consumer and its pages up; its readings are in `table` of `database_url`."""

    name: str
    database_url: str
    table: str
    run: Callable[[PrivateMosquitto], AbstractAsyncContextManager[Child]]


def ours(rig: Rig, database: Database, world: World) -> Contender:
    """PitPilot in one process, with open overviews of its workshops."""

    @asynccontextmanager
    async def run(broker: PrivateMosquitto) -> AsyncIterator[Child]:
        async with (
            await Product.launch(rig.folder, database=database, broker=broker) as product,
            await OpenPages.of(rig.folder, product.url, world.tokens, PAGES),
        ):
            yield product

    return Contender("PitPilot", database.superuser_url, "reading", run)


def reference(rig: Rig, database_url: str) -> Contender:
    """The consumer as first written, with as many browsers' sockets."""

    @asynccontextmanager
    async def run(broker: PrivateMosquitto) -> AsyncIterator[Child]:
        port = free_port()
        arguments = [
            "-m", "tools.bench.reference", "--database-url", database_url,
            "--broker-port", str(broker.port), "--http-port", str(port),
        ]  # fmt: skip
        async with await Child.start("reference", arguments, rig.folder) as consumer:
            await consumer.line(REFERENCE_READY_S)
            async with await OpenPages.sockets(rig.folder, f"ws://{LOOPBACK}:{port}/ws", PAGES):
                yield consumer

    return Contender("reference", database_url, "reference_reading", run)
