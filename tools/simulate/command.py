"""`python main.py simulate`: whole tenants under the real pump rules; a seed that fails is replayed by its number."""

from typing import Annotated

import typer

from tools.simulate.run import Outcome, Plan, simulate


def simulate_pumps(
    seed: Annotated[int, typer.Option(help="The same seed is the same simulation, to the last message.")] = 1,
    seeds: Annotated[int, typer.Option(help="How many seeds, one after the other.", min=1)] = 1,
    events: Annotated[int, typer.Option(help="Events of each seed.", min=1)] = 200_000,
) -> None:
    """Simulates shared pumps: members, power cuts, bad networks, dying servers. Ends with status 1 if a rule broke."""
    broken = 0
    for number in range(seed, seed + seeds):
        outcome = simulate(Plan(number, events))
        broken += bool(outcome.violations)
        print(sentence(outcome), flush=True)
    raise typer.Exit(1 if broken else 0)


def sentence(outcome: Outcome) -> str:
    """What was simulated, and the first rule that broke with the way to see it again."""
    did = f"seed {outcome.seed}: {outcome.events:,} events, {outcome.days:.1f} days, {outcome.checks:,} checks"
    if not outcome.violations:
        return f"{did} in {outcome.seconds:.1f} s: every rule held."
    again = f"python main.py simulate --seed {outcome.seed} --events {outcome.events}"
    return f"{did}: BROKEN, {outcome.violations[0]}. Again: {again}"
