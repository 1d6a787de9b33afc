"""Limits: what is out, what counts as back, which limits make no sense, and from which place each limit comes."""

import math
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.limits import DEFAULTS, FILM_PROFILES, Level, Limits, LimitsFault, Origin, check, resolve
from domain.readings import FACTS, METRICS

OK, WARNING, CRITICAL = Level.OK, Level.WARNING, Level.CRITICAL
CLIMATE = Limits(15.0, 35.0, 5.0, 45.0, band=2.0, raise_after_s=30, clear_after_s=60)

numbers = st.none() | st.integers(-100, 100).map(float)
seconds = st.none() | st.integers(0, 600)
some_limits = st.builds(
    Limits, numbers, numbers, numbers, numbers, st.none() | st.integers(0, 60).map(float), seconds, seconds
)


@pytest.mark.parametrize(
    ("value", "level"),
    [
        (4.9, CRITICAL), (5.0, WARNING), (14.9, WARNING), (15.0, OK), (25.0, OK),
        (35.0, OK), (35.1, WARNING), (45.0, WARNING), (45.1, CRITICAL),
    ],
)  # fmt: skip
def test_a_value_on_its_limit_is_still_inside(value: float, level: Level) -> None:
    assert CLIMATE.level_of(value) is level


@pytest.mark.parametrize(
    ("level", "value", "back"),
    [
        (WARNING, 33.0, True), (WARNING, 33.1, False), (WARNING, 17.0, True), (WARNING, 16.9, False),
        (CRITICAL, 43.0, True), (CRITICAL, 43.1, False), (CRITICAL, 7.0, True), (CRITICAL, 6.9, False),
    ],
)  # fmt: skip
def test_a_value_is_back_once_it_is_inside_by_the_band(level: Level, value: float, back: bool) -> None:
    assert CLIMATE.is_back(level, value) is back


def test_no_limit_is_never_crossed() -> None:
    nothing = Limits()
    assert nothing.level_of(1e308) is OK
    assert nothing.is_back(CRITICAL, -1e308)


def test_a_limit_on_one_side_leaves_the_other_open() -> None:
    dust = Limits(warning_high=12.0, critical_high=35.4)
    assert [dust.level_of(value) for value in (-1e6, 12.0, 12.1, 35.5)] == [OK, OK, WARNING, CRITICAL]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({}, None),
        ({"critical_low": 15.0, "critical_high": 35.0}, None),
        ({"band": 10.0}, None),
        ({"warning_low": None, "warning_high": None}, None),
        ({"warning_low": 35.0}, LimitsFault.LOW_ABOVE_HIGH),
        ({"warning_low": 36.0}, LimitsFault.LOW_ABOVE_HIGH),
        ({"critical_high": 34.9}, LimitsFault.CRITICAL_INSIDE_WARNING),
        ({"critical_low": 15.1}, LimitsFault.CRITICAL_INSIDE_WARNING),
        ({"band": -0.1}, LimitsFault.NEGATIVE),
        ({"raise_after_s": -1}, LimitsFault.NEGATIVE),
        ({"clear_after_s": -1}, LimitsFault.NEGATIVE),
        ({"band": 10.1}, LimitsFault.BAND_TOO_WIDE),
        ({"warning_low": None, "warning_high": None, "critical_low": 45.0}, LimitsFault.LOW_ABOVE_HIGH),
        ({"warning_low": None, "critical_low": 40.0}, LimitsFault.LOW_ABOVE_HIGH),
        ({"warning_high": None, "critical_high": 10.0}, LimitsFault.LOW_ABOVE_HIGH),
        ({"warning_low": None, "warning_high": None, "band": 20.1}, LimitsFault.BAND_TOO_WIDE),
    ],
)
def test_limits_that_make_no_sense_are_named(change: dict[str, float | None], fault: LimitsFault | None) -> None:
    assert check(replace(CLIMATE, **change)) is fault  # type: ignore[arg-type]  # the names are Limits' own


@given(some_limits)
def test_limits_without_a_fault_leave_a_value_that_is_back_from_every_level(limits: Limits) -> None:
    if check(limits) is not None:
        return
    lows = [v for v in (limits.warning_low, limits.critical_low) if v is not None]
    highs = [v for v in (limits.warning_high, limits.critical_high) if v is not None]
    low, high = max(lows, default=-1e3), min(highs, default=1e3)
    middle = (low + high) / 2
    assert limits.level_of(middle) is OK
    assert limits.is_back(WARNING, middle)
    assert limits.is_back(CRITICAL, middle)


@given(some_limits, st.floats(-1e4, 1e4))
def test_no_value_is_out_and_back_at_once(limits: Limits, value: float) -> None:
    assert not any(limits.is_out(level, value) and limits.is_back(level, value) for level in (WARNING, CRITICAL))


@given(st.dictionaries(st.sampled_from(Origin), some_limits))
def test_each_limit_comes_from_the_nearest_place_that_says_it(said: dict[Origin, Limits]) -> None:
    resolved, origins = resolve(said)
    for field in fields(Limits):
        saying = [o for o in Origin if o in said and getattr(said[o], field.name) is not None]
        assert origins.get(field.name) == (saying[0] if saying else None)
        expected = getattr(said[saying[0]], field.name) if saying else None
        assert getattr(resolved, field.name) == expected


def test_a_pit_may_change_one_limit_and_inherit_the_rest() -> None:
    resolved, origins = resolve(
        {
            Origin.PIT: Limits(warning_high=30.0),
            Origin.TENANT: Limits(warning_high=33.0, band=0.0),
            Origin.FILM: Limits(warning_low=16.0),
            Origin.DEFAULT: CLIMATE,
        }
    )
    assert resolved == Limits(16.0, 30.0, 5.0, 45.0, band=0.0, raise_after_s=30, clear_after_s=60)
    assert origins == {
        "warning_low": Origin.FILM,
        "warning_high": Origin.PIT,
        "critical_low": Origin.DEFAULT,
        "critical_high": Origin.DEFAULT,
        "band": Origin.TENANT,
        "raise_after_s": Origin.DEFAULT,
        "clear_after_s": Origin.DEFAULT,
    }


def test_nearest_is_pit_then_tenant_then_film_then_default() -> None:
    assert list(Origin) == [Origin.PIT, Origin.TENANT, Origin.FILM, Origin.DEFAULT]


def test_defaults_make_sense_and_lie_inside_what_the_sensors_can_say() -> None:
    for metric, limits in DEFAULTS.items():
        assert check(limits) is None
        for value in (limits.warning_low, limits.warning_high, limits.critical_low, limits.critical_high):
            assert value is None or FACTS[metric].lowest <= value <= FACTS[metric].highest
        assert limits.raise_after_s is not None
        assert limits.clear_after_s is not None


def test_film_profiles_make_sense_on_top_of_the_defaults() -> None:
    for said in FILM_PROFILES.values():
        for metric, film in said.items():
            resolved, _ = resolve({Origin.FILM: film, Origin.DEFAULT: DEFAULTS[metric]})
            assert check(resolved) is None


def test_every_metric_has_facts_and_a_range_that_is_not_empty() -> None:
    assert set(FACTS) == set(METRICS)
    assert all(math.isfinite(f.highest - f.lowest) and f.lowest < f.highest for f in FACTS.values())
