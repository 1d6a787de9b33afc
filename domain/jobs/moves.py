"""The job table: which event leads from which state to which, and what must be true for it.

    received ── start ──> in_progress ── submit ──> quality_check ── pass ──> complete ── deliver ──> delivered
                              ^  └─ finish_stage          │
                              └────────── fail ───────────┘

A job in progress or in its quality check may be held and resumes where it was; before it is complete, the owner may
cancel it. Everything else is refused with the moves that are allowed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from domain.access import Role
from domain.jobs.job import Around, Ask, Job, Refused
from domain.jobs.plans import CHECKLISTS, STAGE_CHECKS, STAGES
from domain.jobs.words import ENDED, IN_PIT, Event, JobRefusal, State

CLIMATE_STEADY = timedelta(minutes=10)
"""How long the climate must have been inside its limits before a job goes on after a hold."""
REASON_CHARS = 300

OWNERS = frozenset({Role.OWNER, Role.SUPER_ADMIN})
CREW = OWNERS | {Role.STAFF}

Guard = Callable[[Job, Ask, Around], JobRefusal | None]
Change = Callable[[Job, Ask, Around], Job]


@dataclass(frozen=True, slots=True)
class Rule:
    to: State | None
    """None: where it was before the hold."""
    guards: tuple[Guard, ...] = ()
    change: Change | None = None
    roles: frozenset[Role] = CREW


def decide(job: Job, ask: Ask, around: Around) -> Job | Refused:
    """The job as it is after the move, or why it is refused."""
    allowed = allowed_moves(job, ask.role)
    if ask.version != job.version:
        return Refused(JobRefusal.MOVED_MEANWHILE, allowed)
    rule = TABLE.get((job.state, ask.event))
    if rule is None:
        return Refused(JobRefusal.NO_SUCH_MOVE, allowed)
    if ask.role not in rule.roles:
        return Refused(JobRefusal.ONLY_THE_OWNER, allowed)
    for guard in (_reason_short, *rule.guards):
        if why := guard(job, ask, around):
            return Refused(why, allowed, _missing(job, ask, why))
    changed = rule.change(job, ask, around) if rule.change else job
    return replace(changed, state=rule.to or job.held_from or State.IN_PROGRESS, version=job.version + 1)


def allowed_moves(job: Job, role: Role) -> tuple[Event, ...]:
    """What the table has for somebody of this role, whether or not its guards hold at this moment."""
    return moves_from(job.state, role)


def moves_from(state: State, role: Role) -> tuple[Event, ...]:
    return tuple(event for event in Event if (rule := TABLE.get((state, event))) and role in rule.roles)


def event_towards(state: State, target: State, held_from: State | None = None) -> Event | None:
    """The move that leads from one state to another; None: there is none, or it leads to where the job is."""
    for (here, event), rule in TABLE.items():
        if here is state and state is not target and (rule.to or held_from) is target:
            return event
    return None


def assign(
    job: Job, version: int, role: Role, pit_id: UUID | None, staff: frozenset[UUID], *, pit_is_free: bool
) -> Job | Refused:
    """Gives the job a pit and people. While the car stands in a pit, it needs both, and another pit must be free."""
    allowed = allowed_moves(job, role)
    if version != job.version:
        return Refused(JobRefusal.MOVED_MEANWHILE, allowed)
    if job.state in ENDED or role not in CREW:
        return Refused(JobRefusal.NO_SUCH_MOVE, allowed)
    if job.state in IN_PIT:
        if pit_id is None:
            return Refused(JobRefusal.PIT_NEEDED, allowed)
        if pit_id != job.pit_id and not pit_is_free:
            return Refused(JobRefusal.PIT_TAKEN, allowed)
        if not staff:
            return Refused(JobRefusal.STAFF_NEEDED, allowed)
    return replace(job, pit_id=pit_id, staff=staff, version=version + 1)


def checks_of(job: Job) -> tuple[str, ...]:
    """What can be ticked off at this moment: of the stage that is worked on, or of the quality check."""
    if job.state is State.QUALITY_CHECK:
        return CHECKLISTS[job.work_type]
    return STAGE_CHECKS[job.stage] if job.state is State.IN_PROGRESS and job.stage else ()


def tick(job: Job, item: str, is_on: bool, role: Role) -> Job | Refused:
    """Ticks something off, or not any more. A set, so it needs no version and is no new one: whoever ticks the same
    twice, or at the same moment as somebody else, means the same.
    """
    if role not in CREW or item not in checks_of(job):
        return Refused(JobRefusal.NO_SUCH_CHECK, allowed_moves(job, role))
    return replace(job, checked=job.checked | {item} if is_on else job.checked - {item})


def undo_stage(job: Job, version: int, role: Role) -> Job | Refused:
    """The stage that was finished last is worked on again, as after a tap that was none."""
    allowed = allowed_moves(job, role)
    if version != job.version:
        return Refused(JobRefusal.MOVED_MEANWHILE, allowed)
    if job.state is not State.IN_PROGRESS or not job.stages_done or role not in CREW:
        return Refused(JobRefusal.NO_SUCH_MOVE, allowed)
    return replace(job, stages_done=job.stages_done[:-1], version=version + 1)


def _missing(job: Job, ask: Ask, why: JobRefusal) -> tuple[str, ...]:
    if why is JobRefusal.STAGES_OPEN:
        return tuple(stage.value for stage in STAGES[job.work_type] if stage not in job.stages_done)
    if why is JobRefusal.CHECKLIST_OPEN:
        return tuple(item for item in CHECKLISTS[job.work_type] if item not in job.checked | ask.checked)
    return ()


# Guards: one question each


def _reason_short(job: Job, ask: Ask, around: Around) -> JobRefusal | None:
    return JobRefusal.REASON_TOO_LONG if len(ask.reason) > REASON_CHARS else None


def _reason(job: Job, ask: Ask, around: Around) -> JobRefusal | None:
    return None if ask.reason.strip() else JobRefusal.REASON_NEEDED


def _pit(job: Job, ask: Ask, around: Around) -> JobRefusal | None:
    if job.pit_id is None:
        return JobRefusal.PIT_NEEDED
    return None if around.pit_is_free else JobRefusal.PIT_TAKEN


def _staff(job: Job, ask: Ask, around: Around) -> JobRefusal | None:
    return None if job.staff else JobRefusal.STAFF_NEEDED


def _climate(job: Job, ask: Ask, around: Around) -> JobRefusal | None:
    return _climate_for(timedelta(0), ask, around)


def _climate_steady(job: Job, ask: Ask, around: Around) -> JobRefusal | None:
    return _climate_for(CLIMATE_STEADY, ask, around)


def _climate_for(least: timedelta, ask: Ask, around: Around) -> JobRefusal | None:
    if ask.overrides_climate:
        return None if ask.reason.strip() else JobRefusal.REASON_NEEDED
    if not around.climate_known:
        return JobRefusal.CLIMATE_UNKNOWN
    since = around.climate_ok_since
    return None if since is not None and around.now - since >= least else JobRefusal.CLIMATE_OUT


def _stage(job: Job, ask: Ask, around: Around) -> JobRefusal | None:
    if job.stage is None:
        return JobRefusal.STAGES_DONE
    return None if ask.stage is job.stage else JobRefusal.OTHER_STAGE


def _stages_done(job: Job, ask: Ask, around: Around) -> JobRefusal | None:
    return None if job.stage is None else JobRefusal.STAGES_OPEN


def _checklist(job: Job, ask: Ask, around: Around) -> JobRefusal | None:
    return None if set(CHECKLISTS[job.work_type]) <= job.checked | ask.checked else JobRefusal.CHECKLIST_OPEN


def _defect(job: Job, ask: Ask, around: Around) -> JobRefusal | None:
    return None if job.defects > 0 else JobRefusal.DEFECT_NEEDED


def _redo(job: Job, ask: Ask, around: Around) -> JobRefusal | None:
    return None if ask.stage is None or ask.stage in STAGES[job.work_type] else JobRefusal.OTHER_STAGE


def _hold_reason(job: Job, ask: Ask, around: Around) -> JobRefusal | None:
    return None if ask.hold_reason else JobRefusal.HOLD_REASON_NEEDED


# What else changes with a move


def _started(job: Job, ask: Ask, around: Around) -> Job:
    return replace(job, started_at=around.now)


def _stage_finished(job: Job, ask: Ask, around: Around) -> Job:
    return replace(job, stages_done=STAGES[job.work_type][: len(job.stages_done) + 1])


def _submitted(job: Job, ask: Ask, around: Around) -> Job:
    return replace(job, checked=frozenset(), defects=0)


def _passed(job: Job, ask: Ask, around: Around) -> Job:
    return replace(job, checked=frozenset(CHECKLISTS[job.work_type]), completed_at=around.now)


def _failed(job: Job, ask: Ask, around: Around) -> Job:
    """The work is done again from a stage on."""
    stages = STAGES[job.work_type]
    redone = stages.index(ask.stage) if ask.stage else len(stages) - 1
    return replace(job, rework=job.rework + 1, stages_done=stages[:redone], checked=frozenset())


def _held(job: Job, ask: Ask, around: Around) -> Job:
    return replace(job, held_from=job.state, hold_reason=ask.hold_reason)


def _resumed(job: Job, ask: Ask, around: Around) -> Job:
    return replace(job, held_from=None, hold_reason=None)


def _ended(job: Job, ask: Ask, around: Around) -> Job:
    return replace(job, ended_at=around.now, held_from=None, hold_reason=None)


_HOLD = Rule(State.ON_HOLD, (_hold_reason,), _held)
_CANCEL = Rule(State.CANCELLED, (_reason,), _ended, OWNERS)

TABLE: Mapping[tuple[State, Event], Rule] = {
    (State.RECEIVED, Event.START): Rule(State.IN_PROGRESS, (_pit, _staff, _climate), _started),
    (State.IN_PROGRESS, Event.FINISH_STAGE): Rule(State.IN_PROGRESS, (_stage,), _stage_finished),
    (State.IN_PROGRESS, Event.SUBMIT): Rule(State.QUALITY_CHECK, (_stages_done,), _submitted),
    (State.QUALITY_CHECK, Event.PASS): Rule(State.COMPLETE, (_checklist,), _passed),
    (State.QUALITY_CHECK, Event.FAIL): Rule(State.IN_PROGRESS, (_defect, _redo), _failed),
    (State.IN_PROGRESS, Event.HOLD): _HOLD,
    (State.QUALITY_CHECK, Event.HOLD): _HOLD,
    (State.ON_HOLD, Event.RESUME): Rule(None, (_climate_steady,), _resumed),
    (State.RECEIVED, Event.CANCEL): _CANCEL,
    (State.IN_PROGRESS, Event.CANCEL): _CANCEL,
    (State.QUALITY_CHECK, Event.CANCEL): _CANCEL,
    (State.ON_HOLD, Event.CANCEL): _CANCEL,
    (State.COMPLETE, Event.DELIVER): Rule(State.DELIVERED, (), _ended),
}
