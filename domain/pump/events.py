"""What happens to a group. `by` is the person who did it; None is the system or the device."""

from dataclasses import dataclass
from uuid import UUID

from domain.pump.state import Report, Run
from domain.pump.words import Mode, Reason


@dataclass(frozen=True, slots=True)
class Requested:
    """A member wants `amount_s` seconds of a motor. `run_id` is the idempotency key."""

    run_id: UUID
    member_id: UUID
    device_id: str
    amount_s: int
    ticket: int
    by: UUID | None
    mode: Mode = Mode.AUTO
    earlier: Run | None = None
    """The run with this id, if there is one in any state, of any group of the tenant."""
    has_open_run: bool = False
    """Whether the member has a run that is not over in another group."""


@dataclass(frozen=True, slots=True)
class StopAsked:
    """A run shall end: in line it is cancelled, else stopped."""

    run_id: UUID
    by: UUID | None
    reason: Reason = Reason.STOPPED


@dataclass(frozen=True, slots=True)
class ExtensionAsked:
    run_id: UUID
    seconds: int
    by: UUID | None
    key: UUID
    """The idempotency key; the hold that it takes gets this id."""
    earlier_s: int | None = None
    """The seconds of the extension that this key already made, if there is one."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """Somebody in line is moved to its end, for all to see."""

    run_id: UUID
    ticket: int
    by: UUID


@dataclass(frozen=True, slots=True)
class Reported:
    """A device has spoken: by MQTT (not retained) or by HTTP."""

    device_id: str
    report: Report


@dataclass(frozen=True, slots=True)
class Ticked:
    """Time has passed, or something outside the group has changed (a suspension, a recharge)."""


@dataclass(frozen=True, slots=True)
class ShedBegan:
    by: UUID | None


@dataclass(frozen=True, slots=True)
class ShedEnded:
    by: UUID | None


@dataclass(frozen=True, slots=True)
class Restarted:
    """A server has taken the lead, whatever happened to the one before. Comes before any other event of its life."""


Event = (
    Requested | StopAsked | ExtensionAsked | Skipped | Reported | Ticked | ShedBegan | ShedEnded | Restarted
)  # fmt: skip
