"""A small device that hears commands and does what it is told, or not: its boots, its settings, its moods."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiomqtt

from tests.conftest import Workshop
from tests.ingest.parts import end

Obey = Callable[["CommandDevice", dict[str, Any]], dict[str, Any] | None]
"""What the device does with a command; returns its answer, None: it says nothing."""


@dataclass
class CommandDevice:
    """Plays the workshop's device on a broker."""

    shop: Workshop
    port: int
    boot_id: int = 7
    firmware: str = "1.4.0"
    settings: dict[str, Any] = field(default_factory=lambda: {"interval_s": 5})
    version: int = 0
    heard: list[dict[str, Any]] = field(default_factory=list)
    retained: list[bool] = field(default_factory=list)
    beside: dict[str, Any] = field(default_factory=dict)
    """What else stands in its state."""
    _seq: int = 0
    _client: aiomqtt.Client | None = None

    @asynccontextmanager
    async def connected(self, obey: Obey) -> AsyncIterator[None]:
        """Hears and says until the end of the block; its state every 50 ms."""
        async with aiomqtt.Client("127.0.0.1", self.port, identifier=self.shop.device_id) as self._client:
            await self._client.subscribe(self._topic("cmd"), qos=1)
            await self._client.publish(self._topic("avail"), b"online", qos=1, retain=True)
            tasks = [asyncio.create_task(self._hear(obey)), asyncio.create_task(self._report())]
            try:
                yield
            finally:
                await end(tasks)

    async def answer(self, **said: Any) -> None:
        assert self._client is not None
        await self._client.publish(self._topic("ack"), json.dumps(said), qos=1)

    async def _hear(self, obey: Obey) -> None:
        assert self._client is not None
        async for message in self._client.messages:
            command = json.loads(message.payload)
            self.heard.append(command)
            self.retained.append(bool(message.retain))
            said = obey(self, command)
            if said is not None:
                await self.answer(id=command["id"], **said)

    async def _report(self) -> None:
        assert self._client is not None
        while True:
            self._seq += 1
            state = {
                "boot_id": self.boot_id, "seq": self._seq, "fw": self.firmware, "settings": self.settings,
                "settings_version": self.version, **self.beside,
            }  # fmt: skip
            await self._client.publish(self._topic("state"), json.dumps(state))
            await asyncio.sleep(0.05)

    def _topic(self, leaf: str) -> str:
        return f"v1/{self.shop.tenant_id}/{self.shop.device_id}/{leaf}"


def does_it(device: CommandDevice, command: dict[str, Any]) -> dict[str, Any] | None:
    """The good one."""
    match command["kind"]:
        case "restart":
            device.boot_id += 1
        case "set":
            device.settings = {**device.settings, **command["settings"]}
            device.version = command["version"]
        case "update":
            device.firmware = command["version"]
            device.boot_id += 1
    return {"ok": True}


def refuses(reason: str) -> Obey:
    return lambda _device, _command: {"ok": False, "reason": reason}


def says_nothing(_device: CommandDevice, _command: dict[str, Any]) -> dict[str, Any] | None:
    return None
