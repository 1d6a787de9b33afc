"""Ticks wrap after 6.2 days; nothing that is built on them may notice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.firmware.by_path import pure

ticks = pure("core.ticks")
TICKS = st.integers(0, ticks.MASK)
SPANS_MS = st.integers(-ticks.HALF + 1, ticks.HALF - 1)


@pytest.mark.parametrize(
    ("later", "earlier", "ms"),
    [
        (5, 3, 2),
        (3, 5, -2),
        (0, ticks.MASK, 1),  # just wrapped
        (ticks.MASK, 0, -1),
        (10, ticks.MASK - 9, 20),
        (ticks.HALF - 1, 0, ticks.HALF - 1),  # as far apart as may be
    ],
)
def test_a_difference_is_right_across_the_wrap(later: int, earlier: int, ms: int) -> None:
    assert ticks.diff(later, earlier) == ms


@given(TICKS, SPANS_MS)
def test_what_is_added_is_the_difference(tick: int, ms: int) -> None:
    assert ticks.diff(ticks.add(tick, ms), tick) == ms


@given(TICKS, SPANS_MS)
def test_a_moment_is_due_from_then_on(tick: int, ms: int) -> None:
    assert ticks.is_due(ticks.add(tick, ms), tick) == (ms >= 0)


@given(st.integers(0, ticks.MASK), st.lists(st.integers(0, ticks.HALF - 1), max_size=20))
def test_uptime_never_wraps_and_misses_nothing(start: int, steps: list[int]) -> None:
    ms = [start]
    clock = ticks.Clock(lambda: ms[0])
    for step in steps:
        ms[0] += step
        assert clock.now() == ticks.wrap(ms[0])
    assert clock.up_ms() == sum(steps)


@given(TICKS, SPANS_MS)
def test_sums_and_differences_stay_small_integers_of_a_32_bit_chip(tick: int, ms: int) -> None:
    assert abs(tick + ms) < 2**30
    assert abs(ticks.MASK + ticks.HALF) < 2**30
