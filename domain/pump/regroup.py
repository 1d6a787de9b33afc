"""Whether a motor may leave its interlock group: nobody uses it or waits for it, and it is surely OFF."""

from domain.pump import lease
from domain.pump.state import Group, Motor
from domain.pump.words import PumpRefusal


def refusal(group: Group, device_id: str, now_ms: int) -> PumpRefusal | None:
    """Why it may not go to another group; None: it may. `group` is its group of now, with the whole line.

    In another group other motors are kept OFF while this one may be ON, so nobody may have a doubt: also right after a
    start of the server, when an older one's permission may still be alive.
    """
    motor = _motor(group, device_id)
    if motor is None:
        return PumpRefusal.UNKNOWN_MOTOR
    if _is_in_use(group, device_id):
        return PumpRefusal.MOTOR_IN_USE
    return None if _is_surely_off(group, motor, now_ms) else PumpRefusal.NOT_SURELY_OFF


def refusal_of_removal(group: Group, device_id: str, now_ms: int) -> PumpRefusal | None:
    """Why its controller may not be taken away; None: it may, and then the motor stands in no group.

    An alarm of a controller that is silent is no reason: nobody would ever hear that the motor is OFF, and its group
    would be blocked for ever. Whoever takes the controller away stands before the motor.
    """
    motor = _motor(group, device_id)
    if motor is None:
        return None
    if _is_in_use(group, device_id):
        return PumpRefusal.MOTOR_IN_USE
    is_lost = lease.is_over(motor, now_ms) and lease.is_silent(motor, group.limits, now_ms)
    is_off = _is_surely_off(group, motor, now_ms) or (is_lost and not _is_waited_for(group, now_ms))
    return None if is_off else PumpRefusal.NOT_SURELY_OFF


def _motor(group: Group, device_id: str) -> Motor | None:
    return next((motor for motor in group.motors if motor.device_id == device_id), None)


def _is_in_use(group: Group, device_id: str) -> bool:
    return any(run.device_id == device_id for run in (*group.active, *group.waiting))


def _is_surely_off(group: Group, motor: Motor, now_ms: int) -> bool:
    is_off = not motor.stopping and lease.surely_off(motor, group.limits, now_ms)
    return is_off and not _is_waited_for(group, now_ms)


def _is_waited_for(group: Group, now_ms: int) -> bool:
    """After a start of the server: an older one's permissions may be alive."""
    return group.not_before_at_ms is not None and now_ms < group.not_before_at_ms
