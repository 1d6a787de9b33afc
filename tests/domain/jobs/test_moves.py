"""The job table: every move that is there, every move that is not, and what each one needs."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.access import Role
from domain.jobs.job import Around, Ask, Job, Refused
from domain.jobs.moves import CLIMATE_STEADY, REASON_CHARS, TABLE, allowed_moves, assign, decide
from domain.jobs.plans import CHECKLISTS, DEFAULT_MINUTES, STAGES, WEIGHTS
from domain.jobs.words import ENDED, IN_PIT, Event, HoldReason, JobRefusal, Stage, State, WorkType

NOW = datetime(2026, 3, 2, 6, tzinfo=UTC)
FINE = Around(NOW, pit_is_free=True, climate_ok_since=NOW - timedelta(hours=1), climate_known=True)
OUT = replace(FINE, climate_ok_since=None)
DARK = replace(FINE, climate_ok_since=None, climate_known=False)
ALL_CHECKED = frozenset(CHECKLISTS[WorkType.FULL_PPF])
READY = Job(uuid4(), WorkType.FULL_PPF, pit_id=uuid4(), staff=frozenset({uuid4()}))
JOBS = {
    State.RECEIVED: READY,
    State.IN_PROGRESS: replace(READY, state=State.IN_PROGRESS, stages_done=tuple(Stage)),
    State.QUALITY_CHECK: replace(READY, state=State.QUALITY_CHECK, stages_done=tuple(Stage), defects=1),
    State.ON_HOLD: replace(READY, state=State.ON_HOLD, held_from=State.QUALITY_CHECK, stages_done=tuple(Stage)),
    State.COMPLETE: replace(READY, state=State.COMPLETE, completed_at=NOW),
    State.DELIVERED: replace(READY, state=State.DELIVERED, ended_at=NOW),
    State.CANCELLED: replace(READY, state=State.CANCELLED, ended_at=NOW),
}
LEADS_TO = {
    (State.RECEIVED, Event.START): State.IN_PROGRESS,
    (State.IN_PROGRESS, Event.SUBMIT): State.QUALITY_CHECK,
    (State.QUALITY_CHECK, Event.PASS): State.COMPLETE,
    (State.QUALITY_CHECK, Event.FAIL): State.IN_PROGRESS,
    (State.IN_PROGRESS, Event.HOLD): State.ON_HOLD,
    (State.QUALITY_CHECK, Event.HOLD): State.ON_HOLD,
    (State.ON_HOLD, Event.RESUME): State.QUALITY_CHECK,
    (State.RECEIVED, Event.CANCEL): State.CANCELLED,
    (State.IN_PROGRESS, Event.CANCEL): State.CANCELLED,
    (State.QUALITY_CHECK, Event.CANCEL): State.CANCELLED,
    (State.ON_HOLD, Event.CANCEL): State.CANCELLED,
    (State.COMPLETE, Event.DELIVER): State.DELIVERED,
}


def ask(event: Event, **more: Any) -> Ask:
    """With everything that the event could need."""
    needs: dict[str, Any] = {
        "version": 0,
        "role": Role.OWNER,
        "checked": ALL_CHECKED,
        "hold_reason": HoldReason.PARTS,
        "reason": "as agreed",
    }
    return Ask(event, **(needs | more))


def refusal(answer: Job | Refused) -> JobRefusal:
    assert isinstance(answer, Refused), answer
    return answer.why


def moved(answer: Job | Refused) -> Job:
    assert isinstance(answer, Job), answer
    return answer


@pytest.mark.parametrize(("state", "event"), list(product(State, Event)))
def test_every_event_leads_where_the_table_says_or_is_refused_with_what_is_allowed(state: State, event: Event) -> None:
    answer = decide(JOBS[state], ask(event), FINE)
    if (to := LEADS_TO.get((state, event))) is not None:
        assert moved(answer).state is to
        assert moved(answer).version == 1
    else:
        done = (state, event) == (State.IN_PROGRESS, Event.FINISH_STAGE)
        assert refusal(answer) is (JobRefusal.STAGES_DONE if done else JobRefusal.NO_SUCH_MOVE)
        assert isinstance(answer, Refused)
        leads = {e for s, e in LEADS_TO if s is state} | ({event} if done else set())
        extra = {Event.FINISH_STAGE} if state is State.IN_PROGRESS else set()
        assert set(answer.allowed) == leads | extra


@pytest.mark.parametrize("state", [s for s in State if (s, Event.CANCEL) in LEADS_TO])
def test_only_the_owner_cancels_and_says_why(state: State) -> None:
    answer = decide(JOBS[state], ask(Event.CANCEL, role=Role.STAFF), FINE)
    assert refusal(answer) is JobRefusal.ONLY_THE_OWNER
    assert Event.CANCEL not in allowed_moves(JOBS[state], Role.STAFF)
    assert refusal(decide(JOBS[state], ask(Event.CANCEL, reason=" "), FINE)) is JobRefusal.REASON_NEEDED


def test_members_have_no_move_at_all() -> None:
    assert not [state for state in State if allowed_moves(JOBS[state], Role.MEMBER)]


@pytest.mark.parametrize(
    ("job", "around", "more", "why"),
    [
        (replace(READY, pit_id=None), FINE, {}, JobRefusal.PIT_NEEDED),
        (READY, replace(FINE, pit_is_free=False), {}, JobRefusal.PIT_TAKEN),
        (replace(READY, staff=frozenset()), FINE, {}, JobRefusal.STAFF_NEEDED),
        (READY, OUT, {}, JobRefusal.CLIMATE_OUT),
        (READY, DARK, {}, JobRefusal.CLIMATE_UNKNOWN),
        (READY, OUT, {"overrides_climate": True, "reason": "  "}, JobRefusal.REASON_NEEDED),
        (READY, OUT, {"reason": "a reason alone overrides nothing"}, JobRefusal.CLIMATE_OUT),
        (READY, FINE, {"reason": "x" * (REASON_CHARS + 1)}, JobRefusal.REASON_TOO_LONG),
        (READY, FINE, {"version": 1}, JobRefusal.MOVED_MEANWHILE),
    ],
)
def test_a_job_starts_with_pit_staff_and_climate_only(
    job: Job, around: Around, more: dict[str, Any], why: JobRefusal
) -> None:
    assert refusal(decide(job, ask(Event.START, **more), around)) is why


@pytest.mark.parametrize("around", [OUT, DARK])
def test_a_reason_overrides_the_climate(around: Around) -> None:
    said = ask(Event.START, overrides_climate=True, reason="heater is being fetched")
    assert moved(decide(READY, said, around)).started_at == NOW


@pytest.mark.parametrize(
    ("steady", "why"),
    [(CLIMATE_STEADY - timedelta(seconds=1), JobRefusal.CLIMATE_OUT), (CLIMATE_STEADY, None)],
)
def test_a_held_job_goes_on_when_the_climate_was_steady_for_long_enough(
    steady: timedelta, why: JobRefusal | None
) -> None:
    answer = decide(JOBS[State.ON_HOLD], ask(Event.RESUME), replace(FINE, climate_ok_since=NOW - steady))
    assert (answer.why if isinstance(answer, Refused) else None) is why


@pytest.mark.parametrize("state", [State.IN_PROGRESS, State.QUALITY_CHECK])
def test_a_held_job_goes_on_where_it_was(state: State) -> None:
    assert refusal(decide(JOBS[state], ask(Event.HOLD, hold_reason=None), FINE)) is JobRefusal.HOLD_REASON_NEEDED
    held = moved(decide(JOBS[state], ask(Event.HOLD), FINE))
    assert (held.held_from, held.hold_reason) == (state, HoldReason.PARTS)
    going = moved(decide(held, ask(Event.RESUME, version=1), FINE))
    assert (going.state, going.held_from, going.hold_reason) == (state, None, None)


@pytest.mark.parametrize("work_type", WorkType)
def test_stages_are_finished_one_by_one_in_their_order(work_type: WorkType) -> None:
    job = replace(READY, state=State.IN_PROGRESS, work_type=work_type)
    for stage in STAGES[work_type]:
        early = decide(job, ask(Event.SUBMIT, version=job.version), FINE)
        assert refusal(early) is JobRefusal.STAGES_OPEN
        assert isinstance(early, Refused) and early.missing[0] == stage
        for other in set(Stage) - {stage}:
            said = ask(Event.FINISH_STAGE, version=job.version, stage=other)
            assert refusal(decide(job, said, FINE)) is JobRefusal.OTHER_STAGE
        job = moved(decide(job, ask(Event.FINISH_STAGE, version=job.version, stage=stage), FINE))
    assert job.stage is None
    assert moved(decide(job, ask(Event.SUBMIT, version=job.version), FINE)).state is State.QUALITY_CHECK


def test_a_check_is_passed_with_the_whole_list_only_whoever_ticked_what() -> None:
    checking = JOBS[State.QUALITY_CHECK]
    some, rest = frozenset(sorted(ALL_CHECKED)[:3]), frozenset(sorted(ALL_CHECKED)[3:])
    answer = decide(checking, ask(Event.PASS, checked=some), FINE)
    assert isinstance(answer, Refused) and answer.why is JobRefusal.CHECKLIST_OPEN
    assert frozenset(answer.missing) == rest
    assert moved(decide(replace(checking, checked=rest), ask(Event.PASS, checked=some), FINE)).completed_at == NOW


def test_a_check_fails_by_a_defect_and_the_work_is_done_again_from_where_it_says() -> None:
    checking = JOBS[State.QUALITY_CHECK]
    assert refusal(decide(replace(checking, defects=0), ask(Event.FAIL), FINE)) is JobRefusal.DEFECT_NEEDED
    film = moved(decide(checking, ask(Event.FAIL, stage=Stage.FILM), FINE))
    assert (film.state, film.rework, film.stage) == (State.IN_PROGRESS, 1, Stage.FILM)
    last = moved(decide(checking, ask(Event.FAIL), FINE))
    assert last.stage is Stage.FINISHING
    again = replace(film, stages_done=tuple(Stage))
    assert moved(decide(again, ask(Event.SUBMIT, version=1), FINE)).defects == 0
    coating = replace(checking, work_type=WorkType.CERAMIC_COATING)
    assert refusal(decide(coating, ask(Event.FAIL, stage=Stage.FILM), FINE)) is JobRefusal.OTHER_STAGE


def test_who_saw_an_older_state_is_told_so_and_changes_nothing() -> None:
    first = moved(decide(READY, ask(Event.START), FINE))
    assert refusal(decide(first, ask(Event.HOLD), FINE)) is JobRefusal.MOVED_MEANWHILE


@pytest.mark.parametrize("state", State)
def test_a_job_is_given_a_pit_and_people_while_it_has_not_ended(state: State) -> None:
    job, pit, staff = JOBS[state], uuid4(), frozenset({uuid4()})
    answer = assign(job, 0, Role.STAFF, pit, staff, pit_is_free=True)
    if state in ENDED:
        assert refusal(answer) is JobRefusal.NO_SUCH_MOVE
        return
    assert (moved(answer).pit_id, moved(answer).staff, moved(answer).version) == (pit, staff, 1)
    assert refusal(assign(job, 1, Role.STAFF, pit, staff, pit_is_free=True)) is JobRefusal.MOVED_MEANWHILE
    assert refusal(assign(job, 0, Role.MEMBER, pit, staff, pit_is_free=True)) is JobRefusal.NO_SUCH_MOVE
    if state in IN_PIT:
        assert refusal(assign(job, 0, Role.STAFF, None, staff, pit_is_free=True)) is JobRefusal.PIT_NEEDED
        assert refusal(assign(job, 0, Role.STAFF, pit, staff, pit_is_free=False)) is JobRefusal.PIT_TAKEN
        assert refusal(assign(job, 0, Role.STAFF, pit, frozenset(), pit_is_free=True)) is JobRefusal.STAFF_NEEDED
        assert moved(assign(job, 0, Role.STAFF, job.pit_id, staff, pit_is_free=False)).staff == staff


def test_every_kind_of_work_has_stages_a_checklist_and_a_time() -> None:
    for work_type in WorkType:
        assert DEFAULT_MINUTES[work_type] > 0 and len(set(CHECKLISTS[work_type])) == len(CHECKLISTS[work_type]) > 3
        assert list(STAGES[work_type]) == [stage for stage in Stage if stage in STAGES[work_type]]
    assert set(WEIGHTS) == set(Stage)


ASKS = st.builds(
    Ask,
    st.sampled_from(Event),
    st.just(0),
    st.sampled_from([Role.OWNER, Role.STAFF]),
    st.sampled_from(["", "because"]),
    st.none() | st.sampled_from(Stage),
    st.sampled_from([frozenset(), frozenset(sum(CHECKLISTS.values(), ()))]),
    st.none() | st.sampled_from(HoldReason),
    st.booleans(),
)


@settings(max_examples=300)
@given(st.sampled_from(WorkType), st.lists(st.tuples(ASKS, st.sampled_from([FINE, OUT, DARK]), st.integers(0, 2))))
def test_whatever_is_asked_a_job_stays_possible(work_type: WorkType, asked: list[tuple[Ask, Around, int]]) -> None:
    job = replace(READY, work_type=work_type)
    for said, around, defects in asked:
        before = job = replace(job, defects=job.defects + defects)
        answer = decide(job, replace(said, version=job.version, stage=said.stage or job.stage), around)
        if isinstance(answer, Refused):
            assert answer.allowed == allowed_moves(before, said.role)
            continue
        job = answer
        assert (before.state, said.event) in TABLE and said.event in allowed_moves(before, said.role)
        assert job.version == before.version + 1 and job.rework - before.rework in (0, 1)
        assert (job.held_from is not None) == (job.hold_reason is not None) == (job.state is State.ON_HOLD)
        assert (job.ended_at is not None) == (job.state in ENDED)
        assert job.started_at is not None or job.state in (State.RECEIVED, State.CANCELLED)
        assert (job.completed_at is not None) == (job.state in (State.COMPLETE, State.DELIVERED))
        assert job.state is not State.QUALITY_CHECK or job.stage is None
        assert job.stages_done == STAGES[work_type][: len(job.stages_done)]
        assert before.state not in ENDED
