"""Six hours without the server, in the real interpreter, with a real broker: nothing is lost or comes twice."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.firmware.pit_rig import PitServer, write_pit
from tests.private_mosquitto import PrivateMosquitto
from tools.virtual_board import find_interpreter

pytestmark = pytest.mark.long


@asynccontextmanager
async def running(program: Path, flash: Path) -> AsyncIterator[Callable[[], bool]]:
    """firmware/fakes/long_outage.py, with flash as its folder. Yields what checks that it has not broken."""

    def lives() -> bool:
        assert process.returncode is None, (flash / "console.log").read_text()
        return True

    with (flash / "console.log").open("wb") as console:
        process = await asyncio.create_subprocess_exec(
            *find_interpreter(),
            "-c",
            f"import sys; sys.path[:0] = [{str(program / 'fakes')!r}, {str(program)!r}]; import long_outage",
            cwd=flash,
            stdout=console,
            stderr=console,
        )
    try:
        yield lives
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


@pytest.mark.timeout(120)
async def test_six_hours_of_readings_arrive_in_order_each_once(
    broker: PrivateMosquitto, tmp_path: Path, shipped: Path
) -> None:
    write_pit(tmp_path, broker.port, settings={"interval_s": 5})
    async with PitServer(broker) as server, running(shipped, tmp_path) as lives:
        await server.until(lambda: server.readings)
        await asyncio.sleep(0.5)  # so that it has heard that the first one is committed
        broker.kill()
        done = tmp_path / "measured"
        await server.until(lambda: lives() and done.exists(), 60)
        measured, pages, dropped = map(int, done.read_text().split())
        assert measured >= 4_310
        assert pages == (measured - 1) // 112, "one write of flash for each"
        assert dropped == 0
        broker.start()
        began = time.monotonic()
        await server.until(lambda: lives() and server.readings[-1][1] >= measured, 60)
        print(f"{measured} readings replayed in {time.monotonic() - began:.1f} s")
        assert server.readings == [(1, seq) for seq in range(1, server.readings[-1][1] + 1)]
        stamps = [reading.ts or 0 for said in server.telemetry for reading in said.readings]
        assert stamps == sorted(stamps), "each with the moment of its measuring"
