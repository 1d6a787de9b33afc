"""Simulated tenants: every rule holds after every event, and a seed says everything."""

from dataclasses import replace

import pytest
import typer
from typer.testing import CliRunner

from tools.pump_model.mutants import MUTANTS
from tools.simulate.command import sentence, simulate_pumps
from tools.simulate.run import Plan, simulate
from tools.simulate.weather import Climate

STORMY = Climate(cuts=60, flaps=20, sheds=10, reboots=60, links=100, not_ready=30, faults=10, welds=20, crashes=100)
PLANS = {
    "one motor": Plan(11, 25_000, groups=(1,), members=60),
    "two groups": Plan(12, 25_000),
    "three motors that exclude each other, in a storm": Plan(13, 30_000, groups=(3,), climate=STORMY),
}


@pytest.mark.parametrize("name", PLANS)
def test_every_rule_holds_after_every_event(name: str) -> None:
    outcome = simulate(PLANS[name])
    assert outcome.violations == ()
    assert outcome.events == PLANS[name].events
    assert outcome.counts["moved: running"] > 0


def test_a_storm_has_everything_in_it() -> None:
    counts = simulate(PLANS["three motors that exclude each other, in a storm"]).counts
    for what in ("moved: hold", "moved: completed", "refused: stale", "lost: no server", "wallet: repeated"):
        assert counts[what] > 0, what


def test_the_same_seed_is_the_same_simulation() -> None:
    first, second = (simulate(Plan(5, 8_000)) for _ in range(2))
    assert replace(first, seconds=0.0) == replace(second, seconds=0.0)
    assert simulate(Plan(6, 8_000)).counts != first.counts


@pytest.mark.parametrize("name", ["no wait before the next start", "wall-clock charging"])
def test_it_notices_a_rule_that_is_left_out_and_says_how_to_see_it_again(name: str) -> None:
    mutant = MUTANTS[name]
    assert mutant.patches is not None
    with mutant.patches():
        outcome = simulate(Plan(1, 40_000))
        assert outcome.violations
        again = simulate(Plan(1, outcome.events))
    assert again.violations == outcome.violations
    assert f"--seed 1 --events {outcome.events}" in sentence(outcome)


def test_the_command_says_what_it_did() -> None:
    command = typer.Typer()
    command.command()(simulate_pumps)
    result = CliRunner().invoke(command, ["--seed", "3", "--seeds", "2", "--events", "2000"])
    assert result.exit_code == 0, result.output
    assert result.output.count("every rule held") == 2
