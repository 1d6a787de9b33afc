"""A pit node that runs the real firmware, and a server that commits what it hears, for one test."""

import asyncio
import itertools
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiomqtt

from ingest import wire
from tests.private_mosquitto import PrivateMosquitto
from tools.virtual_board import write_keys
from tools.virtual_pit import PitBoard

TENANT, DEVICE = "acme", "pp-1"
PATIENCE_S = 60.0


class PitServer:
    """The server's side of one pit node's topics: it says `/got` for what it hears while `is_committing`."""

    def __init__(self, broker: PrivateMosquitto) -> None:
        self.broker = broker
        self.is_committing = True
        self.states: list[dict[str, Any]] = []
        self.acks: list[dict[str, Any]] = []
        self.avail: list[str] = []
        self.telemetry: list[wire.Telemetry] = []
        self.refused: list[wire.Refused] = []
        self._ids = itertools.count(1)
        self._client: aiomqtt.Client | None = None
        self._listening: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._listening = asyncio.create_task(self._listen())
        await self.until(lambda: self._client is not None)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        while self._listening is not None and not self._listening.done():
            self._listening.cancel()  # more than once: in Python 3.11 `asyncio.wait_for` may swallow it
            await asyncio.wait([self._listening], timeout=1)

    @property
    def log(self) -> str:
        """What the device printed."""
        return ""

    @property
    def readings(self) -> list[tuple[int, int]]:
        """All that was heard, as (boot, number), in the order of arrival."""
        return [(said.boot_id, reading.seq) for said in self.telemetry for reading in said.readings]

    async def until(self, holds: Callable[[], object], within_s: float = PATIENCE_S) -> None:
        """Waits until something holds. Raises AssertionError with what the device has said."""
        try:
            async with asyncio.timeout(within_s):
                while not holds():
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(f"not in {within_s} s; states {self.states[-1:]}, log:\n{self.log}") from None

    async def next_reading(self) -> wire.WireReading:
        """A reading that arrives after now."""
        heard = len(self.telemetry)
        await self.until(lambda: len(self.telemetry) > heard)
        return self.telemetry[heard].readings[-1]

    async def next_state(self, holds: Callable[[dict[str, Any]], object] = bool) -> dict[str, Any]:
        """A state that comes after now and of which something holds."""
        heard = len(self.states)
        await self.until(lambda: any(holds(state) for state in self.states[heard:]))
        return next(state for state in self.states[heard:] if holds(state))

    async def command(self, message: Mapping[str, object]) -> dict[str, Any]:
        """Sends a command and returns its first acknowledgement."""
        said = {"id": f"cmd-{next(self._ids)}", "expires": int(time.time()) + 60, **message}
        await self.raw("cmd", json.dumps(said).encode())
        await self.until(lambda: any(ack["id"] == said["id"] for ack in self.acks))
        return next(ack for ack in self.acks if ack["id"] == said["id"])

    async def raw(self, leaf: str, payload: bytes) -> None:
        """Publishes anything to the device, once the broker is there."""
        await self.until(lambda: self._client is not None)
        assert self._client is not None
        await self._client.publish(f"v1/{TENANT}/{DEVICE}/{leaf}", payload, qos=1)

    async def _listen(self) -> None:
        while True:
            try:
                async with aiomqtt.Client(
                    "127.0.0.1", self.broker.port, identifier="server", clean_session=False
                ) as client:  # as the real one: what comes before it has subscribed anew waits for it
                    await client.subscribe("v1/#", qos=1)
                    self._client = client
                    async for message in client.messages:
                        assert isinstance(message.payload, bytes)
                        await self._take(client, str(message.topic).rsplit("/", 1)[1], message.payload)
            except aiomqtt.MqttError:
                self._client = None
                await asyncio.sleep(0.05)

    async def _take(self, client: aiomqtt.Client, leaf: str, payload: bytes) -> None:
        if leaf == "avail":
            self.avail.append(payload.decode())
        elif leaf == "state":
            assert isinstance(wire.state(payload), wire.State), payload
            self.states.append(json.loads(payload))
        elif leaf == "ack":
            self.acks.append(json.loads(payload))
        elif leaf == "telemetry":
            said = wire.telemetry(payload)
            if isinstance(said, wire.Refused):
                self.refused.append(said)
                return
            self.telemetry.append(said)
            if self.is_committing:
                stored = [(reading.seq, reading.seq) for reading in said.readings]
                got = wire.got(said.boot_id, stored, [])
                await client.publish(f"v1/{TENANT}/{DEVICE}/got", got, qos=1)


class PitRig(PitServer):
    """The server's side, and a board with the firmware."""

    def __init__(
        self,
        broker: PrivateMosquitto,
        flash: Path,
        *,
        program: Path,
        settings: Mapping[str, object] | None = None,
        server_url: str | None = None,
    ) -> None:
        super().__init__(broker)
        self.board = PitBoard(flash, program=program)
        write_pit(flash, broker.port, server_url, settings)

    @property
    def log(self) -> str:
        return self.board.log

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        await self.board.power_on()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.board.power_off()
        await super().__aexit__(kind, error, trace)


def write_pit(
    flash: Path, port: int, server_url: str | None = None, settings: Mapping[str, object] | None = None
) -> None:
    """Makes a controller's flash that of a claimed pit node."""
    keys: dict[str, object] = {
        "identity": {"kind": "pit", "tenant": TENANT, "device": DEVICE, "password": "not checked here"},
        "server": {"host": "127.0.0.1", "port": port, "tls": False, "url": server_url},
        "settings": {"interval_s": 2, **(settings or {})},
        "settings_v": 1,
    }
    write_keys(flash, keys)
