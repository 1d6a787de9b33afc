"""A day of trouble for a pump node, in short: its broker dies, the grid and cards come and go, rubbish arrives."""

import json
import random
from dataclasses import dataclass, field
from time import monotonic
from uuid import UUID

from tests.firmware.virtual_node import GRID, PumpRig

START_EVERY_S = 11.0  # 60 starts are allowed in an hour, and ten minutes shall have them all
RUBBISH = (b"{", b"\xff", b'{"kind":"run","id":"x"}', b"[" * 2_000, b"y" * 15_000)


@dataclass
class Soaked:
    """What a soak showed. Heap in bytes of this interpreter's words, after each collection of garbage."""

    reconnects: int = 0
    starts: int = 0
    reconnect_ms: list[float] = field(default_factory=list)
    heap_bytes: list[int] = field(default_factory=list)


async def soak(pump: PumpRig, seconds: float, seed: int) -> Soaked:
    """Troubles a node for so long. Raises AssertionError or TimeoutError when it can't go on."""
    chance, found, begun = random.Random(seed), Soaked(), monotonic()
    while (spent := monotonic() - begun) < seconds:
        if found.starts <= spent / START_EVERY_S:
            await pump.start_motor(str(UUID(int=found.starts)), budget_ms=600_000 + found.starts)
            found.starts += 1
        pump.board.hold_card(b"\x04" + chance.randbytes(3) if chance.random() < 0.5 else None)
        for payload in chance.sample(RUBBISH, 2):
            await pump.raw(payload)
        await pump.next_state()
        got = {"boot_id": pump.state["boot_id"], "readings": [], "events": [[1, 1_000_000]]}
        await pump.raw(json.dumps(got).encode(), "got")
        state = await pump.next_state(lambda state: state["heap_used"] is not None)  # not known before the first is out
        found.heap_bytes.append(state["heap_used"])
        if chance.random() < 0.6:
            pump.broker.kill()
            pump.broker.start()
            back = monotonic()
            await pump.next_state()
            found.reconnect_ms.append((monotonic() - back) * 1_000)
            found.reconnects += 1
        else:
            pump.board.set_pin(GRID, 0)
            await pump.next_state(lambda state: not state["grid"])
            pump.board.set_pin(GRID, 1)
        await pump.until(lambda: not pump.is_on)
    return found
