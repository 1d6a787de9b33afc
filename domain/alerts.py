"""When a measured value becomes an alert: hysteresis, durations, and the state of one rule.

A rule is one metric of one pit. Its state steps once for each reading, in the order of the readings' moments:

    OK ── out for `raise_after_s` ──> FIRING (warning or critical, moves up and down) ── inside by the band ──> OK
     └── out for less: PENDING                                                          for `clear_after_s`

No data makes it UNKNOWN: never OK, and no timer runs on while nobody measures, so it is never a false alarm either.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from domain.limits import Level, Limits

SILENT, CAMERA = "silent", "camera"
"""Rules about what no longer comes: a device's messages, a camera's picture."""
WITHOUT_VALUE = frozenset({SILENT, CAMERA})
SILENT_AFTER_S = 60  # a device publishes every 5 s; twelve missed are no coincidence
FLAPS_MAX = 3  # raised this often …
FLAP_WINDOW = timedelta(minutes=30)  # … within this, an alert is flapping
FLAP_CLEAR_S = 600  # a flapping alert must be quiet for this long to clear


class Phase(StrEnum):
    OK = "ok"
    PENDING = "pending"
    FIRING = "firing"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class RuleState:
    """Where one rule stands. The default is a quiet rule that has seen nothing."""

    level: Level = Level.OK
    unknown: bool = False
    warning_since: datetime | None = None
    critical_since: datetime | None = None
    warning_back_since: datetime | None = None
    critical_back_since: datetime | None = None
    last_at: datetime | None = None
    raises: tuple[datetime, ...] = ()
    """The latest moments of raising, at most FLAPS_MAX."""

    @property
    def phase(self) -> Phase:
        if self.unknown:
            return Phase.UNKNOWN
        if self.level > Level.OK:
            return Phase.FIRING
        return Phase.PENDING if self.warning_since or self.critical_since else Phase.OK

    @property
    def flapping(self) -> bool:
        return len(self.raises) == FLAPS_MAX and self.raises[-1] - self.raises[0] <= FLAP_WINDOW


@dataclass(frozen=True, slots=True)
class Change:
    """A rule's level went from `before` to `after` with this value at this moment."""

    before: Level
    after: Level
    value: float
    at: datetime
    flapping: bool


def step(state: RuleState, limits: Limits, value: float, at: datetime) -> tuple[RuleState, Change | None]:
    """One reading. A reading that is not newer than the rule's last one changes history, not the alert."""
    if state.last_at is not None and at <= state.last_at:
        return state, None
    gap = state.last_at is not None and (at - state.last_at).total_seconds() > SILENT_AFTER_S
    if gap or state.unknown:  # nobody measured in between: every timer starts again
        state = replace(_stopped(state), unknown=False)
    state = _timed(state, limits, value, at)
    level = max(_raised(state, limits, at), _eased(state, limits, at))
    if level == state.level:
        return state, None
    raises = (*state.raises, at)[-FLAPS_MAX:] if state.level is Level.OK else state.raises
    moved = replace(
        state,
        level=level,
        raises=raises,
        warning_back_since=state.warning_back_since if level > Level.OK else None,
        critical_back_since=None,
    )
    return moved, Change(state.level, level, value, at, moved.flapping)


def lose_data(state: RuleState) -> RuleState:
    """The pit has been silent for too long: what is firing goes on firing, nothing else is known."""
    return replace(_stopped(state), unknown=True)


def _stopped(state: RuleState) -> RuleState:
    return replace(state, warning_since=None, critical_since=None, warning_back_since=None, critical_back_since=None)


def _timed(state: RuleState, limits: Limits, value: float, at: datetime) -> RuleState:
    """Starts, keeps or stops each timer: out of a level's limits, and back inside a level that fires."""

    warns, alarms = state.level >= Level.WARNING, state.level is Level.CRITICAL
    return RuleState(  # and not `replace`, which takes as long as all the rest of a step
        state.level,
        state.unknown,
        (state.warning_since or at) if limits.is_out(Level.WARNING, value) else None,
        (state.critical_since or at) if limits.is_out(Level.CRITICAL, value) else None,
        (state.warning_back_since or at) if warns and limits.is_back(Level.WARNING, value) else None,
        (state.critical_back_since or at) if alarms and limits.is_back(Level.CRITICAL, value) else None,
        at,
        state.raises,
    )


def _raised(state: RuleState, limits: Limits, at: datetime) -> Level:
    """The level that has been out for long enough."""
    wait = timedelta(seconds=limits.raise_after_s or 0)
    if state.critical_since is not None and at - state.critical_since >= wait:
        return Level.CRITICAL
    if state.warning_since is not None and at - state.warning_since >= wait:
        return Level.WARNING
    return Level.OK


def _eased(state: RuleState, limits: Limits, at: datetime) -> Level:
    """The rule's level, or the lower one that it may fall to: each level must have been back for long enough."""
    quiet_s = limits.clear_after_s or 0
    wait = timedelta(seconds=max(quiet_s, FLAP_CLEAR_S) if state.flapping else quiet_s)
    level = state.level
    for firing, since in ((Level.CRITICAL, state.critical_back_since), (Level.WARNING, state.warning_back_since)):
        if level is firing and since is not None and at - since >= wait:
            level = Level(firing - 1)
    return level
