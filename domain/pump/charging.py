"""What a run costs: the ON time that its motor measured, boot by boot, never what a clock on the wall says.

Milliseconds while it runs, whole seconds (rounded down) when it is settled, never more than its amount. What a device
could not report before it lost its memory is charged to nobody, and neither is what no grant had allowed.
"""

from dataclasses import replace

from domain.pump.limits import LeaseTerms
from domain.pump.state import BootTime, Motor, Report, Run
from domain.pump.words import ReportRefusal


def confirmed_ms(run: Run) -> int:
    """What the run is charged so far."""
    return min(run.amount_ms, sum(boot.on_ms - boot.given_ms for boot in run.confirmed))


def left_ms(run: Run) -> int:
    return run.amount_ms - confirmed_ms(run)


def captured_s(run: Run) -> int:
    return confirmed_ms(run) // 1000


def newest_boot_id(run: Run) -> int | None:
    """The boot that was granted last. None: never granted."""
    return run.confirmed[-1].boot_id if run.confirmed else None


def budget_ms(run: Run, boot_id: int) -> int:
    """How long the run may be ON in this boot, counted from the boot: its amount less what other boots have used."""
    others_ms = sum(boot.on_ms - boot.given_ms for boot in run.confirmed if boot.boot_id != boot_id)
    return max(0, run.amount_ms - others_ms + _in(run, boot_id).given_ms)


def granted(run: Run, boot_id: int, ttl_ms: int) -> Run:
    """The run with a grant that answers the newest state: from that state on, one lease may be ON and is charged."""
    boot = _in(run, boot_id)
    return _with(run, replace(boot, granted_ms=max(boot.granted_ms, boot.on_ms + ttl_ms)))


def charged(run: Run, motor: Motor, report: Report, terms: LeaseTerms, now_ms: int) -> Run | ReportRefusal:
    """The run with the growth of its ON time since the motor's last state.

    What grew beyond the grants (a welded contactor), or by more than the time that has passed (a device that errs), is
    noted as given.
    """
    boot = _in(run, report.boot_id)
    growth_ms = report.on_ms - boot.on_ms
    if growth_ms < 0:
        return ReportRefusal.ON_TIME_FELL
    if growth_ms == 0:
        return run
    allowed_ms = min(boot.granted_ms - boot.on_ms, longest_growth_ms(motor, terms, now_ms))
    given_ms = growth_ms - min(growth_ms, max(0, allowed_ms))
    return _with(run, replace(boot, on_ms=report.on_ms, given_ms=boot.given_ms + given_ms))


def longest_growth_ms(motor: Motor, terms: LeaseTerms, now_ms: int) -> int:
    """How long a motor can have been ON since its last state came: until now, and one lease before if that was late."""
    heard_ms = 0 if motor.heard_at_ms is None else now_ms - motor.heard_at_ms
    return terms.slowed_ms(heard_ms) + terms.whole_ms


def _in(run: Run, boot_id: int) -> BootTime:
    return next((boot for boot in run.confirmed if boot.boot_id == boot_id), BootTime(boot_id))


def _with(run: Run, boot: BootTime) -> Run:
    others = [other for other in run.confirmed if other.boot_id != boot.boot_id]
    return replace(run, confirmed=tuple(sorted([*others, boot], key=_boot_id)))


def _boot_id(boot: BootTime) -> int:
    return boot.boot_id
