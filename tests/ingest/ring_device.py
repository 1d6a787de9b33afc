"""A device as the protocol wants it: it keeps its numbered readings until `/got` names them, and sends them again."""

import asyncio
import json
import time
from typing import Any

import aiomqtt

from tests.conftest import Workshop
from tests.ingest.parts import topic
from tests.ingest.payloads import batch

READINGS_PER_MESSAGE = 20
RECONNECT_S = 0.1
REPLAY_S = 2.0  # an answer takes half a second at most when all is well


class RingDevice:
    """One device of a workshop. `measure` fills its ring buffer, `run` empties it as far as the server confirms."""

    def __init__(self, shop: Workshop, port: int, *, has_clock: bool = True) -> None:
        self.boot_id = 1
        self.measured = 0
        self.confirmed: set[int] = set()
        self.refused: set[int] = set()
        self.gots: list[dict[str, Any]] = []
        self._shop, self._port, self._has_clock = shop, port, has_clock
        self._booted_s = time.monotonic()
        self._ring: dict[int, dict[str, Any]] = {}
        self._sent_at_s: dict[int, float] = {}

    def measure(self, count: int = 1, **fields: Any) -> None:
        """Takes readings of now; `fields` add to what it measures or replace."""
        for _ in range(count):
            self.measured += 1
            moment = {"ts": time.time_ns() // 1_000_000} if self._has_clock else {"up_ms": self._up_ms()}
            self._ring[self.measured] = {"seq": self.measured, **moment, "t_c": 24.5, **fields}

    @property
    def waiting(self) -> int:
        """How many readings the server has not confirmed."""
        return len(self._ring)

    async def run(self) -> None:
        """Connects, sends and listens for ever, whatever breaks."""
        while True:
            try:
                async with aiomqtt.Client(
                    "127.0.0.1", self._port, identifier=self._shop.device_id, timeout=2
                ) as client:
                    await client.subscribe(topic(self._shop, "got"), qos=1)
                    self._sent_at_s.clear()
                    async with asyncio.TaskGroup() as tasks:
                        tasks.create_task(self._send(client))
                        tasks.create_task(self._listen(client))
            except* (aiomqtt.MqttError, OSError):
                await asyncio.sleep(RECONNECT_S)

    async def _send(self, client: aiomqtt.Client) -> None:
        while True:
            now_s = time.monotonic()
            due = [seq for seq in self._ring if now_s - self._sent_at_s.get(seq, -REPLAY_S) >= REPLAY_S]
            for first in range(0, len(due), READINGS_PER_MESSAGE):
                readings = [self._ring[seq] for seq in due[first : first + READINGS_PER_MESSAGE] if seq in self._ring]
                if readings:
                    payload = batch(*readings, boot_id=self.boot_id, up_ms=self._up_ms())
                    await client.publish(topic(self._shop), payload, qos=1)
                    self._sent_at_s.update(dict.fromkeys((said["seq"] for said in readings), now_s))
            await asyncio.sleep(0.02)

    async def _listen(self, client: aiomqtt.Client) -> None:
        async for message in client.messages:
            assert isinstance(message.payload, bytes)
            got = json.loads(message.payload)
            self.gots.append(got)
            if got["boot_id"] == self.boot_id:
                self._drop(self.confirmed, got["readings"])
                self._drop(self.refused, got.get("refused", []))

    def _up_ms(self) -> int:
        return round((time.monotonic() - self._booted_s) * 1_000)

    def _drop(self, into: set[int], ranges: list[list[int]]) -> None:
        for first, last in ranges:
            for seq in range(first, last + 1):
                into.add(seq)
                self._ring.pop(seq, None)
