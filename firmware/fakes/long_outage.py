"""Run by MicroPython: a pit node whose time flies while the broker is away, until it has measured for six hours.

It leaves the file `measured` behind with the number of the last reading then, and goes on at the world's pace.
"""

import asyncio
import gc
import os
import time

from nodes.start import GARBAGE_BYTES

if hasattr(gc, "threshold"):
    gc.threshold(GARBAGE_BYTES)  # before the imports, as nodes.start does: what they leave behind would lie scattered

from core import ticks
from core.config import load
from core.safe_mode import SafeMode
from core.sensing import Sensing
from drivers.dht22 import Dht22
from fakes.dht import Dht22Line
from fakes.machine import WDT  # noqa: F401  # the fakes are what the path must find
from hal.storage import Keys
from nodes.parts import NodeParts
from nodes.pit import PitNode

OUTAGE_MS = 6 * 3_600_000


class World:
    """A clock that runs with the world's, and, while time flies, jumps by whatever anybody wants to sleep."""

    def __init__(self) -> None:
        self.flies = False
        self._jumped_ms = 0
        self._began = time.ticks_ms()

    def now_ms(self) -> int:
        return self._jumped_ms + time.ticks_diff(time.ticks_ms(), self._began)

    async def sleep_ms(self, ms: int) -> None:
        if self.flies:
            self._jumped_ms += ms
        await asyncio.sleep_ms(0 if self.flies else ms)


async def main() -> None:
    world, keys = World(), Keys()
    clock = ticks.Clock(lambda: world.now_ms() & ticks.MASK)
    began_ms = ticks.unix_ms()
    line = Dht22Line(lambda: {"t_c": 24 + world.now_ms() // 60_000 % 10 / 10, "rh_pct": 50})
    sensing = Sensing([("dht22", Dht22(None, line.readinto, clock))])
    parts = NodeParts(load(keys), keys, clock, "power", SafeMode(keys, "power"))
    node = PitNode(parts, sensing, wall_ms=lambda: began_ms + world.now_ms(), sleep_ms=world.sleep_ms)
    await asyncio.gather(node.run(), outage(world, clock, node))


async def outage(world: World, clock, node: PitNode) -> None:
    while node.link.is_up() or not node.link.connects:
        await asyncio.sleep_ms(5)
    until_ms = clock.up_ms() + OUTAGE_MS
    world.flies = True
    while clock.up_ms() < until_ms:
        await asyncio.sleep_ms(1)
    world.flies = False
    with open("measured.new", "w") as file:  # noqa: ASYNC230
        file.write("%d %d %d" % (node.ring.last_seq, node.ring.pages, node.ring.dropped))
    os.rename("measured.new", "measured")


asyncio.run(main())
