"""Failures slow down whoever guesses, and the wait never grows beyond a bound."""

from itertools import pairwise

import pytest

from domain.throttling import ACCOUNT, ADDRESS, ASKING, PAIR, Pace

PACES = [PAIR, ACCOUNT, ADDRESS, ASKING]


def test_the_first_failures_are_free_then_each_doubles_the_wait_up_to_the_longest() -> None:
    pace = Pace(free=3, first_wait_s=5, longest_wait_s=60)
    assert [pace.wait_s(n) for n in range(10)] == [0, 0, 0, 5, 10, 20, 40, 60, 60, 60]


@pytest.mark.parametrize("pace", PACES)
def test_no_wait_is_for_good_however_many_failures(pace: Pace) -> None:
    waits = [pace.wait_s(n) for n in (*range(200), 10**6, 10**12)]
    assert all(before <= after for before, after in pairwise(waits))
    assert waits[-1] == pace.longest_wait_s <= 3_600


def test_whoever_keeps_guessing_from_one_address_gets_about_a_hundred_guesses_a_day() -> None:
    seconds = guesses = 0
    while seconds < 86_400:
        guesses += 1
        seconds += PAIR.wait_s(guesses)
    assert guesses < 110


def test_all_addresses_together_are_slowed_down_later_than_one() -> None:
    assert PAIR.free < ACCOUNT.free < ADDRESS.free
