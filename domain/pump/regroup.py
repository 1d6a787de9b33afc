"""Whether a motor may go to another interlock group: nobody uses it or waits for it, and it is surely OFF."""

from domain.pump import lease
from domain.pump.state import Group
from domain.pump.words import PumpRefusal


def refusal(group: Group, device_id: str, now_ms: int) -> PumpRefusal | None:
    """Why not; None: it may. `group` is its group of now, with the whole line.

    In another group other motors are kept OFF while this one may be ON, so nobody may have a doubt: also right after a
    start of the server, when an older one's permission may still be alive.
    """
    motor = next((motor for motor in group.motors if motor.device_id == device_id), None)
    if motor is None:
        return PumpRefusal.UNKNOWN_MOTOR
    if any(run.device_id == device_id for run in (*group.active, *group.waiting)):
        return PumpRefusal.MOTOR_IN_USE
    is_waited_for = group.not_before_at_ms is not None and now_ms < group.not_before_at_ms
    if is_waited_for or motor.stopping or not lease.surely_off(motor, group.limits, now_ms):
        return PumpRefusal.NOT_SURELY_OFF
    return None
