"""What may be stored of a sensor's word: each guard, in the order in which they speak, and nothing else gets past."""

import math
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.readings import (
    AGE_MAX_S,
    FACTS,
    FUTURE_MAX_S,
    METRICS,
    SEQ_MAX,
    Metric,
    Reading,
    Reject,
    by_pit,
    judge,
    runs,
)

NOW_US = 1_760_000_000_000_000
PLAUSIBLE = (21.5, 45.0, 1_008.0, 3.0, 5.0, 9.0, 40.0)
NONE_MEASURED = (None,) * len(METRICS)


def only(metric: Metric, value: float) -> tuple[float | None, ...]:
    return tuple(value if m is metric else None for m in METRICS)


def test_a_plausible_reading_of_now_is_taken() -> None:
    assert judge(1, NOW_US, PLAUSIBLE, NOW_US) is None


@pytest.mark.parametrize(("seq", "reason"), [(1, None), (SEQ_MAX, None), (0, Reject.BAD_SEQ), (-1, Reject.BAD_SEQ)])
def test_readings_number_themselves_from_one(seq: int, reason: Reject | None) -> None:
    assert judge(seq, NOW_US, PLAUSIBLE, NOW_US) is reason


def test_a_number_that_json_readers_would_round_is_refused() -> None:
    assert judge(SEQ_MAX + 1, NOW_US, PLAUSIBLE, NOW_US) is Reject.BAD_SEQ
    assert judge(10**30, NOW_US, PLAUSIBLE, NOW_US) is Reject.BAD_SEQ


@pytest.mark.parametrize(
    ("ahead_us", "reason"),
    [
        (FUTURE_MAX_S * 1_000_000, None),
        (FUTURE_MAX_S * 1_000_000 + 1, Reject.FUTURE),
        (10**30, Reject.FUTURE),
        (-AGE_MAX_S * 1_000_000, None),
        (-AGE_MAX_S * 1_000_000 - 1, Reject.TOO_OLD),
        (-NOW_US, Reject.TOO_OLD),
        (-(10**30), Reject.TOO_OLD),
    ],
)
def test_a_moment_is_at_most_five_minutes_ahead_and_seven_days_back(ahead_us: int, reason: Reject | None) -> None:
    assert judge(1, NOW_US + ahead_us, PLAUSIBLE, NOW_US) is reason


@pytest.mark.parametrize("metric", METRICS)
def test_a_sensor_may_say_its_whole_range_and_nothing_beyond(metric: Metric) -> None:
    facts = FACTS[metric]
    for inside in (facts.lowest, facts.highest):
        assert judge(1, NOW_US, only(metric, inside), NOW_US) is None
    for outside in (math.nextafter(facts.lowest, -math.inf), math.nextafter(facts.highest, math.inf)):
        assert judge(1, NOW_US, only(metric, outside), NOW_US) is Reject.IMPLAUSIBLE


@pytest.mark.parametrize("broken", [math.nan, math.inf, -math.inf, 1e308, -1e308])
@pytest.mark.parametrize("metric", METRICS)
def test_a_broken_number_takes_the_whole_reading_with_it(metric: Metric, broken: float) -> None:
    values = tuple(broken if m is metric else value for m, value in zip(METRICS, PLAUSIBLE, strict=True))
    assert judge(1, NOW_US, values, NOW_US) is Reject.IMPLAUSIBLE


def test_a_reading_needs_at_least_one_value() -> None:
    assert judge(1, NOW_US, NONE_MEASURED, NOW_US) is Reject.NO_VALUE


def test_the_number_speaks_before_the_moment_and_the_moment_before_the_values() -> None:
    ancient_us, broken = 0, only(Metric.T_C, math.nan)
    assert judge(0, ancient_us, broken, NOW_US) is Reject.BAD_SEQ
    assert judge(1, ancient_us, broken, NOW_US) is Reject.TOO_OLD
    assert judge(1, NOW_US, broken, NOW_US) is Reject.IMPLAUSIBLE


@given(
    seq=st.integers(),
    at_us=st.one_of(st.integers(), st.integers(NOW_US - 10**12, NOW_US + 10**9)),
    values=st.tuples(*[st.none() | st.floats() | st.floats(-50, 1_200)] * len(METRICS)),
)
def test_whatever_is_taken_is_plausible_in_every_part(seq: int, at_us: int, values: tuple[float | None, ...]) -> None:
    if judge(seq, at_us, values, NOW_US) is not None:
        return
    assert 1 <= seq <= SEQ_MAX
    assert -AGE_MAX_S * 1_000_000 <= at_us - NOW_US <= FUTURE_MAX_S * 1_000_000
    measured = [(FACTS[m], value) for m, value in zip(METRICS, values, strict=True) if value is not None]
    assert measured
    assert all(math.isfinite(value) and facts.lowest <= value <= facts.highest for facts, value in measured)


PITS = {name: UUID(int=n) for n, name in enumerate("AB", start=1)} | {"-": None}


def readings_of(said: str) -> list[Reading]:
    """ "d1:A d2:-" are two readings, of a device in pit A and of one in no pit."""
    told = (word.partition(":") for word in said.split())
    return [
        Reading(UUID(int=9), PITS[pit], device_id, 1, seq, NOW_US + seq, PLAUSIBLE)
        for seq, (device_id, _, pit) in enumerate(told, start=1)
    ]


@pytest.mark.parametrize(
    ("came", "devices"),
    [
        ("", []),
        ("d1:A d2:B d1:A d2:B", [("d1", [1, 3]), ("d2", [2, 4])]),
        ("d1:A d1:B d1:B", [("d1", [1]), ("d1", [2, 3])]),
        ("d1:- d2:A d1:-", [("d1", [1, 3]), ("d2", [2])]),
    ],
)
def test_readings_of_one_device_in_one_pit_are_put_together(came: str, devices: list[tuple[str, list[int]]]) -> None:
    found = runs(readings_of(came))
    assert [(run[0].device_id, [reading.seq for reading in run]) for run in found] == devices


@pytest.mark.parametrize(
    ("came", "pits"),
    [
        ("", {}),
        ("d1:A d2:B d1:A", {"A": [1, 3], "B": [2]}),
        ("d1:A d2:A d1:A", {"A": [1, 3, 2]}),
        ("d1:A d1:B d1:A", {"A": [1, 3], "B": [2]}),
        ("d1:- d2:A", {"A": [2]}),
    ],
)
def test_readings_of_a_pit_are_those_of_all_its_devices(came: str, pits: dict[str, list[int]]) -> None:
    found = by_pit(runs(readings_of(came)))
    assert {pit_id: [reading.seq for reading in own] for pit_id, own in found.items()} == {
        PITS[name]: seqs for name, seqs in pits.items()
    }
