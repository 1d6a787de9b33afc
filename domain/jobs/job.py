"""A job as the rules see it, what somebody asks of it, and what is true around it at that moment."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.access import Role
from domain.jobs.plans import STAGES
from domain.jobs.words import Event, HoldReason, JobRefusal, Stage, State, WorkType


@dataclass(frozen=True, slots=True)
class Job:
    id: UUID
    work_type: WorkType
    state: State = State.RECEIVED
    version: int = 0
    """Grows by one with each change: how two people who change the same job at once are told apart."""
    pit_id: UUID | None = None
    staff: frozenset[UUID] = frozenset()
    stages_done: tuple[Stage, ...] = ()
    checked: frozenset[str] = frozenset()
    """What of the checklist was ticked off in this quality check."""
    defects: int = 0
    """How many were noted since the job came to this quality check."""
    rework: int = 0
    """How often a quality check failed."""
    held_from: State | None = None
    """Where a job on hold goes on."""
    hold_reason: HoldReason | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def stage(self) -> Stage | None:
        """The stage that is being worked on, or would be if the job were not on hold; None: all are done."""
        return next((s for s in STAGES[self.work_type] if s not in self.stages_done), None)


@dataclass(frozen=True, slots=True)
class Ask:
    """What somebody wants, having seen the job at `version`."""

    event: Event
    version: int
    role: Role
    reason: str = ""
    """Of a hold, a cancellation, or of going on although the climate is not as it should be."""
    stage: Stage | None = None
    """Which one was finished; with FAIL, from which one on the work is done again (None: the last)."""
    checked: frozenset[str] = frozenset()
    hold_reason: HoldReason | None = None
    overrides_climate: bool = False


@dataclass(frozen=True, slots=True)
class Around:
    """What is true around the job, read in the same transaction."""

    now: datetime
    pit_is_free: bool
    climate_ok_since: datetime | None
    """Since when every measured metric of the pit is inside its limits; None: it is not."""
    climate_known: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """Why not, and what the same person may ask for instead."""

    why: JobRefusal
    allowed: tuple[Event, ...]
    missing: tuple[str, ...] = ()
    """What is still open of stages or checklist."""
