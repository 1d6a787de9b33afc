"""A pump node that runs the real firmware, and the server's side of its topics, for one test.

async with PumpRig(broker, tmp_path) as pump:
    await pump.start_motor()
    at_us = pump.board.set_pin(GRID, 0)
    assert await pump.off_within_us(at_us) < 100_000
"""

import asyncio
import contextlib
import itertools
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import UUID

import aiomqtt

from ingest import wire
from tests.private_mosquitto import PrivateMosquitto
from tools.virtual_board import FIRMWARE, Board, Edge, write_keys

RELAY, OPTO, GRID, READY = 25, 5, 32, 33
TENANT, DEVICE = "acme", "pump-1"
QUICK = {"min_off_ms": 0, "grid_delay_min_ms": 0, "grid_delay_max_ms": 0, "interval_s": 1}
"""Settings that let tests be quick; no safety limit is touched."""
PATIENCE_S = 60.0
RUN = str(UUID(int=1))

State = dict[str, Any]


class PumpRig:
    """A board with the pump firmware, and a client that plays the server. Everything heard is kept in order."""

    def __init__(
        self,
        broker: PrivateMosquitto,
        flash: Path,
        *,
        settings: Mapping[str, object] | None = None,
        interpreter: list[str] | None = None,
        program: Path = FIRMWARE,
    ) -> None:
        self.broker = broker
        self.states: list[State] = []
        self.acks: list[State] = []
        self.events: list[State] = []
        self.avail: list[str] = []
        self.fence = 0
        self._changed = asyncio.Event()
        self._is_over = False
        self._ids = itertools.count(1)
        self._listening: asyncio.Task[None] | None = None
        self._client: aiomqtt.Client | None = None
        self.board = Board(flash, interpreter=interpreter or (), program=program, on_edge=self._edge)
        write_keys(
            flash,
            {
                "identity": {"kind": "pump", "tenant": TENANT, "device": DEVICE, "password": "not checked here"},
                "server": {"host": "127.0.0.1", "port": broker.port, "tls": False},
                "settings": {**QUICK, **(settings or {})},
                "settings_v": 1,
            },
        )

    async def __aenter__(self) -> Self:
        self._listening = asyncio.create_task(self._listen())
        await self.until(lambda: self._client is not None)
        await self.board.power_on()
        await self.until(lambda: bool(self.states))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.board.power_off()
        self._is_over = True
        if self._listening is not None:
            self._listening.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._listening

    @property
    def state(self) -> State:
        return self.states[-1]

    @property
    def is_on(self) -> bool:
        """Both outputs are high: the motor has its current."""
        return self.board.is_on(RELAY) and self.board.is_on(OPTO)

    async def until(self, holds: Callable[[], bool], within_s: float = PATIENCE_S) -> None:
        """Waits until something holds. Raises AssertionError with what the device has said."""
        try:
            async with asyncio.timeout(within_s):
                while not holds():
                    self._changed.clear()
                    await asyncio.wait_for(self._changed.wait(), within_s)
        except TimeoutError:
            last = self.states[-1:]
            raise AssertionError(f"not within {within_s} s; last said {last}, log:\n{self.board.log}") from None

    async def said_state(self, holds: Callable[[State], bool]) -> State:
        """The first state of which something holds, that has come or comes: what is only said once may be here."""
        await self.until(lambda: any(map(holds, self.states)))
        return next(filter(holds, self.states))

    async def next_state(self, holds: Callable[[State], bool] = lambda state: True) -> State:
        """A state that comes after now and of which something holds."""
        seen = len(self.states)
        await self.until(lambda: any(holds(state) for state in self.states[seen:]))
        return next(state for state in self.states[seen:] if holds(state))

    async def start_motor(self, run_id: str = RUN, **changes: Any) -> State:
        """Answers each state with a grant until the outputs are on; returns the state that says so."""
        async with asyncio.timeout(PATIENCE_S):
            while not self.is_on:
                await self.answer(await self.grant(run_id=run_id, **changes))
                if not self.is_on:
                    await self.next_state()
        await self.until(lambda: self.state["motor_on"])
        return self.state

    async def grant(self, state: State | None = None, **changes: object) -> str:
        """Sends a grant that answers a state, by default the newest; returns its id."""
        state = state or self.state
        message: dict[str, object] = {
            "id": f"cmd-{next(self._ids)}",
            "kind": "run",
            "run_id": RUN,
            "fence": max(self.fence, state["fence"]),
            "echo": {"boot_id": state["boot_id"], "seq": state["seq"]},
            "ttl_ms": 15_000,
            "budget_ms": 600_000,
        }
        message.update(changes)
        return await self.command(message)

    async def stop(self, **changes: object) -> str:
        """Sends a stop with a higher fence; returns its id."""
        self.fence = max(self.fence, self.state["fence"]) + 1
        return await self.command({"id": f"cmd-{next(self._ids)}", "kind": "stop", "fence": self.fence, **changes})

    async def command(self, message: dict[str, object], *, retain: bool = False) -> str:
        """Sends anything to the device's `cmd`; returns its id."""
        message.setdefault("id", f"cmd-{next(self._ids)}")
        await self.raw(json.dumps(message).encode(), retain=retain)
        return str(message["id"])

    async def raw(self, payload: bytes, leaf: str = "cmd", *, retain: bool = False) -> None:
        assert self._client is not None
        await self._client.publish(f"v1/{TENANT}/{DEVICE}/{leaf}", payload, qos=1, retain=retain)

    async def answer(self, command_id: str) -> State:
        """The acknowledgement of a command."""
        await self.until(lambda: any(ack["id"] == command_id for ack in self.acks))
        return next(ack for ack in self.acks if ack["id"] == command_id)

    async def reason(self, command_id: str) -> object:
        """Why a command was refused, None when it was not."""
        ack = await self.answer(command_id)
        assert ack["ok"] == (not ack["reason"])
        return ack["reason"] or None

    async def off_edges(self, since_us: int) -> list[Edge]:
        """Waits until both outputs have fallen after a moment, and returns these edges."""

        def fallen() -> list[Edge]:
            return [e for e in self.board.edges if e.pin in (RELAY, OPTO) and not e.level and e.at_us >= since_us]

        await self.until(lambda: {edge.pin for edge in fallen()} == {RELAY, OPTO}, 30)
        return fallen()

    async def off_within_us(self, since_us: int) -> int:
        """Microseconds from a moment until both outputs were off, by the device's own clock at the edges."""
        edges = await self.off_edges(since_us)
        return max(edge.at_us for edge in edges[:2]) - since_us

    async def _listen(self) -> None:
        """Plays the server for as long as the test runs, also after the broker was away."""
        while not self._is_over:  # a farewell that fails hides that it was cancelled
            try:
                async with aiomqtt.Client("127.0.0.1", self.broker.port, identifier="server") as client:
                    await client.subscribe("v1/#", qos=1)
                    self._client = client
                    self._changed.set()
                    async for message in client.messages:
                        self._take(str(message.topic).rsplit("/", 1)[1], bytes(message.payload))
            except aiomqtt.MqttError:
                self._client = None
                await asyncio.sleep(0.05)

    def _take(self, leaf: str, payload: bytes) -> None:
        if leaf == "avail":
            self.avail.append(payload.decode())
        elif leaf in ("state", "ack", "event"):
            assert leaf != "state" or isinstance(wire.state(payload), wire.State), payload
            assert leaf != "event" or isinstance(wire.event(payload), wire.Event), payload
            {"state": self.states, "ack": self.acks, "event": self.events}[leaf].append(json.loads(payload))
        self._changed.set()

    def _edge(self, edge: Edge) -> None:
        self._changed.set()
