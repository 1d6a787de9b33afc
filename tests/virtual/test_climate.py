"""The curves of the virtual air: believable through a year, and the same whenever they are asked."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.limits import DEFAULTS, Level
from domain.readings import METRICS, Metric, judge
from tests.virtual import climate as curves
from tests.virtual.climate import DAY_S, HOUR_S, SPRAYING_S, Air, Room, climate, plume

YEAR_BEGINS_S = 1_767_205_800  # 2026-01-01, midnight in India
YEAR_S = range(YEAR_BEGINS_S, YEAR_BEGINS_S + 365 * DAY_S, 7_001)
SEEDS = st.integers(1, 10_000)
MOMENTS_S = st.floats(YEAR_BEGINS_S, YEAR_BEGINS_S + 365 * DAY_S)


def level_of(air: Air) -> Level:
    values = zip(METRICS, air, strict=True)
    return max((DEFAULTS[metric].level_of(value) for metric, value in values if metric in DEFAULTS), default=Level.OK)


@given(SEEDS, MOMENTS_S)
def test_the_same_question_has_the_same_answer(seed: int, at_s: float) -> None:
    room = Room(seed, sprays=True, wet_since_s=YEAR_BEGINS_S)
    before = climate(room, at_s)
    for cached in (curves.normals, curves.spraying_in):
        cached.cache_clear()
    assert climate(room, at_s) == before


@given(SEEDS, MOMENTS_S, st.floats(0, 1))
def test_every_value_is_one_that_a_sensor_can_say(seed: int, at_s: float, mist: float) -> None:
    values = tuple(climate(Room(seed, True, YEAR_BEGINS_S), at_s, mist))
    assert judge(1, round(at_s * 1e6), values, round(at_s * 1e6)) is None


@pytest.mark.parametrize("seed", range(1, 13))
def test_a_steady_room_stays_in_spec_through_the_year(seed: int) -> None:
    assert {level_of(climate(Room(seed), at_s)) for at_s in YEAR_S} == {Level.OK}


@pytest.mark.parametrize("month", range(12))
def test_humidity_falls_as_the_day_warms_up(month: int) -> None:
    midnight_s = YEAR_BEGINS_S + (15 + 30 * month) * DAY_S
    cool, warm = ([climate(Room(5), midnight_s + day * DAY_S + hour * HOUR_S) for day in range(14)] for hour in (7, 16))
    assert sum(air.t_c for air in cool) < sum(air.t_c for air in warm)
    assert sum(air.rh_pct for air in cool) > sum(air.rh_pct for air in warm)


def test_summer_is_hotter_and_the_monsoon_more_humid_than_winter() -> None:
    def mean(month: int, metric: Metric) -> float:
        hours = range(24 * 28)
        begin_s = YEAR_BEGINS_S + month * 30 * DAY_S
        return sum(climate(Room(5), begin_s + h * HOUR_S)[METRICS.index(metric)] for h in hours) / len(hours)

    january, may, august = 0, 4, 7
    assert mean(may, Metric.T_C) > mean(january, Metric.T_C) + 1
    assert mean(august, Metric.RH_PCT) > mean(january, Metric.RH_PCT) + 3


def test_a_wet_floor_takes_the_humidity_over_its_limit_within_a_quarter_of_an_hour_and_keeps_it_there() -> None:
    limit = DEFAULTS[Metric.RH_PCT]
    wet = Room(3, wet_since_s=YEAR_BEGINS_S)
    assert climate(wet, YEAR_BEGINS_S) == climate(Room(3), YEAR_BEGINS_S)
    later = [climate(wet, at_s).rh_pct for at_s in YEAR_S if at_s > YEAR_BEGINS_S + 900]
    assert all(limit.level_of(value) is Level.WARNING for value in later)


def test_paint_mist_fills_the_pit_in_seconds_and_fades_away_for_minutes() -> None:
    rising = [plume(s) for s in range(int(SPRAYING_S))]
    fading = [plume(SPRAYING_S + s) for s in range(0, 600, 10)]
    assert rising[0] == 0.0
    assert rising[20] > 0.8
    assert rising == sorted(rising)
    ratios = {round(later / earlier, 9) for earlier, later in pairwise(fading)}
    assert len(ratios) == 1, "exponential: the same share is left after each ten seconds"
    assert fading[-1] < 0.001


def test_a_spray_job_is_critical_for_a_minute_or_more_and_over_within_ten() -> None:
    begin_s, limit = YEAR_BEGINS_S + 11 * HOUR_S, DEFAULTS[Metric.PM25]
    levels = [limit.level_of(climate(Room(4), begin_s + s, plume(s)).pm25) for s in range(0, 600, 5)]
    assert levels[0] is Level.OK
    assert levels.count(Level.CRITICAL) * 5 >= 60
    assert levels[-1] is Level.OK


def test_spray_jobs_of_a_room_fall_into_working_hours_and_end_within_their_hour() -> None:
    first = YEAR_BEGINS_S // HOUR_S
    jobs = [(hour, job) for hour in range(first, first + 24 * 365) if (job := curves.spraying_in(4, hour))]
    assert 60 < len(jobs) < 200
    for hour, job in jobs:
        assert curves.is_open(job.at_s)
        assert hour * HOUR_S <= job.at_s
        assert plume((hour + 1) * HOUR_S - job.at_s) < 0.001


def test_an_opened_door_lets_the_dust_in_and_it_settles_again() -> None:
    begin_s = YEAR_BEGINS_S + 5 * DAY_S + 10 * HOUR_S
    draughts = [curves.door_draught(2, begin_s + s) for s in range(0, 8 * HOUR_S, 10)]
    assert max(draughts) >= 0.95
    assert min(draughts) < 0.05
    assert curves.door_draught(2, begin_s - 5 * HOUR_S) == 0.0, "nobody opens doors at night"
