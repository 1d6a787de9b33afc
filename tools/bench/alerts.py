"""How many alert rules a core can look after: the machine itself, and the comparison that spares most readings it."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any
from uuid import UUID, uuid5

from actions.alert_rules import step_rules
from actions.directory import PitRules
from actions.live import Hub
from domain.alerts import RuleState, step
from domain.limits import DEFAULTS, Limits
from domain.readings import Metric, Reading, by_pit, runs
from tools.bench.found import Found
from tools.bench.rig import Rig
from tools.bench.world import SPACE

TURNS = 3
RULES = 1_000
STEPS = 60  # of each rule
EVERY = timedelta(seconds=5)
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
BATCH = 1_000
BATCHES = 40

KEYS = ("alerts.rules_per_s_core",)


async def measure(rig: Rig, found: Found) -> None:
    """Rules a second of CPU: a third of the rules inside their limits, a third pending, a third firing."""
    found.put("alerts.rules_per_s_core", median(_machine() for _ in range(TURNS)))
    for name, values in KINDS.items():
        found.put(f"alerts.rules_per_s_core.{name}", median(_machine({name: values}) for _ in range(TURNS)))
    found.put("alerts.compared_per_s_core", median([await _comparison() for _ in range(TURNS)]))


# What a rule for PM2.5 (warning above 12, critical above 35.4, half a minute to raise) reads again and again.
KINDS: dict[str, tuple[float, ...]] = {
    "in_limit": (4.0, 5.0, 6.0, 5.5),
    "pending": (14.0, 14.5, 14.0, 9.0),  # out for 15 s, back, out: its timer starts again each time
    "firing": (60.0, 61.0, 20.0, 60.5),
}


def _machine(kinds: dict[str, tuple[float, ...]] = KINDS) -> float:
    """Steps a second of CPU, the readings made beforehand."""
    limits: Limits = DEFAULTS[Metric.PM25]
    patterns = list(kinds.values())
    states = [RuleState() for _ in range(RULES)]
    moments = [BEGAN + i * EVERY for i in range(STEPS)]
    began_s = time.process_time()
    for i, at in enumerate(moments):
        for rule in range(RULES):
            values = patterns[rule % len(patterns)]
            states[rule], _ = step(states[rule], limits, values[i % len(values)], at)
    return RULES * STEPS / (time.process_time() - began_s)


class _NothingRestless:
    """Stands for the database: no rule is restless, nothing is to be written."""

    async def execute(self, *_: object) -> None:
        return None

    async def fetchall(self) -> list[Any]:
        return []


async def _comparison() -> float:
    """Rules a second of CPU that `step_rules` finds to be quiet, with the sorting of readings by pit."""
    pits = [uuid5(SPACE, f"compared {n}") for n in range(BATCH)]
    rules = dict.fromkeys(pits, PitRules.of(dict(DEFAULTS)))
    compared = sum(_VALUES[i] is not None for i, _, _ in rules[pits[0]].quiet)
    batches = [list(_readings(pits, turn)) for turn in range(BATCHES)]
    hub = Hub()
    began_s = time.process_time()
    for batch in batches:
        await step_rules(_NothingRestless(), by_pit(runs(batch)), rules, hub)  # type: ignore[arg-type]  # all that it uses of one
    return BATCH * BATCHES * compared / (time.process_time() - began_s)


_VALUES = (24.0, 50.0, None, None, 5.0, 20.0, None)


def _readings(pits: list[UUID], turn: int) -> Iterator[Reading]:
    for n, pit_id in enumerate(pits):
        yield Reading(SPACE, pit_id, f"d{n:05}", 1, turn + 1, turn * 5_000_000, _VALUES)
