"""The words of the pump: states of a run, why it stands still, why it ends, and what is refused."""

from enum import StrEnum


class RunState(StrEnum):
    """Where one member's turn stands. The last four are final."""

    WAITING = "waiting"
    STARTING = "starting"
    """It has the slot and a hold on the wallet; the motor has not been measured ON yet."""
    RUNNING = "running"
    HOLD = "hold"
    """Stopped by something outside the member's hands; goes on by itself with what is left."""
    STOPPING = "stopping"
    """It shall end; the motor may still be ON."""
    UNSETTLED = "unsettled"
    """The motor is surely OFF and the slot is free; the last measured seconds may still come in."""
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


FINAL = frozenset({RunState.COMPLETED, RunState.FAILED, RunState.CANCELLED, RunState.EXPIRED})
SHALL_BE_ON = frozenset({RunState.STARTING, RunState.RUNNING})


class Mode(StrEnum):
    AUTO = "auto"
    """From request to stop: by page, telephone, or one tap of a card and another."""
    CARD = "card"
    """As long as the card stays in the reader."""


class HoldCause(StrEnum):
    SHEDDING = "shedding"
    """The tenant's whole grid is cut, by schedule or by hand: everybody stands still."""
    GRID = "grid"
    """The device's own input says that there is no mains."""
    SILENT = "silent"
    """Nothing heard from the device for too long."""
    NOT_READY = "not_ready"
    MEASURED_OFF = "measured_off"
    """Granted, but measured OFF for too long: a lock-out of the device, or an unknown cause."""
    STRAY = "stray"
    """A motor of the group is measured ON that nobody allowed: this one, or another."""
    LINE = "line"
    """All is good again, but the slot was given to others meanwhile: first in line, and no limit counts."""


GRID_WIDE = frozenset({HoldCause.SHEDDING, HoldCause.GRID})
"""Causes that last for hours and are nobody's fault: the slot is kept, the longer limit counts."""


class Reason(StrEnum):
    """Why a run moved: stored with every transition, beside who did it."""

    REQUESTED = "requested"
    TURN = "turn"
    """First in line, and everything it waited for is there."""
    MEASURED_ON = "measured_on"
    HELD = "held"
    """See the run's hold cause."""
    RESUMED = "resumed"
    OFF_CONFIRMED = "off_confirmed"
    LEASE_OVER = "lease_over"
    """The device did not answer, but its permission has surely run out."""
    SKIPPED = "skipped"
    EXTENDED = "extended"

    # Why a run ends
    STOPPED = "stopped"
    CARD_REMOVED = "card_removed"
    USED_UP = "used_up"
    SUSPENDED = "suspended"
    HOLD_TIMEOUT = "hold_timeout"
    START_TIMEOUT = "start_timeout"
    FAULT = "fault"
    """The device reported a fault while starting."""
    TRIPPED = "tripped"
    """A protection (dry run, overload …) switched the motor off."""
    CANCELLED = "cancelled"
    BALANCE_TOO_LOW = "balance_too_low"
    WAITED_TOO_LONG = "waited_too_long"


FAILURES = frozenset({Reason.START_TIMEOUT, Reason.FAULT, Reason.TRIPPED})
"""Reasons that end a run as FAILED; every other one completes it."""


class WaitsFor(StrEnum):
    """What somebody in line waits for; pages say it. A device that is away is passed over, the rest is waited for."""

    TURN = "turn"
    """Others are before this one."""
    SLOT = "slot"
    """A run of the group has the slot."""
    SHEDDING = "shedding"
    STRAY = "stray"
    """A motor of the group is measured ON that nobody allowed."""
    OTHER_LEASE = "other_lease"
    """Another motor of the group may still be ON: its stop is not confirmed and its lease not over."""
    SERVER_START = "server_start"
    """The server has just started and waits until every older permission has run out."""
    STOP = "stop"
    """The motor's own last stop is not confirmed."""
    OFF_TIME = "off_time"
    RESTART_DELAY = "restart_delay"
    """Conditions are good again, and shall stay so for a moment."""

    DEVICE_SILENT = "device_silent"
    DEVICE_GRID = "device_grid"
    DEVICE_NOT_READY = "device_not_ready"
    DEVICE_FAULT = "device_fault"


AWAY = frozenset(
    {WaitsFor.DEVICE_SILENT, WaitsFor.DEVICE_GRID, WaitsFor.DEVICE_NOT_READY, WaitsFor.DEVICE_FAULT},
)
"""Whoever waits for such a device keeps the place and is passed over."""


class Alarm(StrEnum):
    """Critical: a motor is measured ON against the rules, and blocks its group until it reports OFF."""

    ON_AFTER_LEASE = "on_after_lease"
    """Its permission is over: a welded contactor?"""
    ON_WITHOUT_RUN = "on_without_run"
    """Nobody gave a permission, or gave it to another run. The time is charged to nobody."""


class PumpRefusal(StrEnum):
    """Why something that people ask for is not done, in the order in which it is checked."""

    UNKNOWN_MOTOR = "unknown_motor"
    UNKNOWN_RUN = "unknown_run"
    """No such run, or it is over."""
    KEY_REUSED = "key_reused"
    """The same idempotency key came with another payload."""
    MEMBER_SUSPENDED = "member_suspended"
    OPEN_RUN = "open_run"
    """The member has a run that is not over."""
    AMOUNT_TOO_SMALL = "amount_too_small"
    AMOUNT_TOO_LARGE = "amount_too_large"
    LINE_FULL = "line_full"
    BALANCE_TOO_LOW = "balance_too_low"
    MOTOR_IN_USE = "motor_in_use"
    """Somebody uses the motor, or waits for it."""
    NOT_SURELY_OFF = "not_surely_off"
    """The motor may still be ON."""
    GROUP_IN_USE = "group_in_use"
    """Motors stand in the group."""
    NOT_RUNNING = "not_running"
    """Only a running turn can be extended."""
    NOT_WAITING = "not_waiting"
    """Only somebody in line can be skipped."""
    ALREADY_STOPPING = "already_stopping"
    ALREADY_SO = "already_so"


class ReportRefusal(StrEnum):
    """Why a device's state report changes nothing: counted for the device, shown on its page."""

    UNKNOWN_DEVICE = "unknown_device"
    OLD_BOOT = "old_boot"
    STALE = "stale"
    """Its number is not newer than the newest of that boot: a duplicate, or overtaken."""
    AHEAD = "ahead"
    """Its number is further ahead than any lost states explain: taken, it would make every later one stale."""
    ON_TIME_FELL = "on_time_fell"
    """The ON time of a run can't shrink within one boot."""
