"""The way of readings over HTTP, from a device with a key of its own to the database."""

import asyncio
import hashlib
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from httpx import AsyncClient, Response
from sqlalchemy import text

from actions.directory import Directory
from ingest import http
from ingest.http_intake import HttpIntake
from ingest.presence import Presence
from storage.session import EVERY_TENANT, transaction
from tests.api.doors import Doors, client
from tests.conftest import World

KEY = "pk_" + "k" * 43
PATH = "/api/v1/sensors/ingest"
NOW_MS = time.time_ns() // 1_000_000


class Tasks:
    """Keeps work running until the test ends."""

    def __init__(self) -> None:
        self.running: list[asyncio.Task[None]] = []

    def keep(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        async def run() -> None:
            await work()

        self.running.append(asyncio.create_task(run(), name=name))

    async def stop(self) -> None:
        for task in self.running:
            task.cancel()
        await asyncio.gather(*self.running, return_exceptions=True)


@dataclass(frozen=True)
class Line:
    """The way from a device to the database."""

    device: AsyncClient
    intake: HttpIntake
    presence: Presence
    tasks: Tasks

    async def send(self, message: Any, **headers: str) -> Response:
        body = message if isinstance(message, bytes) else json.dumps(message).encode()
        return await self.device.post(PATH, content=body, headers=headers)


@pytest.fixture
async def line(doors: Doors, world: World) -> AsyncIterator[Line]:
    async with transaction(EVERY_TENANT) as tx:
        await tx.execute(
            text("UPDATE device SET key_hash = :hash WHERE id = :id"),
            {"hash": hashlib.sha256(KEY.encode()).digest(), "id": world.here.device_id},
        )
    directory, presence, tasks = Directory(), Presence(), Tasks()
    await directory.load()
    intake = http.mount(doors.api, directory, doors.hub, presence, tasks)
    async with client(doors.app, KEY) as device:
        yield Line(device, intake, presence, tasks)
    await tasks.stop()
    directory.close()


def readings(*seqs: int, **values: float) -> list[dict[str, Any]]:
    return [{"seq": seq, "ts": NOW_MS + seq, **(values or {"t_c": 24.0})} for seq in seqs]


async def stored() -> list[tuple[str, int, int, float]]:
    async with transaction(EVERY_TENANT) as tx:
        rows = await tx.execute(text("SELECT device_id, boot_id, seq, t_c FROM reading ORDER BY 1, 2, 3"))
        return [tuple(row) for row in rows.all()]


async def counted() -> dict[tuple[str, str], int]:
    async with transaction(EVERY_TENANT) as tx:
        rows = await tx.execute(text("SELECT device_id, reason, count FROM rejection_count"))
        return {(device_id, reason): count for device_id, reason, count in rows.all()}
