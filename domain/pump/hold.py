"""Why a run stands still, how long that may last, and when it goes on.

A cut of the grid lasts for hours and is nobody's fault: the slot is kept and the longer limit counts. A device's own
trouble gives the slot to others after two minutes; the run keeps the first place in line.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import replace

from domain.pump import lease
from domain.pump.limits import PumpLimits
from domain.pump.state import Motor, Run
from domain.pump.words import GRID_WIDE, HoldCause


def trouble(
    motor: Motor, motors: Iterable[Motor], shed_since_at_ms: int | None, limits: PumpLimits, now_ms: int
) -> HoldCause | None:
    """What speaks against this motor being ON now.

    A device that said "no mains" before it fell silent is taken to be in a power cut: its router has no power either.
    """
    if shed_since_at_ms is not None:
        return HoldCause.SHEDDING
    if motor.heard_at_ms is not None and not motor.grid:
        return HoldCause.GRID
    if lease.is_silent(motor, limits, now_ms):
        return HoldCause.SILENT
    if not motor.ready:
        return HoldCause.NOT_READY
    if any(other.alarm is not None for other in motors):
        return HoldCause.STRAY
    return None


def held(run: Run, cause: HoldCause, now_ms: int) -> Run:
    """The run as it comes into HOLD."""
    return replace(run, hold_cause=cause, cause_since_at_ms=now_ms)


def recounted(run: Run, cause: HoldCause, now_ms: int) -> Run:
    """The run with another cause. Time is counted when the kind of cause changes, not with every second."""
    if cause is run.hold_cause:
        return run
    if _kind(cause) == _kind(run.hold_cause):
        return replace(run, hold_cause=cause)
    return held(counted(run, now_ms), cause, now_ms)


def counted(run: Run, now_ms: int) -> Run:
    """The run with its time on HOLD until now in the sums."""
    own_ms, grid_ms = own_hold_ms(run, now_ms), grid_hold_ms(run, now_ms)
    return replace(run, own_hold_ms=own_ms, grid_hold_ms=grid_ms, cause_since_at_ms=now_ms)


def own_hold_ms(run: Run, now_ms: int) -> int:
    """How long a run that is on HOLD has stood still by its own device's trouble, all in all."""
    return run.own_hold_ms + (now_ms - run.cause_since_at_ms if _kind(run.hold_cause) == _OWN else 0)


def grid_hold_ms(run: Run, now_ms: int) -> int:
    return run.grid_hold_ms + (now_ms - run.cause_since_at_ms if _kind(run.hold_cause) == _GRID else 0)


def is_over(run: Run, limits: PumpLimits, now_ms: int) -> bool:
    """It has stood still for too long, all in all: it ends, and what is left is released."""
    return (
        own_hold_ms(run, now_ms) >= limits.own_hold_limit_ms or grid_hold_ms(run, now_ms) >= limits.grid_hold_limit_ms
    )


def gives_slot(run: Run, motor: Motor, limits: PumpLimits, now_ms: int) -> bool:
    """The slot goes to others: the device's own trouble has lasted for long enough, and its motor is surely OFF."""
    own = _kind(run.hold_cause) == _OWN
    return own and now_ms - run.cause_since_at_ms >= limits.slot_kept_ms and lease.surely_off(motor, limits, now_ms)


def may_resume(motor: Motor, now_ms: int) -> bool:
    """Conditions have been good for long enough, and the stop that came with the HOLD is confirmed."""
    return not motor.stopping and motor.may_start_at_ms is not None and now_ms >= motor.may_start_at_ms


def start_delay_ms(motor: Motor, limits: PumpLimits, *, after_cut: bool) -> int:
    """How long conditions must stay good before this motor starts.

    After a cut each motor gets a share of the spread of its own, so that a village's motors don't start at once. Drawn
    from its id and fence: different each time and for each motor, and the same when it is asked again.
    """
    if not after_cut:
        return limits.stable_for_ms
    drawn = hashlib.sha256(f"{motor.device_id}/{motor.fence}/{motor.boot_id}".encode()).digest()
    return limits.stable_for_ms + int.from_bytes(drawn[:4], "big") % (limits.restart_spread_ms + 1)


_OWN, _GRID, _LINE = "own", "grid", "line"


def _kind(cause: HoldCause | None) -> str:
    if cause is HoldCause.LINE:
        return _LINE
    return _GRID if cause in GRID_WIDE else _OWN
