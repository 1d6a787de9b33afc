"""The lease, exhaustively: every reachable world is good, and each rule that is left out shows."""

import pytest

from tools.pump_model.mutants import MUTANTS, WORLDS, caught, check
from tools.pump_model.search import search

STATES_MAX = 1_000_000


@pytest.mark.parametrize("name", WORLDS)
def test_no_bad_state_can_be_reached(name: str) -> None:
    verdict = check(WORLDS[name], STATES_MAX)
    assert verdict.fault is None, "\n".join((verdict.fault or "", *verdict.trace))
    assert verdict.complete


@pytest.mark.parametrize("name", MUTANTS)
def test_a_rule_left_out_is_caught(name: str) -> None:
    verdict = caught(MUTANTS[name])
    assert verdict.caught
    assert verdict.trace


def test_the_original_rules_are_back_after_a_mutant() -> None:
    caught(MUTANTS["no wait before the next start"])
    assert check(WORLDS["money"]).fault is None
    assert check(MUTANTS["no wait before the next start"].setting, 20_000).fault is None


def test_a_search_finds_the_shortest_way_and_says_whether_it_saw_everything() -> None:
    def doubled_or_more(n: int) -> list[tuple[str, int]]:
        return [("double", n * 2), ("add one", n + 1)] if n < 100 else []

    found = search([1], doubled_or_more, lambda n: "ten" if n == 10 else None, 1_000)
    assert (found.fault, found.trace) == ("ten", ("double", "double", "add one", "double"))
    assert search([1], doubled_or_more, lambda n: None, 1_000).complete
    assert not search([1], doubled_or_more, lambda n: None, 10).complete
