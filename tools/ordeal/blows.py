"""Who dies when: drawn from a seed. Whoever was killed comes back by itself, as a machine's service manager has it."""

import asyncio
import os
import signal
from collections import Counter
from dataclasses import dataclass
from random import Random

import psutil
import psycopg

from tools.bench.found import say
from tools.ordeal.place import GRID, Place

VICTIMS = ("app", "broker", "postgres")
LOOK_EVERY_S = 0.5


@dataclass(frozen=True, slots=True)
class Blow:
    """At `at_s` after the beginning; the victim stays down for `down_s` (PostgreSQL's keeper has its own mind)."""

    at_s: float
    victim: str
    down_s: float


def plan(chance: Random, seconds: float, every_s: tuple[float, float]) -> list[Blow]:
    """Each victim comes up once in any three blows, in any order."""
    blows: list[Blow] = []
    at_s, order = 0.0, list[str]()
    while True:
        at_s += chance.uniform(*every_s)
        if at_s >= seconds:
            return blows
        order = order or chance.sample(VICTIMS, len(VICTIMS))
        blows.append(Blow(at_s, order.pop(), chance.uniform(0.1, 2.5)))


async def strike(place: Place, blows: list[Blow]) -> Counter[str]:
    """Strikes each at its moment; returns how many died of each kind."""
    loop = asyncio.get_running_loop()
    began, died = loop.time(), Counter[str]()
    for blow in blows:
        await asyncio.sleep(max(0.0, began + blow.at_s - loop.time()))
        say(f"  kill -9 {blow.victim}")
        await _kill(place, blow)
        died[blow.victim] += 1
    return died


async def flicker(place: Place, chance: Random, pace: float, enough: asyncio.Event) -> int:
    """The grid of one motor after the other goes and comes back, sometimes with its controller's own power; returns how
    often.
    """
    cuts = 0
    while not enough.is_set():
        await asyncio.sleep(chance.uniform(2, 8) * pace)
        board = chance.choice(list(place.boards.values()))
        if chance.random() < 0.25:
            await board.power_cycle()
        else:
            board.set_pin(GRID, 0)
            await asyncio.sleep(chance.uniform(0.2, 2))
            board.set_pin(GRID, 1)
        cuts += 1
    return cuts


async def keep(place: Place) -> None:
    """Starts the program again that ended by itself, as it does when the database dies while it begins. For ever."""
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        if place.product is not None and place.product.ended:
            say("  the app ended by itself and is started again")
            await place.start_product()


async def _kill(place: Place, blow: Blow) -> None:
    if blow.victim == "app":
        product, place.product = place.product, None
        if product is not None:
            await product.kill()
        await asyncio.sleep(blow.down_s)
        await place.start_product()
    elif blow.victim == "broker":
        place.broker.kill()
        await asyncio.sleep(blow.down_s)
        await asyncio.to_thread(place.broker.start)
    else:
        os.kill(await _postmaster(place), signal.SIGKILL)


async def _postmaster(place: Place) -> int:
    """Its process id now: a backend's parent. Waits until there is one again after an earlier blow."""
    while True:
        try:
            return await asyncio.to_thread(_parent_of_a_backend, place.rig.url("postgres"))
        except psycopg.OperationalError:
            await asyncio.sleep(0.1)


def _parent_of_a_backend(url: str) -> int:
    with psycopg.connect(url, connect_timeout=5) as connection:
        return int(psutil.Process(connection.info.backend_pid).ppid())
