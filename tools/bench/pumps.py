"""Shared pumps against PitPilot as an operator starts it: how long from a press to the relay, by real firmware on
virtual boards, and what a hundred motors cost.

A press is the REST request of a member. Relays tell their edges by the monotonic clock that all processes of a machine
share, so no way of a message is missing and none is measured twice.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from actions.pumps import motors
from domain.pump.limits import LeaseTerms
from storage import migrate, session
from storage.embedded_ports import LOOPBACK
from tests.private_mosquitto import PrivateMosquitto
from tests.pump_parts import Coop, add_motor, fetch, make_coop
from tools.bench.found import Found, say
from tools.bench.measure import cpu_s, percentile
from tools.bench.product import Product
from tools.bench.pump_fleet import Fleet
from tools.bench.pump_members import Members
from tools.bench.rig import Database, Rig
from tools.ordeal.place import LIMITS, OPTO, QUICK, RELAY
from tools.virtual_board import Board, write_keys

BOARDS, PRESSES = 4, 25  # a board bears 60 starts an hour
ON_WITHIN_S = 10.0
TENANTS, MOTORS, EVERY_S, MEASURED_S = 20, 5, 5.0, 40.0
AFTER_START_S = LeaseTerms().whole_ms / 1_000 + 1  # until then no motor starts: an older server's leases may live
POOL = 4

KEYS = ("pump.start_to_on_p99_ms", "pump.stop_to_off_p99_ms", "pump.motors100_core_share")


async def measure(rig: Rig, found: Found) -> None:
    database = await rig.database("pumps")
    session.open(await migrate.prepare(database.owner_url, database.secret), pool_size=POOL)
    try:
        with rig.broker() as broker:
            await _latencies(rig, database, broker, found)
        with rig.broker() as broker:
            await _hundred(rig, database, broker, found)
    finally:
        await session.close()


async def _latencies(rig: Rig, database: Database, broker: PrivateMosquitto, found: Found) -> None:
    coops = [await make_coop(f"press{n}", members=1, minutes=10_000) for n in range(BOARDS)]
    await _set_limits(coops)
    async with contextlib.AsyncExitStack() as stack:
        product = await stack.enter_async_context(await Product.launch(rig.folder, database=database, broker=broker))
        members = await stack.enter_async_context(Members(product.url))
        pressed = [await _board(rig, broker, coop, stack) for coop in coops]
        await asyncio.sleep(AFTER_START_S)
        await _until(lambda: _is_steady("pump-press"), "all boards heard")
        on_ms: list[float] = []
        off_ms: list[float] = []
        for _ in range(PRESSES):
            for coop, board in zip(coops, pressed, strict=True):
                on, off = await _press(members, coop, board)
                on_ms.append(on)
                off_ms.append(off)
    say(f"pumps: {len(on_ms)} starts, slowest {max(on_ms):.0f} ms; stops, slowest {max(off_ms):.0f} ms")
    for name, values in (("start_to_on", on_ms), ("stop_to_off", off_ms)):
        found.put(f"pump.{name}_p50_ms", percentile(values, 50))
        found.put(f"pump.{name}_p99_ms", percentile(values, 99))


@dataclass
class _Watched:
    """A board, and an event for each change of its motor's current."""

    board: Board
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def is_on(self) -> bool:
        return self.board.outputs.get(RELAY, 0) == 1 and self.board.outputs.get(OPTO, 0) == 1

    async def until(self, is_on: bool) -> int:
        """When the current came (the later edge of both outputs) or went (the earlier one), in monotonic µs."""
        while self.is_on is not is_on:
            self.changed.clear()
            try:
                await asyncio.wait_for(self.changed.wait(), ON_WITHIN_S)
            except TimeoutError:
                words = self.board.log[-500:]
                raise RuntimeError(f"not {'ON' if is_on else 'OFF'} in {ON_WITHIN_S:g} s; {words}") from None
        last = [next(edge for edge in reversed(self.board.edges) if edge.pin == pin) for pin in (RELAY, OPTO)]
        return max(edge.at_us for edge in last) if is_on else min(edge.at_us for edge in last if not edge.level)


async def _board(rig: Rig, broker: PrivateMosquitto, coop: Coop, stack: contextlib.AsyncExitStack) -> _Watched:
    flash = rig.folder / coop.device_id
    identity = {"kind": "pump", "tenant": str(coop.tenant_id), "device": coop.device_id, "password": "any"}
    server = {"host": LOOPBACK, "port": broker.port, "tls": False}
    write_keys(flash, {"identity": identity, "server": server, "settings": QUICK, "settings_v": 1})
    watched: list[_Watched] = []
    board = Board(flash, on_edge=lambda edge: watched[0].changed.set())
    watched.append(_Watched(board))
    await stack.enter_async_context(board)
    return watched[0]


async def _press(members: Members, coop: Coop, watched: _Watched) -> tuple[float, float]:
    """One turn: milliseconds from Start to ON, and from Stop to OFF."""
    member = coop.members[0]
    began_us = time.monotonic_ns() // 1_000
    await members.post(member, "/api/v1/motor/start", {"minutes": 1})
    on_us = await watched.until(True)
    await _until(lambda: _has(coop, "running"), "the turn runs")
    ended_us = time.monotonic_ns() // 1_000
    await members.post(member, "/api/v1/motor/stop", {})
    off_us = await watched.until(False)
    await _until(lambda: _is_free(coop), "the turn is over")
    return (on_us - began_us) / 1_000, (off_us - ended_us) / 1_000


async def _hundred(rig: Rig, database: Database, broker: PrivateMosquitto, found: Found) -> None:
    """A hundred motors in twenty tenants: one of each tenant runs, the others rest, all report every five seconds."""
    coops = [await make_coop(f"many{n}", members=1, minutes=10_000) for n in range(TENANTS)]
    fleet = [(coop, device) for coop in coops for device in [coop.device_id, *await _more_motors(coop)]]
    async with await Product.launch(rig.folder, database=database, broker=broker, name="hundred") as product:
        await asyncio.sleep(AFTER_START_S)
        idle = await _share(product.pid)
        async with Members(product.url) as members, Fleet(broker, fleet, EVERY_S):
            await _until(lambda: _is_steady("pump-many"), "a hundred motors heard")
            for coop in coops:
                wanted = {"minutes": 60, "device_id": coop.device_id}
                await members.post(coop.members[0], "/api/v1/motor/start", wanted)
            await _until(lambda: _all_run(coops), "twenty motors run")
            postgres_s = cpu_s(rig.postgres_pid)
            busy = await _share(product.pid)
            postgres = (cpu_s(rig.postgres_pid) - postgres_s) / MEASURED_S
            if not await _all_run(coops):
                raise RuntimeError("not every motor went on running")
    found.put("pump.motors100_core_share", busy - idle)
    found.put("pump.motors100_whole_core_share", busy)
    found.put("pump.motors100_postgres_core_share", postgres)
    say(f"pumps: {len(fleet)} motors cost {busy - idle:.3f} of a core (idle {idle:.3f}, PostgreSQL {postgres:.3f})")


async def _share(pid: int) -> float:
    """CPU of a process, in cores, over a while."""
    before_s, began_s = cpu_s(pid), time.monotonic()
    await asyncio.sleep(MEASURED_S)
    return (cpu_s(pid) - before_s) / (time.monotonic() - began_s)


async def _more_motors(coop: Coop) -> list[str]:
    devices = [f"{coop.device_id}-{n}" for n in range(2, MOTORS + 1)]
    for device in devices:
        await add_motor(coop, device)
    return devices


async def _set_limits(coops: list[Coop]) -> None:
    """No wait but the ways themselves."""
    for coop in coops:
        if isinstance(refusal := await motors.change_limits(dict(LIMITS), coop.owner), str):
            raise RuntimeError(f"the limits were refused: {refusal}")


async def _until(true: Callable[[], Awaitable[bool]], what: str, within_s: float = 60.0) -> None:
    deadline_s = time.monotonic() + within_s
    while not await true():
        if time.monotonic() > deadline_s:
            raise RuntimeError(f"not in {within_s:g} s: {what}")
        await asyncio.sleep(0.02)


async def _is_steady(start: str) -> bool:
    """Motors whose id begins so may all start."""
    like = {"like": f"{start}%"}
    return await fetch("SELECT 1 FROM motor WHERE may_start_at_ms IS NULL AND device_id LIKE :like", **like) == []


async def _has(coop: Coop, state: str) -> bool:
    bound = {"t": coop.tenant_id, "state": state}
    return await fetch("SELECT 1 FROM run WHERE tenant_id = :t AND state = :state", **bound) != []


async def _is_free(coop: Coop) -> bool:
    return await fetch("SELECT 1 FROM run WHERE tenant_id = :t AND ended_at IS NULL", t=coop.tenant_id) == []


async def _all_run(coops: list[Coop]) -> bool:
    return all([await _has(coop, "running") for coop in coops])
