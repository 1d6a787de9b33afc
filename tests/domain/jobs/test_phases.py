"""The way of a car in the customer's words: one phase is now, what is done has its time, the rest a guess."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.jobs.calendar import DAY_MINUTES, WorkingCalendar
from domain.jobs.climate import StageSpan
from domain.jobs.job import Job
from domain.jobs.phases import At, Phase, Step, phase_now, steps
from domain.jobs.plans import STAGES
from domain.jobs.words import HoldReason, Stage, State, WorkType

NOW = datetime(2026, 3, 2, 6, tzinfo=UTC)
ALWAYS = WorkingCalendar(UTC, dict.fromkeys(range(7), ((0, DAY_MINUTES),)))
JOB = Job(uuid4(), WorkType.FULL_PPF)
BEFORE_FILM = STAGES[WorkType.FULL_PPF][:5]


def minute(n: int) -> datetime:
    return NOW + timedelta(minutes=n)


def way(job: Job, spans: list[StageSpan], ready: datetime | None, checked: datetime | None = None) -> list[Step]:
    return steps(
        job, spans, received_at=minute(-300), checked_since=checked, ready_at=ready, calendar=ALWAYS, now=NOW
    )  # fmt: skip


@pytest.mark.parametrize(
    ("job", "phase"),
    [
        (JOB, Phase.RECEIVED),
        (replace(JOB, state=State.IN_PROGRESS), Phase.WASH),
        (replace(JOB, state=State.IN_PROGRESS, stages_done=BEFORE_FILM), Phase.FILM),
        (replace(JOB, state=State.IN_PROGRESS, stages_done=STAGES[WorkType.FULL_PPF]), Phase.CHECK),
        (
            replace(JOB, state=State.ON_HOLD, held_from=State.QUALITY_CHECK, hold_reason=HoldReason.PARTS),
            Phase.CHECK,
        ),
        (replace(JOB, state=State.COMPLETE, completed_at=NOW), Phase.READY),
        (replace(JOB, state=State.DELIVERED, completed_at=NOW, ended_at=NOW), Phase.READY),
        (replace(JOB, state=State.CANCELLED, ended_at=NOW), Phase.RECEIVED),
    ],
)
def test_each_state_and_stage_belongs_to_one_phase(job: Job, phase: Phase) -> None:
    assert phase_now(job) is phase


def test_a_car_under_film_shows_what_was_when_and_what_comes_about_when() -> None:
    job = replace(JOB, state=State.IN_PROGRESS, stages_done=BEFORE_FILM)
    times = [-200, -180, -150, -120, -100, -80]
    spans = [
        StageSpan(stage, minute(a), minute(b))
        for stage, a, b in zip(BEFORE_FILM, times, [*times[1:5], -80], strict=False)
    ]
    spans.append(StageSpan(Stage.FILM, minute(-80), NOW))
    shown = way(job, spans, minute(130))
    assert [(step.phase, step.at) for step in shown] == [
        (Phase.RECEIVED, At.DONE), (Phase.WASH, At.DONE), (Phase.PREPARATION, At.DONE), (Phase.FILM, At.NOW),
        (Phase.FINISHING, At.LATER), (Phase.CHECK, At.LATER), (Phase.READY, At.LATER),
    ]  # fmt: skip
    assert [step.when for step in shown] == [
        minute(-300), minute(-150), minute(-80), minute(-80), minute(80), minute(120), minute(130),
    ]  # fmt: skip


def test_work_that_is_done_again_is_now_since_it_began_again() -> None:
    job = replace(JOB, state=State.IN_PROGRESS, stages_done=BEFORE_FILM, rework=1)
    spans = [
        StageSpan(Stage.FILM, minute(-90), minute(-60)),
        StageSpan(Stage.FINISHING, minute(-60), minute(-30)),
        StageSpan(Stage.FILM, minute(-10), minute(-5)),
        StageSpan(Stage.FILM, minute(-4), NOW),
    ]
    [film] = [step for step in way(job, spans, minute(60)) if step.phase is Phase.FILM]
    assert (film.at, film.when) == (At.NOW, minute(-10))


def test_nobody_says_when_a_job_on_hold_goes_on() -> None:
    job = replace(JOB, state=State.ON_HOLD, held_from=State.IN_PROGRESS, hold_reason=HoldReason.CLIMATE)
    assert {step.when for step in way(job, [], None) if step.at is At.LATER} == {None}


def test_a_car_that_is_ready_has_nothing_before_it() -> None:
    job = replace(JOB, state=State.COMPLETE, completed_at=minute(-5), stages_done=STAGES[WorkType.FULL_PPF])
    shown = way(job, [StageSpan(Stage.FILM, minute(-90), minute(-60))], minute(-5), minute(-20))
    assert {step.at for step in shown} == {At.DONE}
    assert (shown[-1].when, shown[-2].when) == (minute(-5), minute(-5))


@given(st.sampled_from(WorkType), st.integers(0, 8), st.integers(0, 5_000))
def test_what_is_to_come_is_in_order_and_not_after_the_end(work_type: WorkType, done: int, left: int) -> None:
    job = replace(JOB, work_type=work_type, state=State.IN_PROGRESS, stages_done=STAGES[work_type][:done])
    later = [step.when for step in way(job, [], minute(left)) if step.at is At.LATER]
    assert None not in later
    known = [when for when in later if when is not None]
    assert known == sorted(known) and all(NOW <= when <= minute(left) for when in known)
    assert sum(step.at is At.NOW for step in way(job, [], minute(left))) == 1
