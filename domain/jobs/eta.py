"""When a car is likely to be ready, what was promised, and how far the work is: never better than it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.jobs.calendar import WorkingCalendar
from domain.jobs.job import Job
from domain.jobs.plans import DEFAULT_MINUTES, STAGES, WEIGHTS
from domain.jobs.words import State, WorkType

LEARNED_FROM = 8
"""Finished jobs of one work type and vehicle class, below which their spread says nothing."""
MEMORY = 200
"""The latest finished jobs are learned from; older ones were done by other people with other film."""
PROMISE_FACTOR = 1.25  # the default's 80th percentile, until there is one
UNCONFIRMED_MOST = 0.9
"""Of a stage's share: the rest comes when somebody says that it is done."""
CHECKED_SHARE = 0.95
"""Of the whole, when all stages are done and the quality check is not."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """Working minutes of a whole job."""

    median_min: int
    promised_min: int
    """The 80th percentile: four jobs of five are done by then."""
    learned_from: int
    """How many finished jobs it rests on; 0: the default."""


def estimate(work_type: WorkType, finished_min: Sequence[int], own_min: int | None = None) -> Estimate:
    """`finished_min`: working minutes of finished jobs of the same work type and vehicle class, latest first.
    `own_min` is what somebody said for this job (more than 0), and goes before everything else.
    """
    learned = [minutes for minutes in finished_min[:MEMORY] if minutes > 0]
    if own_min is None and len(learned) >= LEARNED_FROM:
        return Estimate(percentile(learned, 50), percentile(learned, 80), len(learned))
    median = own_min or DEFAULT_MINUTES[work_type]
    return Estimate(median, round(median * PROMISE_FACTOR), 0)


def percentile(values: Sequence[int], percent: int) -> int:
    """The nearest-rank percentile: a value that really occurred. `values` is not empty, 0 < percent ≤ 100."""
    ranked = sorted(values)
    return ranked[-(-len(ranked) * percent // 100) - 1]


@dataclass(frozen=True, slots=True)
class Forecast:
    ready_at: datetime | None
    """When it is likely to be ready; the moment at which it was, for a job that is; None: nobody can say."""
    promised_at: datetime | None
    is_overdue: bool
    overdue_min: int
    """Minutes on everybody's clock past the promise; 0 if it is not overdue."""
    progress: float
    """0 to 1."""


def forecast(
    job: Job,
    plan: Estimate,
    worked_min: int,
    promised_at: datetime | None,
    calendar: WorkingCalendar,
    now: datetime,
    *,
    planned_at: datetime | None = None,
) -> Forecast:
    """`worked_min`: working minutes that the job was in progress or checked, without holds. `promised_at` is what the
    customer was told, and does not move with the work. A job on hold has no moment at which it is ready, and the work
    on a booked one begins at `planned_at`.
    """
    done_at = job.completed_at
    is_late = job.state is not State.CANCELLED and promised_at is not None and (done_at or now) > promised_at
    late = ((done_at or now) - promised_at) // timedelta(minutes=1) if is_late and promised_at else 0
    return Forecast(
        done_at or _ready_at(job, plan, worked_min, calendar, goes_on_at(job, planned_at, now)),
        promised_at,
        is_late,
        late,
        progress(job, plan, worked_min),
    )


def goes_on_at(job: Job, planned_at: datetime | None, now: datetime) -> datetime:
    """From when on work brings the job further: a booking waits for its day."""
    return max(now, planned_at) if job.state is State.RECEIVED and planned_at is not None else now


def _ready_at(job: Job, plan: Estimate, worked_min: int, calendar: WorkingCalendar, begin: datetime) -> datetime | None:
    if job.state in (State.ON_HOLD, State.CANCELLED):
        return None
    left = max(plan.median_min - worked_min, _least_left(job, plan))
    return calendar.add(begin, left)


def _least_left(job: Job, plan: Estimate) -> int:
    """Working minutes that the stages nobody has finished still take, at least: time that was used up finishes none."""
    still_open = sum(WEIGHTS[stage] for stage in STAGES[job.work_type] if stage not in job.stages_done)
    share = still_open / _whole(job) * CHECKED_SHARE + (1 - CHECKED_SHARE)
    current = WEIGHTS[job.stage] / _whole(job) * CHECKED_SHARE * UNCONFIRMED_MOST if job.stage else 0.0
    return max(1, round((share - current) * plan.median_min))


def progress(job: Job, plan: Estimate, worked_min: int) -> float:
    """The share of the work that is done: what somebody confirmed, and of the stage at hand what its time allows, but
    never all of it. 1.0 only when the job is complete.
    """
    if job.completed_at is not None:
        return 1.0
    whole = _whole(job)
    confirmed = sum(WEIGHTS[stage] for stage in job.stages_done) / whole
    at_hand = 0.0
    if job.state is State.IN_PROGRESS and job.stage is not None:
        share = WEIGHTS[job.stage] / whole
        at_hand = min(max(worked_min / plan.median_min - confirmed, 0.0), share * UNCONFIRMED_MOST)
    return min(confirmed + at_hand, 1.0) * CHECKED_SHARE


def _whole(job: Job) -> int:
    return sum(WEIGHTS[stage] for stage in STAGES[job.work_type])
