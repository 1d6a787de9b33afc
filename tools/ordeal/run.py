"""One ordeal from its plan."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random

from storage.session import DATABASE_AWAY
from tests.pump_parts import fetch
from tools.bench.found import say
from tools.ordeal import blows, checks
from tools.ordeal.checks import Span
from tools.ordeal.people import Diary, Member
from tools.ordeal.place import Place, open_place

READY_WITHIN_S = 240.0
REST_WITHIN_S = 180.0
"""For each unit of pace: a whole line of turns must end by itself."""


@dataclass(frozen=True, slots=True)
class Plan:
    seed: int
    seconds: float
    """Of traffic and blows; what was begun then ends by itself."""
    every_s: tuple[float, float] = (4.0, 12.0)
    """From one blow to the next."""
    pace: float = 1.0
    """How much longer turns and quiet times of the grid last than a few seconds: a motor bears 60 starts an hour."""
    members: int = 6
    """Of each tenant."""
    role: str = "all"
    """Of the program that is killed: `main.py --role`."""


@dataclass(frozen=True, slots=True)
class Outcome:
    seed: int
    seconds: float
    died: Counter[str]
    runs: Counter[str]
    """By how they ended."""
    diary: Diary
    cuts: int
    starts: int
    """How often a motor got its current."""
    on_s: float
    charged_s: int
    faults: tuple[str, ...]


async def endure(plan: Plan) -> Outcome:
    """Raises TimeoutError when it does not get ready."""
    chance = Random(plan.seed)
    began = time.monotonic()
    async with open_place(plan.role, plan.members) as place:
        await _until(_all_ready, READY_WITHIN_S)
        diary, enough = Diary(), asyncio.Event()
        say(f"seed {plan.seed}: {len(place.boards)} motors, blows for {plan.seconds:.0f} s")
        async with asyncio.TaskGroup() as tasks:
            people = [Random(chance.random()) for coop in place.coops for _ in coop.members]
            lives: list[asyncio.Task[None]] = []
            members = [(coop, member) for coop in place.coops for member in coop.members]
            for own, (coop, member) in zip(people, members, strict=True):
                person = Member(member, place.motors_of(coop), own, diary, plan.pace)
                lives.append(tasks.create_task(person.live(enough)))
            keeper = tasks.create_task(blows.keep(place))
            cuts = tasks.create_task(blows.flicker(place, Random(chance.random()), plan.pace, enough))
            blown = blows.plan(Random(chance.random()), plan.seconds, plan.every_s)
            died = await blows.strike(place, blown)
            enough.set()
            say("  no more blows; what was begun ends by itself")
            stuck = await _rest(place, REST_WITHIN_S * plan.pace)
            for life in lives if stuck else ():
                life.cancel()
            keeper.cancel()
        on = _on(place)
        faults = [*stuck, *await checks.faults(place, diary, on)]
        return await _outcome(plan, time.monotonic() - began, died, diary, cuts.result(), on, faults)


async def _rest(place: Place, within_s: float) -> list[str]:
    """Waits until every run is over; says how things stand if that takes too long."""
    try:
        await _until(_all_over, within_s)
    except TimeoutError:
        motors = await fetch("SELECT device_id, grid, ready, stopping, alarm, fault, heard_at FROM motor")
        words = place.product.last_words() if place.product else "no program"
        return [f"it does not come to rest: {motors}, {words}"]
    return []


def _on(place: Place) -> dict[str, list[Span]]:
    now_us = time.monotonic_ns() // 1_000
    return {device: list(checks.spans(device, board.edges, now_us)) for device, board in place.boards.items()}


async def _outcome(
    plan: Plan, seconds: float, died: Counter[str], diary: Diary, cuts: int, on: dict[str, list[Span]],
    faults: list[str],
) -> Outcome:  # fmt: skip
    runs = await fetch("SELECT state, count(*), coalesce(sum(captured_s), 0)::bigint FROM run GROUP BY state")
    times = [span for found in on.values() for span in found]
    return Outcome(
        seed=plan.seed,
        seconds=seconds,
        died=died,
        runs=Counter({state: count for state, count, _ in runs}),
        diary=diary,
        cuts=cuts,
        starts=len(times),
        on_s=sum(span.until_us - span.from_us for span in times) / 1e6,
        charged_s=sum(charged_s for _, _, charged_s in runs),
        faults=tuple(faults),
    )


async def _all_ready() -> bool:
    return await fetch("SELECT 1 FROM motor WHERE may_start_at_ms IS NULL") == []


async def _all_over() -> bool:
    return await fetch("SELECT 1 FROM run WHERE ended_at IS NULL") == []


async def _until(true: Callable[[], Awaitable[bool]], within_s: float) -> None:
    async with asyncio.timeout(within_s):
        while True:
            try:
                if await true():
                    return
            except DATABASE_AWAY:
                pass  # it is on its way back
            await asyncio.sleep(0.2)
