"""From typing the command to the first page, with the servers that PitPilot brings along; and what it weighs then."""

import asyncio
import shutil
import time

import psutil

from tools.bench.found import Found, say
from tools.bench.measure import MB, medians, pss_mb
from tools.bench.product import Product
from tools.bench.rig import Rig

TURNS = 3
SETTLE_S = 4.0  # what is done once after the start is done by then

KEYS = ("start.first_s", "start.again_s", "memory.idle_mb")


async def measure(rig: Rig, found: Found) -> None:
    """Three times: a fresh data folder, then the same again. Browser assets are made already, as `make run` does."""
    turns: list[dict[str, float]] = []
    for turn in range(1, TURNS + 1):
        name = f"start-{turn}"
        try:
            first_s, _ = await _start(rig, name)
            again_s, weight = await _start(rig, name)
        finally:
            shutil.rmtree(rig.folder / f"{name}-data", ignore_errors=True)
        turns.append({"start.first_s": first_s, "start.again_s": again_s, **weight})
        say(f"start {turn} of {TURNS}: first {first_s:.2f} s, again {again_s:.2f} s")
        found.put_all(medians(turns))


async def _start(rig: Rig, name: str) -> tuple[float, dict[str, float]]:
    """Seconds from spawning the process to a whole sign-in page; then its memory, alone and with its servers."""
    began_s = time.monotonic()
    product = await Product.spawn(rig.folder, name=name)
    async with product:
        await product.until_answers("/sign-in")
        took_s = time.monotonic() - began_s
        await asyncio.sleep(SETTLE_S)
        alone_mb = psutil.Process(product.pid).memory_info().rss / MB
        return took_s, {"memory.idle_mb": alone_mb, "memory.idle_with_servers_mb": pss_mb(product.pid)}
