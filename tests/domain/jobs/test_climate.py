"""The climate of a job: unknown is neither good nor bad, and an excursion has a length and a worst value."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.jobs.climate import (
    ClimateNow,
    Excursion,
    Minute,
    StageClimate,
    StageSpan,
    climate_now,
    excursions,
    in_spec,
    of_stages,
    share_of,
)
from domain.jobs.words import Stage
from domain.limits import Limits
from domain.readings import Metric

NOW = datetime(2026, 3, 2, 6, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LIMITS = {Metric.T_C: Limits(15.0, 27.0), Metric.PM25: Limits(None, 12.0, None, 35.4)}


def minutes(*values: float | None, metric: Metric = Metric.T_C) -> list[Minute]:
    return [Minute(NOW + n * MINUTE, {} if v is None else {metric: v}) for n, v in enumerate(values)]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, None),
        ({Metric.P_HPA: 1_000.0}, None),
        ({Metric.T_C: 20.0}, True),
        ({Metric.T_C: 15.0, Metric.PM25: 12.0}, True),
        ({Metric.T_C: 20.0, Metric.PM25: 12.1}, False),
        ({Metric.T_C: 14.9}, False),
    ],
)
def test_all_that_is_measured_must_be_inside(values: dict[Metric, float], expected: bool | None) -> None:
    assert in_spec(values, LIMITS) is expected


def test_the_share_counts_minutes_that_are_known_only() -> None:
    spans = [
        StageSpan(Stage.WASH, NOW, NOW + 2 * MINUTE),
        StageSpan(Stage.FILM, NOW + 2 * MINUTE, NOW + 6 * MINUTE),
        StageSpan(Stage.FINISHING, NOW + 6 * MINUTE, NOW + 7 * MINUTE),
    ]
    found = of_stages(spans, minutes(20, 20, 20, 30, None, 20, None), LIMITS)
    assert found == [
        StageClimate(Stage.WASH, 2, 2, 2),
        StageClimate(Stage.FILM, 4, 3, 2),
        StageClimate(Stage.FINISHING, 1, 0, 0),
    ]
    assert [stage.share for stage in found] == [1.0, pytest.approx(2 / 3), None]
    assert share_of(found) == pytest.approx(4 / 5)
    assert share_of([]) is None


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([20, 20], []),
        ([20, 28, 31, 29, 20], [(1, 4, 31.0)]),
        ([12, 10, 14], [(0, 3, 10.0)]),
        ([28, None, 29], [(0, 1, 28.0), (2, 3, 29.0)]),
        ([28, 10], [(0, 2, 10.0)]),  # 5 below is further out than 1 above
    ],
)
def test_an_excursion_lasts_from_the_first_to_the_last_minute_outside(
    values: list[float | None], expected: list[tuple[int, int, float]]
) -> None:
    said = [Excursion(Metric.T_C, NOW + a * MINUTE, NOW + b * MINUTE, worst) for a, b, worst in expected]
    assert excursions(minutes(*values), LIMITS) == said


def test_a_gap_in_the_minutes_ends_an_excursion() -> None:
    first, _, third = minutes(30, 30, 30)
    assert [e.minutes for e in excursions([first, third], LIMITS)] == [1, 1]


@given(st.lists(st.none() | st.floats(0, 50)))
def test_minutes_outside_are_those_of_the_excursions(values: list[float | None]) -> None:
    all_minutes = minutes(*values)
    found = excursions(all_minutes, LIMITS)
    [whole] = of_stages([StageSpan(Stage.FILM, NOW, NOW + len(values) * MINUTE)], all_minutes, LIMITS)
    assert sum(e.minutes for e in found) == whole.known_min - whole.in_spec_min
    assert all(a.until <= b.since for a, b in pairwise(found))


def ago(*minutes_and_values: tuple[int, float]) -> list[tuple[datetime, float]]:
    return [(NOW - minutes * MINUTE, value) for minutes, value in minutes_and_values]


UNKNOWN = ClimateNow(False, None)
OUT = ClimateNow(True, None)


@pytest.mark.parametrize(
    ("t_c", "pm25", "expected"),
    [
        ([], [], UNKNOWN),
        (ago((6, 20.0)), [], UNKNOWN),
        (ago((1, 20.0)), ago((9, 5.0)), UNKNOWN),  # dust was measured, and is no longer
        (ago((2, 20.0), (1, 20.0)), [], ClimateNow(True, NOW - 2 * MINUTE)),
        (ago((2, 20.0), (1, 30.0)), [], OUT),
        (ago((1, 20.0)), ago((1, 50.0)), OUT),
        (ago((4, 20.0), (3, 30.0), (2, 20.0), (1, 20.0)), [], ClimateNow(True, NOW - 2 * MINUTE)),
        (ago((9, 20.0), (3, 20.0)), [], ClimateNow(True, NOW - 3 * MINUTE)),  # nobody knows what was in between
        (ago((8, 20.0), (4, 20.0), (1, 20.0)), ago((5, 5.0), (1, 5.0)), ClimateNow(True, NOW - 5 * MINUTE)),
    ],
)
def test_the_climate_is_right_since_the_last_metric_came_inside(
    t_c: list[tuple[datetime, float]], pm25: list[tuple[datetime, float]], expected: ClimateNow
) -> None:
    series = {Metric.T_C: t_c, Metric.PM25: pm25, Metric.P_HPA: ago((30, 1.0))}
    assert climate_now(series, LIMITS, NOW) == expected
