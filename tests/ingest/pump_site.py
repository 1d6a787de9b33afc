"""A pump from end to end in one process: the real firmware on a virtual board, a broker, ingest's parts, the leader."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from actions.announce import hear
from domain.pump.limits import LeaseTerms
from ingest.broker_address import BrokerAddress
from ingest.pumps import PumpOffice
from ingest.sender import Sender
from ingest.supervisor import Supervisor
from ingest.words import DeviceWords
from tests.ingest.parts import Ingest, ingest, until
from tests.private_mosquitto import PrivateMosquitto
from tests.pump_parts import Coop
from tools.virtual_board import Board, Edge, write_keys

RELAY, OPTO, GRID, READY = 25, 5, 32, 33
TERMS = LeaseTerms(ttl_ms=4_000, margin_ms=500)
"""Short, so that what waits for a lease's end does not make a test long."""
QUICK = {"min_off_ms": 0, "grid_delay_min_ms": 0, "grid_delay_max_ms": 0, "interval_s": 1}
LIMITS = {"stable_for_ms": 0, "restart_spread_ms": 0, "minimum_run_s": 5}
PATIENCE_S = 60.0


@dataclass
class Motor:
    """A board with the pump's firmware, and what its outputs did."""

    device_id: str
    board: Board
    edges: list[Edge] = field(default_factory=list)

    @property
    def is_on(self) -> bool:
        """Both outputs are high: the motor has its current."""
        return self.board.is_on(RELAY) and self.board.is_on(OPTO)


@dataclass
class Site:
    """What runs, and the motors that it moves."""

    coop: Coop
    broker: PrivateMosquitto
    folder: Path
    motors: list[Motor] = field(default_factory=list)
    both_on: int = 0
    """How often an edge found two motors ON at once."""
    parts: Ingest | None = None
    pumps: PumpOffice | None = None
    sender: Sender | None = None

    @contextlib.asynccontextmanager
    async def motor(self, device_id: str) -> AsyncIterator[Motor]:
        """A board that is powered until the end of the block."""
        flash = self.folder / device_id
        write_keys(
            flash,
            {
                "identity": {
                    "kind": "pump", "tenant": str(self.coop.tenant_id), "device": device_id, "password": "any",
                },
                "server": {"host": "127.0.0.1", "port": self.broker.port, "tls": False},
                "settings": QUICK,
                "settings_v": 1,
            },
        )  # fmt: skip
        found = Motor(device_id, Board(flash, on_edge=self._edge))
        self.motors.append(found)
        await found.board.power_on()
        try:
            yield found
        finally:
            await found.board.power_off()

    @contextlib.asynccontextmanager
    async def serving(self, name: str = "ingest") -> AsyncIterator[None]:
        """One process of the server's, until the end of the block."""
        address = BrokerAddress("127.0.0.1", self.broker.port, name, "any")
        async with ingest() as parts:
            sender = Sender(address, f"{name}-commands")
            pumps = PumpOffice(sender, parts.consumer.reject, terms=TERMS)
            words = DeviceWords(
                address, f"{name}-words", parts.directory, parts.presence, parts.consumer.reject, [pumps]
            )
            ready, supervisor = asyncio.Event(), Supervisor()
            self.parts, self.pumps, self.sender = parts, pumps, sender
            works = (
                parts.consumer.run, sender.run, words.run, pumps.hear_for_ever, pumps.tell_for_ever,
                pumps.lead_for_ever, lambda: hear(ready.set),
            )  # fmt: skip
            for n, work in enumerate(works):
                supervisor.keep(str(n), work)
            try:
                await until(lambda: sender.connected and ready.is_set())
                yield
            finally:
                await supervisor.stop()
                pumps.close()

    def _edge(self, edge: Edge) -> None:
        if sum(motor.is_on for motor in self.motors) > 1:
            self.both_on += 1


async def comes_true(true: Callable[[], Any], within_s: float = PATIENCE_S) -> None:
    """Waits for what a function or a coroutine function says."""
    async with asyncio.timeout(within_s):
        while True:
            said = true()
            if await said if asyncio.iscoroutine(said) else said:
                return
            await asyncio.sleep(0.05)
