"""The devices' firmware, in the real interpreter with the memory of a controller: see firmware/ and tools/firmware.py.

Times are the device's own, from the monotonic clock that all processes of a machine share.
"""

import asyncio
import time
from pathlib import Path
from statistics import median
from uuid import UUID

from tests.firmware.by_path import pure
from tests.firmware.pit_rig import PitRig
from tests.firmware.pit_soak import soak_pit
from tests.firmware.shipped import ship
from tests.firmware.soak import Soaked, soak
from tests.firmware.virtual_node import PumpRig
from tools.bench.found import Found, say
from tools.bench.rig import Rig
from tools.firmware import firmware_sizes
from tools.virtual_board import Board, write_keys

BLOWS = 10
SOAK_S = 600.0
OUTAGE_READINGS = 6 * 720  # six hours at one in 5 s
SEED = 11

KEYS = (
    "firmware.mpy_bytes",
    "firmware.heap_high_water_bytes",
    "firmware.off_after_broker_kill_ms",
    "firmware.reconnect_ms",
    "firmware.replay_per_s",
)


async def measure(rig: Rig, found: Found) -> None:
    """Sizes, a pit node's replay, a pump node's edges, then ten minutes of trouble for both kinds at once."""
    sizes = await asyncio.to_thread(firmware_sizes, rig.folder / "esp32")
    found.put("firmware.mpy_bytes", sum(sizes.values()))
    program = await asyncio.to_thread(ship, rig.folder / "firmware")
    found.put("firmware.replay_per_s", await _replay(rig, program))
    off_ms = await _blows(rig, program)
    found.put("firmware.off_after_broker_kill_ms", max(off_ms))
    found.put("firmware.off_after_broker_kill_p50_ms", median(off_ms))
    pump, pit = await asyncio.gather(_soak_pump(rig, program), _soak_pit(rig, program))
    found.put("firmware.heap_high_water_bytes", max(pump.heap_bytes + pit.heap_bytes))
    found.put("firmware.pump_heap_high_water_bytes", max(pump.heap_bytes))
    found.put("firmware.pit_heap_high_water_bytes", max(pit.heap_bytes))
    found.put("firmware.soak_s", SOAK_S)
    found.put("firmware.soak_reconnects", pump.reconnects + pit.reconnects)
    found.put("firmware.reconnect_ms", median(pump.reconnect_ms + pit.reconnect_ms))


async def _blows(rig: Rig, program: Path) -> list[float]:
    """Kills the broker under a running motor, again and again: milliseconds until both outputs were off."""
    off_ms = []
    with rig.broker() as broker:
        async with PumpRig(broker, rig.folder / "pump", program=program) as pump:
            for number in range(BLOWS):
                await pump.start_motor(str(UUID(int=number)))
                blow_us = time.monotonic_ns() // 1_000
                broker.kill()
                off_ms.append(await pump.off_within_us(blow_us) / 1_000)
                broker.start()
                await pump.next_state()
    say(f"off after the broker was killed: {', '.join(f'{ms:.1f}' for ms in off_ms)} ms")
    return off_ms


async def _soak_pump(rig: Rig, program: Path) -> Soaked:
    """Ten minutes of trouble in 96 kB."""
    with rig.broker() as broker:
        async with PumpRig(
            broker, rig.folder / "soaked", program=program, settings={"starts_per_hour": 60, "interval_s": 1}
        ) as pump:
            soaked = await soak(pump, SOAK_S, SEED)
            _held(pump.board)
    say(f"soaked a pump node: {soaked.starts} starts, {soaked.reconnects} reconnects")
    return soaked


async def _soak_pit(rig: Rig, program: Path) -> Soaked:
    """The same for a pit node, at whose end no reading may be missing."""
    with rig.broker() as broker:
        async with PitRig(broker, rig.folder / "soaked-pit", program=program) as pit:
            soaked = await soak_pit(pit, SOAK_S, SEED)
            _held(pit.board)
            readings = len(set(pit.readings))
    say(f"soaked a pit node: {readings} readings, none missing, {soaked.reconnects} reconnects")
    return soaked


def _held(board: Board) -> None:
    if board.resets or "memory allocation" in board.log:
        raise RuntimeError(f"the node did not hold: {board.resets}, {board.log[-500:]}")


async def _replay(rig: Rig, program: Path) -> float:
    """Readings per second that a pit node replays after an outage of six hours, each committed by a server."""
    flash = rig.folder / "pit"
    flash.mkdir()
    ring = pure("core.ring").Ring(str(flash / "ring"), 1)
    now_ms = time.time_ns() // 1_000_000
    for number in range(OUTAGE_READINGS):
        ring.add(now_ms - (OUTAGE_READINGS - number) * 5_000, number * 5_000, {"t_c": 24.6, "rh_pct": 52.1})
    ring.flush()
    with rig.broker() as broker:
        pit = PitRig(broker, flash, program=program, settings={"interval_s": 60})
        write_keys(flash, {"boot_id": 1})
        heard: list[tuple[float, int]] = []

        def count() -> bool:
            heard.append((time.monotonic(), len({pair for pair in pit.readings if pair[0] == 1})))
            return heard[-1][1] >= OUTAGE_READINGS

        async with pit:
            await pit.until(count, within_s=120)
    began = next(at for at, readings in heard if readings)
    say(f"replayed {heard[-1][1]} readings in {heard[-1][0] - began:.1f} s")
    return heard[-1][1] / (heard[-1][0] - began)
