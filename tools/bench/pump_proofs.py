"""The proofs of the pump's rules at a larger size than the tests have time for: model, mutants, simulation."""

import asyncio

from tools.bench.found import Found, say
from tools.bench.rig import Rig
from tools.pump_model.mutants import LARGE_WORLDS, MUTANTS, WORLDS, caught, check
from tools.simulate.run import Plan, simulate

STATES_MAX = 3_000_000
PLANS = tuple(
    Plan(seed, 600_000, groups=groups, members=members)
    for seed in range(1, 7)
    for groups, members in (((1,), 60), ((1, 2), 250))
)
"""A tenant with one motor and one with three in two groups, each six times: 7.2 million events, six weeks and more."""

KEYS = ("pump.sim_events", "pump.violations", "pump.model_states", "pump.mutants_caught", "pump.mutants")


async def measure(rig: Rig, found: Found) -> None:
    """Each part in a thread, so that the time limit can end it between two of them."""
    await _model(found)
    await _mutants(found)
    await _simulations(found)


async def _model(found: Found) -> None:
    states = 0
    for name, world in {**WORLDS, **LARGE_WORLDS}.items():
        verdict = await asyncio.to_thread(check, world, STATES_MAX)
        say(f"  {name}: {verdict.states:,} states, {verdict.fault or 'none bad'}")
        if verdict.fault or not verdict.complete:
            found.miss(["pump.model_states"], f"{name}: {verdict.fault or 'not searched to its end'} {verdict.trace}")
            return
        states += verdict.states
    found.put("pump.model_states", states)


async def _mutants(found: Found) -> None:
    verdicts = [await asyncio.to_thread(caught, mutant) for mutant in MUTANTS.values()]
    found.put("pump.mutants", len(verdicts))
    found.put("pump.mutants_caught", sum(verdict.caught for verdict in verdicts))


async def _simulations(found: Found) -> None:
    outcomes = [await asyncio.to_thread(simulate, plan) for plan in PLANS]
    for outcome in outcomes:
        if outcome.violations:
            say(f"  seed {outcome.seed} after {outcome.events:,} events: {outcome.violations[0]}")
    found.put("pump.sim_events", sum(outcome.events for outcome in outcomes))
    found.put("pump.sim_days", sum(outcome.days for outcome in outcomes))
    found.put("pump.violations", sum(len(outcome.violations) for outcome in outcomes))
