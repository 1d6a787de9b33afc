"""A group of motors that exclude each other, as it stands in the database: devices, runs, line.

Moments (`…_at_ms`) are milliseconds of the server's *steady clock*: the monotonic clock of the process that leads,
continued at its start from the highest moment stored. It never jumps and never runs backwards, and it stands still
while no server runs, so a wait measured on it was never shorter in truth. It has nothing to do with wall-clock time.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from domain.pump.limits import PumpLimits
from domain.pump.words import Alarm, HoldCause, Mode, Reason, RunState


@dataclass(frozen=True, slots=True)
class Report:
    """A device's `/state`, or its HTTP poll, already parsed: types, ranges and signs are right."""

    boot_id: int
    seq: int
    motor_on: bool
    """Measured, not wished."""
    run_id: UUID | None
    on_ms: int
    """How long this run has been ON in this boot."""
    grid: bool
    ready: bool
    fence: int
    lease_left_ms: int = 0
    off_left_ms: int = 0
    """What is left of the minimum off-time."""
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Motor:
    """What the server knows about a motor and its controller, and what it has allowed."""

    device_id: str
    fence: int = 0
    """Raised with every stop; goes with every grant and stop."""
    stopping: bool = False
    """A stop with `fence` is under way: repeated until a state confirms OFF with that fence."""
    stop_sent_at_ms: int | None = None
    lease_until_at_ms: int | None = None
    """The motor may be ON until then. None: no grant since the last confirmed OFF."""

    # The newest state
    boot_id: int = 0
    seq: int = 0
    heard_at_ms: int | None = None
    """None: never heard."""
    motor_on: bool = False
    off_since_at_ms: int | None = None
    """Measured OFF since; None while ON or unknown."""
    run_id: UUID | None = None
    grid: bool = False
    ready: bool = False
    fault: str | None = None
    off_until_at_ms: int = 0
    """The device's minimum off-time lasts until then."""
    may_start_at_ms: int | None = None
    """Grid, readiness and connection are good, and have been for long enough from then on. None: not good."""
    alarm: Alarm | None = None
    """Measured ON against the rules; blocks the group."""


@dataclass(frozen=True, slots=True)
class BootTime:
    """How long a run has been measured ON in one boot of its device, all by the device's own clock."""

    boot_id: int
    on_ms: int = 0
    given_ms: int = 0
    """The part of `on_ms` that nobody is charged for: no grant had allowed it."""
    granted_ms: int = 0
    """Up to this ON time reach the grants."""


@dataclass(frozen=True, slots=True)
class Run:
    """One member's turn on one motor. Its id is the idempotency key of the request."""

    id: UUID
    member_id: UUID
    device_id: str
    amount_s: int
    """With extensions."""
    requested_s: int
    """Without."""
    ticket: int
    """The place in line: smaller is earlier. Unique in the group, from a database sequence."""
    state: RunState = RunState.WAITING
    mode: Mode = Mode.AUTO
    since_at_ms: int = 0
    """When it came into its state."""
    expires_at_ms: int = 0
    """While WAITING."""
    confirmed: tuple[BootTime, ...] = ()
    """One for each boot of the device that was granted this run, or had it ON; the newest last."""
    hold_cause: HoldCause | None = None
    """Why it is, or was last, on HOLD."""
    cause_since_at_ms: int = 0
    """Since when the cause is of the same kind (grid-wide, the device's own trouble, or waiting in line)."""
    own_hold_ms: int = 0
    """On HOLD by the device's own trouble, up to `cause_since_at_ms`."""
    grid_hold_ms: int = 0
    end_reason: Reason | None = None
    """Why it shall end, from STOPPING on."""

    @property
    def amount_ms(self) -> int:
        return self.amount_s * 1000


@dataclass(frozen=True, slots=True)
class Standing:
    """What a member's wallet and account say at this moment."""

    available_s: int
    active: bool = True


@dataclass(frozen=True, slots=True)
class Group:
    """The unit that is locked, stepped and saved."""

    motors: tuple[Motor, ...]
    active: tuple[Run, ...] = ()
    """Runs in STARTING, RUNNING, HOLD, STOPPING and UNSETTLED."""
    waiting: tuple[Run, ...] = ()
    """By ticket. When only a device has spoken, the first few of each motor are enough."""
    slot: UUID | None = None
    """The run that may have its motor ON."""
    not_before_at_ms: int | None = None
    """After a start of the server: no motor that is not measured ON for its run gets a grant before."""
    shed_since_at_ms: int | None = None
    """The tenant's grid is cut since then."""
    limits: PumpLimits = field(default_factory=PumpLimits)
    standings: Mapping[UUID, Standing] = field(default_factory=dict, compare=False)
    """Of all active runs' members, and of those in line that were loaded."""
