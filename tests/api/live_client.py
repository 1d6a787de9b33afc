"""A real server with nothing but the live socket, and clients that talk to it."""

import asyncio
import json
import socket as sockets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
import uvicorn
import websockets
from fastapi import FastAPI
from websockets.asyncio.client import ClientConnection, connect

from actions.live import Hub
from api import socket
from domain.access import Viewer
from tests.api.doors import token_of
from tests.conftest import World

WITHIN_S = 60.0


@dataclass(frozen=True)
class Served:
    """A server with nothing but the live socket."""

    hub: Hub
    endpoint: socket.LiveSocket
    port: int

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def connect(self, **headers: str) -> Any:
        return connect(f"ws://127.0.0.1:{self.port}/ws", additional_headers=headers)

    @asynccontextmanager
    async def signed_in(self, viewer: Viewer) -> AsyncIterator[ClientConnection]:
        async with self.connect() as client:
            await say(client, token=await token_of(viewer))
            assert (await hear(client))["event"] == "signed_in"
            yield client


@pytest.fixture
async def served(world: World) -> AsyncIterator[Served]:
    app, hub = FastAPI(), Hub()
    endpoint = socket.mount(app, hub=hub)
    with sockets.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
        running = asyncio.create_task(server.serve(sockets=[listening]))
        yield Served(hub, endpoint, listening.getsockname()[1])
        server.should_exit = True
        await running


async def say(client: ClientConnection, **message: Any) -> None:
    await client.send(json.dumps(message, default=str))


async def hear(client: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(WITHIN_S):
        said: dict[str, Any] = json.loads(await client.recv())
    return said


async def subscribe(client: ClientConnection, pit_id: UUID) -> dict[str, Any]:
    await say(client, subscribe={"pit": pit_id})
    return await hear(client)


async def closed(client: ClientConnection) -> tuple[int, str]:
    """Waits for the end; returns its code and reason."""
    async with asyncio.timeout(WITHIN_S):
        with pytest.raises(websockets.ConnectionClosed) as caught:
            while True:
                await client.recv()
    assert caught.value.rcvd is not None
    return caught.value.rcvd.code, caught.value.rcvd.reason


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not true():
            await asyncio.sleep(0.01)
