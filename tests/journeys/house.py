"""One running product for all journeys that need nothing of their own of it: each finds a fresh workshop in it."""

import asyncio
import itertools
import secrets
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import httpx
from sqlalchemy import text

from actions import keys
from actions.announce import Announcement, Topic, announce
from actions.device_credentials import hash_key
from storage import migrate, photo_files, session
from storage.embedded_ports import free_port
from storage.session import EVERY_TENANT, transaction
from storage.tables import Device, Tenant
from tests.conftest import SECRET
from tests.ingest.payloads import batch
from tests.journeys.program import ROOT, STOPS_WITHIN_S, Installation, Product, environment, make_shop, until_ready
from tests.private_mosquitto import PrivateMosquitto

KNOWN_WITHIN_S = 30
UNKNOWN_YET = 503
"""What a device with a good key hears until the program has read of it: to send it again."""


@dataclass
class House:
    """The program, its database, and how many have moved in."""

    program: Installation
    database: str
    folder: Path
    count: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Leads the doors of this process to the product's database, which has forgotten who guessed."""
        session.open(migrate.roles_urls(self.database, SECRET), pool_size=4)
        keys.open(SECRET)
        photo_files.open(self.folder / "photos")
        try:
            async with transaction(EVERY_TENANT) as tx:
                await tx.execute(text("DELETE FROM throttle"))
            yield
        finally:
            await session.close()

    async def product(self) -> Product:
        """With a workshop that is new, and whose device the program knows."""
        shop = await make_shop(f"here{next(self.count)}")
        await self.introduce(shop.tenant_id)
        return Product(self.program.url, self.program.broker_port, self.program.log, shop)

    async def introduce(self, tenant_id: UUID) -> None:
        """Returns once the program knows this tenant's limits and devices: once it knows a device announced later."""
        key = secrets.token_urlsafe()
        async with transaction(EVERY_TENANT) as tx:
            last = Tenant(name="Last to come")
            tx.add(last)
            await tx.flush()
            tx.add(Device(id=f"last-{last.id.hex[:12]}", tenant_id=last.id, name="Last", key_hash=hash_key(key)))
            for topic, whose in ((Topic.LIMITS, tenant_id), (Topic.DEVICE, tenant_id), (Topic.DEVICE, last.id)):
                await announce(tx, Announcement(topic, whose))
        headers = {"Authorization": f"Bearer {key}"}
        async with (
            httpx.AsyncClient(base_url=self.program.url, headers=headers) as http,
            asyncio.timeout(KNOWN_WITHIN_S),
        ):
            while (await http.post("/api/v1/sensors/ingest", content=batch())).status_code == UNKNOWN_YET:
                await asyncio.sleep(0.05)


@contextmanager
def running_house(database: str, folder: Path) -> Iterator[House]:
    """Starts the program and stops it in the end. Its cameras may be on loopback, where those of tests are."""
    port, log = free_port(), folder / "log"
    with PrivateMosquitto() as broker:
        settings = {"port": str(port), "video_loopback": "true"}
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "main.py"], cwd=ROOT, stderr=out, stdout=out,
                env=environment(database, folder, broker.port, settings),
            )  # fmt: skip
        program = Installation(f"http://127.0.0.1:{port}", broker.port, log)
        try:
            asyncio.run(until_ready(program.url, log, lambda: process.poll() is None))
            yield House(program, database, folder)
        finally:
            process.terminate()
            process.wait(STOPS_WITHIN_S)
