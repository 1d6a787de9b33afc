"""What tests of actions share: a connection that stores readings, a directory, and an ear for announcements."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest

from actions.announce import Announcement, hear, listen
from actions.directory import Directory
from storage.readings import STAGE
from storage.session import worker_connection
from tests.conftest import World


@pytest.fixture
async def connection(database: str) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
    connection = await worker_connection()
    await connection.execute(STAGE)
    await connection.commit()
    yield connection
    await connection.close()


@pytest.fixture
async def directory(world: World) -> AsyncIterator[Directory]:
    directory = Directory()
    await directory.load()
    yield directory
    directory.close()


@pytest.fixture
async def heard(database: str) -> AsyncIterator[list[Announcement]]:
    """Every announcement that this process hears."""
    announcements: list[Announcement] = []
    ready = asyncio.Event()
    end = listen(announcements.append)
    hearing = asyncio.create_task(hear(ready.set))
    await ready.wait()
    yield announcements
    end()
    hearing.cancel()
    await asyncio.gather(hearing, return_exceptions=True)
