"""What a device's state tells: facts about its motor, and the growth of its run. Decides nothing about runs."""

from dataclasses import replace

from domain.pump import charging, hold, lease
from domain.pump.draft import Draft
from domain.pump.effects import AlarmCleared, AlarmRaised
from domain.pump.events import Reported
from domain.pump.state import Motor, Report, Run
from domain.pump.words import SHALL_BE_ON, Alarm, ReportRefusal

SEQ_AHEAD_MAX = 1_000_000
"""As many states in one boot as no server may have heard: two months of one every five seconds."""


def take(draft: Draft, event: Reported) -> ReportRefusal | None:
    """Notes a state, or says why it changes nothing."""
    motor, report = draft.motors.get(event.device_id), event.report
    if motor is None:
        return ReportRefusal.UNKNOWN_DEVICE
    if report.boot_id < motor.boot_id:
        return ReportRefusal.OLD_BOOT
    if report.boot_id == motor.boot_id and report.seq <= motor.seq:
        return ReportRefusal.STALE
    if report.seq - (motor.seq if report.boot_id == motor.boot_id else 0) > SEQ_AHEAD_MAX:
        return ReportRefusal.AHEAD
    run = _run_of(draft, motor, report)
    alarm = _alarm(motor, report, run, draft.now_ms)
    if run is not None:
        charged = charging.charged(run, motor, report, draft.limits.lease, draft.now_ms)
        if isinstance(charged, ReportRefusal):
            return charged
        draft.active[run.id] = charged
    _tell(draft, motor, alarm)
    draft.put(_noted(draft, motor, report, alarm))
    if alarm is Alarm.ON_WITHOUT_RUN:
        draft.stop(motor.device_id)
    else:
        draft.to_grant[motor.device_id] = None
    return None


def _run_of(draft: Draft, motor: Motor, report: Report) -> Run | None:
    """The run that the state speaks of, if it is an open one of this motor."""
    run = draft.active.get(report.run_id) if report.run_id else None
    return run if run is not None and run.device_id == motor.device_id else None


def _alarm(motor: Motor, report: Report, run: Run | None, now_ms: int) -> Alarm | None:
    """A motor may be ON for its run, and until a stop under way arrives or its lease is over."""
    if not report.motor_on or (run is not None and run.state in SHALL_BE_ON):
        return None
    if not motor.stopping:
        return Alarm.ON_WITHOUT_RUN
    if lease.is_over(motor, now_ms):
        return motor.alarm or Alarm.ON_AFTER_LEASE
    return motor.alarm


def _tell(draft: Draft, motor: Motor, alarm: Alarm | None) -> None:
    if alarm is motor.alarm:
        return
    if motor.alarm is not None:
        draft.effects.append(AlarmCleared(motor.device_id, motor.alarm))
    if alarm is not None:
        draft.effects.append(AlarmRaised(motor.device_id, alarm))


def _noted(draft: Draft, motor: Motor, report: Report, alarm: Alarm | None) -> Motor:
    now_ms = draft.now_ms
    is_new_boot = report.boot_id > motor.boot_id
    was_dark = not motor.grid or is_new_boot or lease.is_silent(motor, draft.limits, now_ms)
    if lease.confirms_off(motor, report.fence, report.motor_on):
        motor = lease.confirmed(motor)
    motor = lease.fenced(motor, report.fence)
    is_good = report.grid and report.ready and report.fault is None and alarm is None
    may_start_at_ms = motor.may_start_at_ms if is_good and not is_new_boot else None
    if is_good and may_start_at_ms is None:
        may_start_at_ms = now_ms + hold.start_delay_ms(motor, draft.limits, after_cut=was_dark)
    return replace(
        motor,
        boot_id=report.boot_id,
        seq=report.seq,
        heard_at_ms=now_ms,
        motor_on=report.motor_on,
        off_since_at_ms=None if report.motor_on else _first(motor.off_since_at_ms, now_ms),
        run_id=report.run_id,
        grid=report.grid,
        ready=report.ready,
        fault=report.fault,
        off_until_at_ms=now_ms + report.off_left_ms if report.off_left_ms else min(motor.off_until_at_ms, now_ms),
        may_start_at_ms=may_start_at_ms,
        alarm=alarm,
    )


def _first(earlier_at_ms: int | None, now_ms: int) -> int:
    return now_ms if earlier_at_ms is None else earlier_at_ms
