"""The way of a car as its customer follows it: a few phases instead of the workshop's stages, each with its time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.jobs.calendar import WorkingCalendar
from domain.jobs.climate import StageSpan
from domain.jobs.job import Job
from domain.jobs.plans import STAGES, WEIGHTS
from domain.jobs.words import Stage, State


class Phase(StrEnum):
    RECEIVED = "received"
    WASH = "wash"
    PREPARATION = "preparation"
    FILM = "film"
    FINISHING = "finishing"
    CHECK = "check"
    READY = "ready"


class At(StrEnum):
    """Where the car is, seen from a phase."""

    DONE = "done"
    NOW = "now"
    LATER = "later"


PHASE_OF: Mapping[Stage, Phase] = {
    Stage.INSPECTION: Phase.WASH,
    Stage.WASH: Phase.WASH,
    Stage.PREP: Phase.PREPARATION,
    Stage.PARTS_REMOVAL: Phase.PREPARATION,
    Stage.SECOND_WASH: Phase.PREPARATION,
    Stage.FILM: Phase.FILM,
    Stage.REASSEMBLY: Phase.FINISHING,
    Stage.FINISHING: Phase.FINISHING,
}
CHECK_WEIGHT = 5  # as much of the whole as domain.jobs.eta leaves to it


@dataclass(frozen=True, slots=True)
class Step:
    phase: Phase
    at: At
    when: datetime | None
    """When it was done; since when it goes on; when it is likely to begin. None: nobody can say."""


def phase_now(job: Job) -> Phase:
    """On hold, the phase in which the work stopped."""
    match job.held_from or job.state:
        case State.COMPLETE | State.DELIVERED:
            return Phase.READY
        case State.QUALITY_CHECK:
            return Phase.CHECK
        case State.IN_PROGRESS:
            return PHASE_OF[job.stage] if job.stage else Phase.CHECK
    return Phase.RECEIVED


def steps(
    job: Job,
    spans: Sequence[StageSpan],
    *,
    received_at: datetime,
    checked_since: datetime | None,
    ready_at: datetime | None,
    calendar: WorkingCalendar,
    now: datetime,
) -> list[Step]:
    """Every phase of this kind of work, in order. `spans`: when stages were worked on; `checked_since`: when the latest
    quality check began. What is to come shares the working time until `ready_at` by how much work it is.
    """
    phases = list(dict.fromkeys((Phase.RECEIVED, *map(PHASE_OF.__getitem__, STAGES[job.work_type]))))
    phases += [Phase.CHECK, Phase.READY]
    here = phases.index(phase_now(job))
    begins = _begins(job, phases[here + 1 :], ready_at, calendar, now)
    ended = job.completed_at is not None
    return [
        Step(phase, _at(n, here, ended), _when(job, phase, n - here, spans, received_at, checked_since, begins))
        for n, phase in enumerate(phases)
    ]


def _at(n: int, here: int, ended: bool) -> At:
    if n < here or ended:
        return At.DONE
    return At.NOW if n == here else At.LATER


def _when(
    job: Job,
    phase: Phase,
    distance: int,
    spans: Sequence[StageSpan],
    received_at: datetime,
    checked_since: datetime | None,
    begins: Mapping[Phase, datetime | None],
) -> datetime | None:
    if distance > 0:
        return begins.get(phase)
    if phase is Phase.RECEIVED:
        return received_at
    if phase is Phase.READY:
        return job.completed_at
    if phase is Phase.CHECK:
        return checked_since if distance == 0 else job.completed_at
    own = [span for span in spans if PHASE_OF[span.stage] is phase]
    if not own:
        return None
    return own[-1].until if distance < 0 else _since(spans, phase)


def _since(spans: Sequence[StageSpan], phase: Phase) -> datetime:
    """When the latest unbroken run of spans of this phase began."""
    run = spans[-1].since
    for span in reversed(spans):
        if PHASE_OF[span.stage] is not phase:
            break
        run = span.since
    return run


def _begins(
    job: Job, later: Sequence[Phase], ready_at: datetime | None, calendar: WorkingCalendar, now: datetime
) -> dict[Phase, datetime | None]:
    if ready_at is None or job.completed_at is not None:
        return {}
    open_stages = [stage for stage in STAGES[job.work_type] if stage not in job.stages_done]
    weights = {phase: sum(WEIGHTS[s] for s in open_stages if PHASE_OF[s] is phase) for phase in Phase}
    weights[Phase.CHECK] = CHECK_WEIGHT
    whole = sum(weights.values())
    left_min = calendar.between(now, ready_at)
    spent, begins = weights[phase_now(job)], dict[Phase, datetime | None]()
    for phase in later:
        begins[phase] = ready_at if phase is Phase.READY else calendar.add(now, left_min * spent // whole)
        spent += weights[phase]
    return begins
