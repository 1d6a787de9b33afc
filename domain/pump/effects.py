"""What a step asks for. All is saved in the step's own transaction; messages leave after its commit."""

from dataclasses import dataclass
from uuid import UUID

from domain.pump.state import Run
from domain.pump.words import Alarm, Reason, RunState


@dataclass(frozen=True, slots=True)
class Moved:
    """One row of history, and an announcement. `run` is as it is after the move; `before` None: it is new."""

    run: Run
    before: RunState | None
    reason: Reason
    by: UUID | None


@dataclass(frozen=True, slots=True)
class SendGrant:
    """Permission to be ON. Sent once, after the commit that holds its lease; never repeated, never retained."""

    device_id: str
    run_id: UUID
    fence: int
    boot_id: int
    seq: int
    """Boot and number of the state that it answers."""
    ttl_ms: int
    budget_ms: int
    """How long the run may be ON in this boot, all in all."""


@dataclass(frozen=True, slots=True)
class SendStop:
    device_id: str
    fence: int


@dataclass(frozen=True, slots=True)
class TakeHold:
    """The wallet sets seconds aside for a run: at its turn, and with each extension."""

    id: UUID
    """The run's id at its turn, the extension's key later: the transfer's id, so it is taken once."""
    run_id: UUID
    member_id: UUID
    seconds: int


@dataclass(frozen=True, slots=True)
class Settle:
    """The wallet ends the run's hold: captured + released = amount."""

    run_id: UUID
    member_id: UUID
    captured_s: int
    released_s: int


@dataclass(frozen=True, slots=True)
class AlarmRaised:
    device_id: str
    alarm: Alarm


@dataclass(frozen=True, slots=True)
class AlarmCleared:
    device_id: str
    alarm: Alarm


@dataclass(frozen=True, slots=True)
class SameAnswer:
    """The request came before, with the same payload: nothing was done, this is its run."""

    run: Run


Effect = Moved | SendGrant | SendStop | TakeHold | Settle | AlarmRaised | AlarmCleared | SameAnswer
