"""What pages and API show of motors, runs and lines: frozen values, read by `storage.pump_reads` and its neighbours.

Durations are whole seconds (`_s`) or milliseconds (`_ms`); moments are by the wall clock, for people. The words of the
domain (states, causes, reasons) stay as they are: whoever shows them puts them into the reader's language.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from domain.limits import Level
from domain.pump.motor_alerts import MotorRule
from domain.pump.words import Alarm, HoldCause, Mode, Reason, RunState, WaitsFor
from storage.wallet_views import WalletView


class MotorWord(StrEnum):
    """What a motor's card says; from what was measured, never from what was wished."""

    OFF = "off"
    STARTING = "starting"
    """Granted, not measured ON yet."""
    RUNNING = "running"
    """Measured ON for its run."""
    HOLD = "hold"
    STOPPING = "stopping"
    """Told to stop, OFF not confirmed yet."""
    FAULT = "fault"
    """Its device reports a fault, or it is measured ON against the rules."""
    UNKNOWN = "unknown"
    """Its device is not heard."""


@dataclass(frozen=True, slots=True)
class RunView:
    """One member's turn."""

    id: UUID
    member_id: UUID
    member_name: str
    device_id: str
    motor_name: str
    state: RunState
    mode: Mode
    amount_s: int
    """With extensions."""
    used_s: int
    """Measured ON and charged so far."""
    is_counting: bool
    """The motor is measured ON for it: `used_s` grows with each second after `heard_at`. Never while on HOLD."""
    heard_at: datetime | None
    """When `used_s` was measured last."""
    hold_cause: HoldCause | None
    """While on HOLD: why."""
    end_reason: Reason | None
    since_at: datetime
    """When it came into its state."""
    asked_at: datetime
    started_at: datetime | None
    """When its motor was first measured ON."""
    ended_at: datetime | None
    captured_s: int | None
    """What it cost, once settled."""

    @property
    def left_s(self) -> int:
        return max(0, self.amount_s - self.used_s)

    @property
    def is_open(self) -> bool:
        return self.ended_at is None


@dataclass(frozen=True, slots=True)
class PlaceView:
    """One line of the queue, from 1, gapless. A run on HOLD that gave its slot away stands in it too."""

    number: int
    run_id: UUID
    member_id: UUID
    member_name: str
    device_id: str
    motor_name: str
    amount_s: int
    mode: Mode
    state: RunState
    """WAITING, or HOLD."""
    waits_for: WaitsFor
    asked_at: datetime
    skips: int
    """How often it was moved to the end, by staff."""
    wait_s: int | None
    """An estimate of how long until it starts; None: nobody can say."""


@dataclass(frozen=True, slots=True)
class MotorView:
    """A motor with its controller, as last reported, and the run that has its group's slot if it is this motor's."""

    device_id: str
    name: str
    group_id: UUID
    group_name: str
    word: MotorWord
    online: bool
    heard_at: datetime | None
    motor_on: bool
    grid: bool
    ready: bool
    fault: str | None
    alarm: Alarm | None
    lease_left_ms: int
    """As the device said it at `heard_at`: 0 while it may not be ON."""
    off_left_ms: int
    """Of the minimum off-time, at `heard_at`."""
    current_ma: int | None
    """None: it has no sensor."""
    shed_since: datetime | None
    """The tenant's grid is cut since then, by hand or by schedule."""
    run: RunView | None
    """The run that uses it, or is about to, or has just used it (STOPPING)."""
    waits_for: WaitsFor | None
    """What keeps it from starting; None: nothing."""
    waiting: int
    """How many in its group's line are for this motor."""
    mode: Mode = Mode.AUTO
    """What its card reader does: a tap starts and stops, or the turn lasts as long as the card stays in."""
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class MemberPump:
    """All that a member's pump page shows."""

    wallet: WalletView
    motors: tuple[MotorView, ...]
    run: RunView | None
    """The member's own open run, wherever it stands."""
    place: PlaceView | None
    """The own place in line."""
    line: tuple[PlaceView, ...]
    """The whole line of the group of the own run, or of the motor that is looked at; nobody is hidden."""
    minimum_s: int
    longest_s: int

    def beside(self, device_id: str) -> tuple[MotorView, ...]:
        """The motors of this one's group, itself too."""
        groups = {motor.group_id for motor in self.motors if motor.device_id == device_id}
        return tuple(motor for motor in self.motors if motor.group_id in groups)

    def using(self, device_id: str) -> RunView | None:
        """The run that has the slot of this motor's group, or had it a moment ago."""
        return next((motor.run for motor in self.beside(device_id) if motor.run is not None), None)


@dataclass(frozen=True, slots=True)
class GroupView:
    """An interlock group: at most one of its motors is ON."""

    id: UUID
    name: str
    motors: tuple[MotorView, ...]
    line: tuple[PlaceView, ...]
    shed_since: datetime | None


@dataclass(frozen=True, slots=True)
class RunEventRow:
    """One transition of a run: who and why. `by` None: the system or the device."""

    at: datetime
    before: RunState | None
    state: RunState
    reason: Reason
    hold_cause: HoldCause | None
    amount_s: int
    by: str | None


@dataclass(frozen=True, slots=True)
class RunHistory:
    """A run with all that happened to it, the oldest first."""

    run: RunView
    events: tuple[RunEventRow, ...]


@dataclass(frozen=True, slots=True)
class IncidentRow:
    """An alert of a motor. `ended_at` None: it is open."""

    id: UUID
    tenant_id: UUID
    tenant_name: str
    device_id: str
    motor_name: str
    rule: MotorRule
    level: Level
    detail: str
    """The fault, as its controller names it."""
    began_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class TenantMotors:
    """For the platform: one tenant's motors at a glance."""

    tenant_id: UUID
    name: str
    motors: tuple[MotorView, ...]
    waiting: int
    incidents: int
    """Open ones."""


@dataclass(frozen=True, slots=True)
class ShedWindowRow:
    """A regular cut of the tenant's grid: each such weekday, in the tenant's zone; may reach into the next day."""

    id: UUID
    weekday: int
    """0 is Monday."""
    from_minute: int
    """After midnight."""
    minutes: int
