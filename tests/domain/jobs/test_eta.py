"""Estimates that are learned, and progress that does not lie."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.jobs.calendar import DAY_MINUTES, WorkingCalendar
from domain.jobs.eta import CHECKED_SHARE, LEARNED_FROM, Estimate, estimate, forecast, percentile, progress
from domain.jobs.job import Job
from domain.jobs.plans import DEFAULT_MINUTES, STAGES
from domain.jobs.words import Stage, State, WorkType

NOW = datetime(2026, 3, 2, 6, tzinfo=UTC)
ALWAYS = WorkingCalendar(UTC, dict.fromkeys(range(7), ((0, DAY_MINUTES),)))
PLAN = Estimate(360, 450, 0)
WORKING = Job(uuid4(), WorkType.FULL_PPF, state=State.IN_PROGRESS, started_at=NOW)


@pytest.mark.parametrize(
    ("finished", "own", "expected"),
    [
        ([], None, Estimate(360, 450, 0)),
        ([100] * (LEARNED_FROM - 1), None, Estimate(360, 450, 0)),
        ([100] * (LEARNED_FROM - 1) + [0, -5], None, Estimate(360, 450, 0)),
        ([80, 10, 70, 20, 60, 30, 50, 40], None, Estimate(40, 70, 8)),
        ([10, 20, 30, 40, 50, 60, 70, 80, 90, 100], None, Estimate(50, 80, 10)),
        ([10] * 50, 200, Estimate(200, 250, 0)),
        ([10] * 200 + [1_000] * 500, None, Estimate(10, 10, 200)),  # what is long ago is forgotten
    ],
)
def test_eight_finished_jobs_teach_and_fewer_do_not(finished: list[int], own: int | None, expected: Estimate) -> None:
    assert estimate(WorkType.FULL_PPF, finished, own) == expected


@given(st.lists(st.integers(1, 10_000), min_size=1), st.integers(1, 100))
def test_a_percentile_is_a_value_that_occurred_with_enough_below(values: list[int], percent: int) -> None:
    found = percentile(values, percent)
    assert found in values
    assert sum(value <= found for value in values) * 100 >= percent * len(values)
    assert sum(value < found for value in values) * 100 < percent * len(values)


def test_a_late_job_says_so_and_the_promise_stays() -> None:
    promised = NOW - timedelta(minutes=90)
    late = forecast(WORKING, PLAN, 600, promised, ALWAYS, NOW)
    assert (late.is_overdue, late.overdue_min, late.promised_at) == (True, 90, promised)
    assert late.ready_at is not None and late.ready_at > NOW
    assert late.progress < 0.1  # nobody has finished a stage, however long ago the start was


def test_a_job_on_hold_has_no_moment_and_one_that_is_complete_has_the_moment_it_was() -> None:
    held = replace(WORKING, state=State.ON_HOLD, held_from=State.IN_PROGRESS)
    assert forecast(held, PLAN, 60, None, ALWAYS, NOW).ready_at is None
    done = replace(WORKING, state=State.COMPLETE, completed_at=NOW)
    found = forecast(done, PLAN, 60, NOW + timedelta(hours=1), ALWAYS, NOW + timedelta(days=3))
    assert (found.ready_at, found.is_overdue, found.progress) == (NOW, False, 1.0)
    cancelled = replace(WORKING, state=State.CANCELLED)
    assert not forecast(cancelled, PLAN, 60, NOW - timedelta(hours=1), ALWAYS, NOW).is_overdue


def test_without_hours_nobody_can_say_when() -> None:
    assert forecast(WORKING, PLAN, 0, None, WorkingCalendar(UTC, {}), NOW).ready_at is None


@given(st.sampled_from(WorkType), st.integers(0, 8), st.lists(st.integers(0, 100_000), min_size=1))
def test_progress_grows_is_bounded_by_what_was_confirmed_and_is_whole_only_at_the_end(
    work_type: WorkType, done: int, worked: list[int]
) -> None:
    plan = estimate(work_type, [])
    stages = STAGES[work_type]
    job = replace(WORKING, work_type=work_type, stages_done=stages[:done])
    shares = [progress(job, plan, minutes) for minutes in sorted(worked)]
    assert shares == sorted(shares)
    assert all(0.0 <= share <= CHECKED_SHARE for share in shares)
    if done < len(stages):
        assert shares[-1] < progress(replace(job, stages_done=stages[: done + 1]), plan, 0)
    ready = forecast(job, plan, max(worked), None, ALWAYS, NOW).ready_at
    assert ready is not None and ready > NOW


def test_a_job_at_its_start_takes_what_such_jobs_take() -> None:
    fresh = replace(WORKING, state=State.RECEIVED, started_at=None)
    found = forecast(fresh, PLAN, 0, None, ALWAYS, NOW)
    assert (found.ready_at, found.progress) == (NOW + timedelta(minutes=360), 0.0)
    assert progress(replace(WORKING, stages_done=(Stage.INSPECTION,)), PLAN, 0) == pytest.approx(0.05 * CHECKED_SHARE)
    assert set(DEFAULT_MINUTES.values()) == {360, 180, 240}


def test_the_work_on_a_booked_car_begins_on_its_day_and_no_earlier() -> None:
    booked, day = replace(WORKING, state=State.RECEIVED, started_at=None), NOW + timedelta(days=6)
    assert forecast(booked, PLAN, 0, None, ALWAYS, NOW, planned_at=day).ready_at == day + timedelta(minutes=360)
    overslept = forecast(booked, PLAN, 0, None, ALWAYS, NOW, planned_at=NOW - timedelta(days=1))
    assert overslept.ready_at == NOW + timedelta(minutes=360)
    early = forecast(WORKING, PLAN, 0, None, ALWAYS, NOW, planned_at=day)  # somebody began before
    assert early.ready_at == NOW + timedelta(minutes=360)
