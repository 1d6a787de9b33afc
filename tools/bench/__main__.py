"""All benchmarks: `python -m tools.bench`, or some: `--only ingest,live`. docs/BENCH.md explains every key.

Prints one JSON object on standard output; progress goes to standard error. A part that fails leaves null and the
reason in its keys, and never keeps the others from running.
"""

import argparse
import asyncio
import contextlib
import importlib
import signal
from datetime import UTC, datetime
from types import ModuleType

import structlog

from logs import set_up_logs
from tools.bench.found import Found, say
from tools.bench.rig import Rig

PARTS = {
    "alerts": 60,
    "start": 90,
    "pages": 90,
    "auth": 240,
    "history": 150,
    "tracking": 200,
    "jobs": 150,
    "live": 200,
    "ingest": 420,
    "scale": 360,
    "video": 480,
    "firmware": 900,
    "pumps": 400,
    "pump_proofs": 900,
}
"""In this order; each with the seconds after which it is given up."""
REASON_CHARS = 600

log = structlog.get_logger(__name__)


async def run(parts: list[str], found: Found) -> None:
    """Runs parts one after the other on one rig; what they find is in `found`."""
    async with Rig() as rig:
        for name in parts:
            module = importlib.import_module(f"tools.bench.{name}")
            say(f"{name} …")
            await _run(module, PARTS[name], rig, found)


async def _run(part: ModuleType, within_s: float, rig: Rig, found: Found) -> None:
    try:
        async with asyncio.timeout(within_s):
            await part.measure(rig, found)
    except TimeoutError:
        found.miss(part.KEYS, f"given up after {within_s:g} s")
    except Exception as error:  # one broken part must not cost the results of the others
        log.exception("a part failed", part=part.__name__)
        found.miss(part.KEYS, f"{type(error).__name__}: {str(error)[:REASON_CHARS]}")
    found.miss(part.KEYS, "the part ended without it")


def main() -> None:
    parser = argparse.ArgumentParser(description="Benchmarks of PitPilot on servers of its own, on loopback.")
    parser.add_argument("--only", default=",".join(PARTS), help=f"parts with commas between: {', '.join(PARTS)}")
    parts = [name.strip() for name in parser.parse_args().only.split(",")]
    if unknown := set(parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    set_up_logs("console", "info")
    found = Found()
    found.put("bench.at", datetime.now(UTC).isoformat(timespec="seconds"))
    try:
        asyncio.run(_until_told(parts, found))
    except (KeyboardInterrupt, asyncio.CancelledError):
        say("stopped; this is what was found until then")
    print(found.as_json(), flush=True)


async def _until_told(parts: list[str], found: Found) -> None:
    """Ends like Ctrl-C when it is told to, so that nothing stays behind."""
    task = asyncio.current_task()
    with contextlib.suppress(NotImplementedError):  # Windows
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, lambda: task and task.cancel())
    await run(parts, found)


if __name__ == "__main__":
    main()
