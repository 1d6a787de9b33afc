"""Many controllers for the load they make: they say their states and obey, without the firmware and its safety."""

import asyncio
import json
import time
from dataclasses import dataclass
from typing import Any, Self

import aiomqtt

from storage.embedded_ports import LOOPBACK
from tests.private_mosquitto import PrivateMosquitto
from tests.pump_parts import Coop


class Fleet:
    """Light controllers over one connection: each says its state regularly, and obeys."""

    def __init__(self, broker: PrivateMosquitto, fleet: list[tuple[Coop, str]], every_s: float) -> None:
        self._every_s = every_s
        self._broker = broker
        self._motors = {f"v1/{coop.tenant_id}/{device}": Light() for coop, device in fleet}
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._client = aiomqtt.Client(LOOPBACK, self._broker.port, identifier="fleet")
        await self._client.__aenter__()
        await self._client.subscribe("v1/+/+/cmd", qos=1)
        self._tasks = [asyncio.create_task(self._obey()), asyncio.create_task(self._report())]
        return self

    async def __aexit__(self, *error: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._client.__aexit__(None, None, None)

    async def _report(self) -> None:
        """One after the other, as real ones are spread."""
        pause_s = self._every_s / len(self._motors)
        due_s = time.monotonic()
        while True:
            for name, motor in self._motors.items():
                due_s += pause_s
                await asyncio.sleep(max(0.0, due_s - time.monotonic()))
                await self._client.publish(f"{name}/state", motor.state())

    async def _obey(self) -> None:
        async for message in self._client.messages:
            name = str(message.topic).removesuffix("/cmd")
            motor = self._motors.get(name)
            if motor and isinstance(message.payload, bytes) and motor.takes(json.loads(message.payload)):
                await self._client.publish(f"{name}/state", motor.state())


@dataclass
class Light:
    """What a controller says, without the firmware's safety: nothing hangs on it here."""

    seq: int = 0
    fence: int = 0
    run_id: str | None = None
    on_since_s: float | None = None

    def takes(self, command: dict[str, Any]) -> bool:
        """Whether it changes anything."""
        before = (self.fence, self.run_id)
        self.fence = max(self.fence, int(command.get("fence", 0)))
        if command["kind"] == "run" and self.run_id != command["run_id"]:
            self.run_id, self.on_since_s = str(command["run_id"]), time.monotonic()
        elif command["kind"] == "stop":
            self.run_id = self.on_since_s = None
        return (self.fence, self.run_id) != before

    def state(self) -> bytes:
        self.seq += 1
        on_ms = 0 if self.on_since_s is None else int((time.monotonic() - self.on_since_s) * 1_000)
        said = {
            "boot_id": 1, "seq": self.seq, "motor_on": self.on_since_s is not None, "run_id": self.run_id,
            "on_ms": on_ms, "grid": True, "ready": True, "fence": self.fence, "lease_left_ms": 9_000, "up_s": 60,
        }  # fmt: skip
        return json.dumps(said).encode()
