"""The whole API as the program mounts it, behind the web's guard, served on a real port."""

import asyncio
import socket as sockets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import uvicorn
from fastapi import FastAPI

from actions import keys
from actions.directory import Directory
from actions.live import Hub
from actions.pumps import devices, lead
from actions.warm import warm
from api import rest
from ingest import claim_http, firmware_http, http, poll_http
from ingest.device_addresses import DeviceAddresses
from ingest.presence import Presence
from tests.api.doors import NOW
from tests.api.http_line import Tasks
from tests.conftest import SECRET
from ui.web_guard import WebGuard


@dataclass(frozen=True)
class WholeApi:
    """The application with its document, and where it answers."""

    api: FastAPI
    url: str


@asynccontextmanager
async def whole_api() -> AsyncIterator[WholeApi]:
    """Serves it on the database that is open, with all that is in it."""
    keys.open(SECRET)
    app, hub, tasks, directory = FastAPI(), Hub(), Tasks(), Directory()
    api = rest.mount(app, hub=hub)
    await directory.load()
    await warm(hub, NOW)
    http.mount(api, directory, hub, Presence(), tasks)
    claim_http.mount(api, DeviceAddresses())
    firmware_http.mount(api)
    poll_http.mount(api, directory, Presence(), lambda _: None)
    leading = await devices.take_lead(lambda *_: None, lambda _: None, NOW)
    with sockets.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(WebGuard(app), log_level="error", lifespan="off"))
        running = asyncio.create_task(server.serve(sockets=[listening]))
        yield WholeApi(api, f"http://127.0.0.1:{listening.getsockname()[1]}/api")
        server.should_exit = True
        await running
    lead.resign(leading)
    await tasks.stop()
    directory.close()
