"""What of a motor calls for a person: it is ON against the rules, its protection tripped, its controller is missed.

Alerts like those of a pit's climate, one open at a time for each motor and rule.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from domain.limits import Level
from domain.pump.state import Motor
from domain.pump.words import Alarm


class MotorRule(StrEnum):
    ON_AFTER_LEASE = Alarm.ON_AFTER_LEASE.value
    ON_WITHOUT_RUN = Alarm.ON_WITHOUT_RUN.value
    TRIPPED = "motor_tripped"
    """Its controller reports a fault: dry run, overload, a sensor that is gone."""
    SILENT = "motor_silent"
    """Its controller is not heard, members wait for it, and no power cut explains that."""


MISSED_AFTER_MS = 60_000
"""As long as a pit's devices may be silent; a controller that only restarts is back before."""
MISSED_CRITICAL_AFTER_MS = 30 * 60_000
"""Then a turn that it interrupted ends, and somebody must go there."""
CLEAR_AFTER_MS = 30_000
"""So long a motor that was ON against the rules has been measured OFF when its alert ends: a motor that was stopped at
once is told of nevertheless, and one that comes and goes is one alert."""


@dataclass(frozen=True, slots=True)
class MotorAlert:
    """One that begins."""

    device_id: str
    rule: MotorRule
    detail: str = ""
    """The fault, as the controller names it."""
    level: Level = Level.CRITICAL


def begun(before: Motor, after: Motor) -> Iterator[MotorAlert]:
    """What a motor's newest state brings up. Silence is found by the clock, see `level_of_silence`."""
    if after.alarm is not None and after.alarm is not before.alarm:
        yield MotorAlert(after.device_id, MotorRule(after.alarm))
    if after.fault is not None and after.fault != before.fault:
        yield MotorAlert(after.device_id, MotorRule.TRIPPED, after.fault)


def level_of_silence(silent_ms: int) -> Level:
    """How bad it is that a controller has not been heard for so long while members wait for it."""
    if silent_ms >= MISSED_CRITICAL_AFTER_MS:
        return Level.CRITICAL
    return Level.WARNING if silent_ms >= MISSED_AFTER_MS else Level.OK
