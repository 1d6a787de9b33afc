"""Until when a motor may still be ON because of what the server has granted.

The server never knows whether a motor is OFF; it knows what it allowed. So before another motor of the group gets a
grant, this one has confirmed its stop, or its lease has surely run out: granting + the device's time to live at the
slowest clock + a margin for what the device does last. Every moment here is on the steady clock (see `state`).
"""

from collections.abc import Iterable
from dataclasses import replace

from domain.pump.limits import LeaseTerms, PumpLimits
from domain.pump.state import Motor


def is_over(motor: Motor, now_ms: int) -> bool:
    """Nothing that was granted can keep the motor ON any more."""
    return motor.lease_until_at_ms is None or now_ms >= motor.lease_until_at_ms


def surely_off(motor: Motor, limits: PumpLimits, now_ms: int) -> bool:
    """OFF is confirmed, or its lease is over.

    A motor that said ON a moment ago may have a contactor that sticks: its next state is waited for, if one comes.
    """
    if motor.alarm is not None or not is_over(motor, now_ms):
        return False
    return not motor.motor_on or is_silent(motor, limits, now_ms)


def is_silent(motor: Motor, limits: PumpLimits, now_ms: int) -> bool:
    """Nothing heard for too long, or never."""
    return motor.heard_at_ms is None or now_ms - motor.heard_at_ms >= limits.silent_after_ms


def granted(motor: Motor, terms: LeaseTerms, now_ms: int) -> Motor:
    """The motor with the lease of a grant that leaves now. A grant never shortens what an older one allowed."""
    until_at_ms = now_ms + terms.whole_ms
    return replace(motor, lease_until_at_ms=max(until_at_ms, motor.lease_until_at_ms or until_at_ms))


def stopped(motor: Motor) -> Motor:
    """The motor with a stop under way. A stop raises the fence, its repetitions keep it."""
    if motor.stopping:
        return motor
    return replace(motor, stopping=True, fence=motor.fence + 1, stop_sent_at_ms=None)


def needs_stop(motor: Motor) -> bool:
    """Something was granted since the last confirmed OFF, or it is measured ON."""
    return motor.lease_until_at_ms is not None or motor.motor_on


def next_stop_at_ms(motor: Motor, limits: PumpLimits, now_ms: int) -> int:
    """When the stop under way is repeated. A silent device does not hear it, and is told again when it speaks."""
    if motor.stop_sent_at_ms is None:
        return now_ms
    pause_ms = limits.silent_after_ms if is_silent(motor, limits, now_ms) else 0
    return motor.stop_sent_at_ms + max(limits.stop_repeat_ms, pause_ms)


def fenced(motor: Motor, reported_fence: int) -> Motor:
    """The motor with a fence above any that its device knows. Without a restored backup it always is."""
    if reported_fence <= motor.fence:
        return motor
    return replace(motor, fence=reported_fence + 1, stop_sent_at_ms=None)


def confirms_off(motor: Motor, reported_fence: int, motor_on: bool) -> bool:
    """A state answers the stop under way. One that was sent before it arrived has a lower fence."""
    return motor.stopping and not motor_on and reported_fence == motor.fence


def confirmed(motor: Motor) -> Motor:
    """The motor after that: older grants have a lower fence, so none of them lights it again."""
    return replace(motor, stopping=False, stop_sent_at_ms=None, lease_until_at_ms=None)


def after_restart(motors: Iterable[Motor], terms: LeaseTerms, now_ms: int) -> tuple[Motor, ...]:
    """Every unfinished lease counts as alive for a whole lease from the server's start."""
    until_at_ms = now_ms + terms.whole_ms
    return tuple(
        motor
        if motor.lease_until_at_ms is None
        else replace(motor, lease_until_at_ms=max(until_at_ms, motor.lease_until_at_ms), stop_sent_at_ms=None)
        for motor in motors
    )
