"""Members use real motors while the program, the broker and PostgreSQL die by kill −9 at random moments of a seed."""

from itertools import pairwise
from random import Random

import pytest

from tools.ordeal import blows, checks
from tools.ordeal.checks import Span
from tools.ordeal.run import Plan, endure
from tools.virtual_board import Edge

SEED = 5


@pytest.mark.long
@pytest.mark.timeout(420)
async def test_two_motors_are_never_on_nothing_is_lost_and_all_goes_on_by_itself() -> None:
    outcome = await endure(Plan(SEED, 22.0, every_s=(3.0, 7.0), members=2, role="ingest"))
    assert outcome.faults == ()
    assert set(outcome.died) == {"app", "broker", "postgres"}
    assert outcome.runs["completed"] >= 3
    assert outcome.charged_s <= outcome.on_s
    assert len(outcome.diary.promised) == sum(outcome.runs.values())


def test_a_seed_says_who_dies_when_and_each_comes_up_in_three_blows() -> None:
    planned = blows.plan(Random(7), 600, (5, 20))
    assert planned == blows.plan(Random(7), 600, (5, 20))
    for n in range(0, len(planned) - 2, 3):
        assert {blow.victim for blow in planned[n : n + 3]} == set(blows.VICTIMS)
    assert all(5 <= after.at_s - before.at_s <= 20 for before, after in pairwise(planned))


def test_a_motor_has_its_current_while_both_outputs_are_high() -> None:
    edges = [Edge(25, 1, 10), Edge(5, 1, 12), Edge(2, 1, 13), Edge(5, 0, 20), Edge(5, 1, 30), Edge(25, 0, 40)]
    assert list(checks.spans("a", edges, 99)) == [Span("a", 12, 20), Span("a", 30, 40)]
    assert list(checks.spans("a", edges[:2], 99)) == [Span("a", 12, 99)]


@pytest.mark.parametrize(("begins_us", "both"), [(19, True), (20, False)])
def test_two_motors_that_had_their_current_at_once_are_found(begins_us: int, both: bool) -> None:
    assert bool(checks.overlaps([Span("b", begins_us, 30), Span("a", 10, 20)])) is both
