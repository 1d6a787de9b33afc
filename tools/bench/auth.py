"""What people's pages feel of somebody who guesses passwords: fifty guesses are always in flight, each for another name
and from another address, so that none is turned away before its password is hashed. That is the costly kind: a guess
that is slowed down is answered without hashing.
"""

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from statistics import median

import aiohttp

from api.auth import COOKIE
from tools.bench.found import Found, say
from tools.bench.light_pages import BROWSERS_HEADERS
from tools.bench.measure import percentile
from tools.bench.product import Product
from tools.bench.rig import Rig
from tools.bench.world import make_world

SEED = 7
TURNS = 3
PAGES = 20  # of a turn, quiet and then under guessing
PAUSE_S = 0.1  # a person reads before the next page
GUESSERS = 50
WARM_UP_S = 2.0
PAGE_WITHIN_S = 30.0

KEYS = ("auth.latency_under_guessing_ratio",)


async def measure(rig: Rig, found: Found) -> None:
    """Latency of the overview of a workshop with 50 pits, quiet and under guessing, in turns on one process."""
    database = await rig.database("auth")
    world = await make_world(database.superuser_url, tenants=2)
    headers = {**BROWSERS_HEADERS, "Cookie": f"{COOKIE}={world.tokens[0]}"}
    timeout = aiohttp.ClientTimeout(PAGE_WITHIN_S)
    with rig.broker() as broker:
        async with (
            await Product.launch(rig.folder, database=database, broker=broker) as product,
            aiohttp.ClientSession(product.url, headers=headers, timeout=timeout, raise_for_status=True) as http,
            aiohttp.ClientSession(product.url, timeout=timeout, connector=aiohttp.TCPConnector(limit=0)) as strangers,
        ):
            await _pages_ms(http)  # what is done at the first page only is not counted
            turns = [await _turn(http, strangers) for _ in range(TURNS)]
    for name, percent in (("p50", 50), ("p95", 95)):
        quiet = median(percentile(turn.quiet_ms, percent) for turn in turns)
        guessing = median(percentile(turn.guessing_ms, percent) for turn in turns)
        found.put(f"auth.page_{name}_ms", quiet)
        found.put(f"auth.page_{name}_under_guessing_ms", guessing)
        found.put(KEYS[0] if name == "p50" else "auth.p95_under_guessing_ratio", guessing / quiet)
    found.put("auth.guesses_per_s", median(turn.guesses_per_s for turn in turns))


@dataclass(frozen=True)
class Turn:
    """Milliseconds of pages, quiet and under guessing, and how many guesses a second were answered meanwhile."""

    quiet_ms: list[float]
    guessing_ms: list[float]
    guesses_per_s: float


async def _turn(http: aiohttp.ClientSession, strangers: aiohttp.ClientSession) -> Turn:
    quiet = await _pages_ms(http)
    async with _guessing(strangers) as answered:
        await asyncio.sleep(WARM_UP_S)
        before, began = len(answered), time.monotonic()
        guessing = await _pages_ms(http)
        rate = (len(answered) - before) / (time.monotonic() - began)
    await _drain(strangers)
    turn = Turn(quiet, guessing, rate)
    say(f"page {median(quiet):.0f} ms quiet, {median(guessing):.0f} ms under {rate:.0f} guesses/s")
    return turn


async def _pages_ms(http: aiohttp.ClientSession) -> list[float]:
    taken = []
    for _ in range(PAGES):
        began = time.perf_counter()
        async with http.get("/") as answer:
            await answer.read()
        taken.append((time.perf_counter() - began) * 1_000)
        await asyncio.sleep(PAUSE_S)
    return taken


@contextlib.asynccontextmanager
async def _guessing(strangers: aiohttp.ClientSession) -> AsyncIterator[list[int]]:
    """Guesses all the time; yields the answers' statuses as they come.

    Raises:
        RuntimeError: a guess was answered in another way than a wrong password is.
    """
    chance, answered = random.Random(SEED), list[int]()
    tasks = [asyncio.create_task(_guess(strangers, chance, answered)) for _ in range(GUESSERS)]
    try:
        yield answered
        for task in tasks:
            if task.done():
                task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    if set(answered) != {403}:
        raise RuntimeError(f"guesses were answered by {sorted(set(answered))}")


async def _guess(strangers: aiohttp.ClientSession, chance: random.Random, answered: list[int]) -> None:
    while True:
        answered.append(await _guess_once(strangers, chance))


async def _guess_once(strangers: aiohttp.ClientSession, chance: random.Random) -> int:
    """Returns the answer's status."""
    form = {"login": f"owner@{chance.randrange(10**9)}", "password": f"guess {chance.randrange(10**9)}"}
    address = ".".join(str(chance.randrange(1, 255)) for _ in range(4))
    async with strangers.post("/sign-in", data=form, headers={"X-Forwarded-For": address}) as answer:
        await answer.read()
        return answer.status


async def _drain(strangers: aiohttp.ClientSession) -> None:
    """Waits for the guesses that nobody waits for any more: they are hashed in the order in which they came."""
    await _guess_once(strangers, random.Random())
