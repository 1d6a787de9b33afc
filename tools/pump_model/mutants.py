"""Rules left out, one at a time. Each opens a way to two motors ON, to a motor lit by an old grant, or to wrong money;
the search must find it.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from unittest.mock import patch

from domain.pump import charging, lease, runs
from domain.pump.events import Restarted
from domain.pump.limits import LeaseTerms
from domain.pump.state import BootTime, Motor, Report, Run
from domain.pump.words import RunState
from tools.pump_model import money
from tools.pump_model.device import Rules
from tools.pump_model.network import Capacity
from tools.pump_model.search import Verdict, search
from tools.pump_model.setting import Faults, Setting
from tools.pump_model.world import Model

STATES_MAX = 400_000
JUMP_MS = 10_000


@dataclass(frozen=True, slots=True)
class Mutant:
    """A rule left out, and a world that is large enough to show it."""

    name: str
    setting: Setting | money.Money
    patches: Callable[[], Any] | None = None


def caught(mutant: Mutant) -> Verdict[Any]:
    """What the search finds when the rule is left out."""
    with mutant.patches() if mutant.patches else _nothing():
        return check(mutant.setting)


def check(setting: Setting | money.Money, states_max: int = STATES_MAX) -> Verdict[Any]:
    """Searches one world with the rules as they are at this moment."""
    if isinstance(setting, money.Money):
        return search([money.start()], setting.successors, money.fault_of, states_max)
    model = Model(setting)
    return search(model.starts(), model.successors, model.fault_of, states_max)


@contextmanager
def _nothing() -> Iterator[None]:
    yield


def _no_wait() -> Any:
    """Another motor starts as soon as the stop has been sent."""
    return patch.object(lease, "surely_off", lambda motor, limits, now_ms: motor.alarm is None)


def _no_fence() -> Any:
    """Any state that says OFF confirms a stop, also one that was sent before the stop arrived."""
    return patch.object(lease, "confirms_off", lambda motor, fence, motor_on: motor.stopping and not motor_on)


def _no_drift() -> Any:
    return patch.object(LeaseTerms, "slowed_ms", lambda terms, device_ms: device_ms)


def _forgotten() -> Any:
    """A new server process begins with an empty memory of leases."""

    def restart(draft: Any, _: Restarted) -> None:
        for motor in list(draft.motors.values()):
            draft.put(replace(motor, lease_until_at_ms=None))

    return patch.dict(runs._HANDLERS, {Restarted: restart})


def _wall_clock() -> Any:
    """A new server process takes stored moments at their word, whatever its clock says now."""
    return patch.dict(runs._HANDLERS, {Restarted: lambda draft, event: None})


def _wall_clock_charging() -> Any:
    def charged(run: Run, motor: Motor, report: Report, terms: LeaseTerms, now_ms: int) -> Run:
        passed_ms = now_ms - (motor.heard_at_ms or 0) if run.state is RunState.RUNNING else 0
        before_ms = sum(boot.on_ms for boot in run.confirmed)
        return replace(run, confirmed=(BootTime(report.boot_id, before_ms + passed_ms),))

    return patch.object(charging, "charged", charged)


def _forgetful_budget() -> Any:
    """Each boot of a device gets the whole amount again."""
    return patch.object(charging, "budget_ms", lambda run, boot_id: run.amount_ms)


_QUIET = Setting(only_physical=True)
_STOPPED = _QUIET._replace(faults=Faults(stops=1), line=(("A", 3), ("B", 1)))
_RESTORED = _QUIET._replace(faults=Faults(restarts=1), restores=True)
_RESTARTED = _STOPPED._replace(faults=Faults(restarts=1, stops=1))

MUTANTS: Mapping[str, Mutant] = {
    mutant.name: mutant
    for mutant in (
        Mutant("lease anchored at receipt", _STOPPED._replace(rules=Rules(anchored_at_sending=False))),
        Mutant("no wait before the next start", _STOPPED, _no_wait),
        Mutant("no fence", _STOPPED._replace(rules=Rules(fence_checked=False)), _no_fence),
        Mutant("lease forgotten at restart", _RESTARTED, _forgotten),
        Mutant("restart trusts the wall clock", _RESTARTED._replace(jumps_ms=(0, JUMP_MS)), _wall_clock),
        Mutant("restart believes a backup", _RESTORED, _wall_clock),
        Mutant("no drift margin", _STOPPED, _no_drift),
        Mutant(
            "old grant accepted after an OFF",
            _QUIET._replace(faults=Faults(cuts=1), rules=Rules(latch_checked=False)),
        ),
        Mutant("wall-clock charging", _QUIET._replace(silence_counts=True), _wall_clock_charging),
        Mutant("budget forgets other boots", _QUIET._replace(faults=Faults(reboots=(1, 0))), _forgetful_budget),
        Mutant("device does not count", _QUIET._replace(rules=Rules(budget_checked=False))),
        Mutant("no hold", money.Money(takes_holds=False)),
        Mutant("no idempotency", money.Money(knows_keys=False)),
    )
}

_NARROW = Setting(capacity=Capacity(states=1, grants=1))
_SHORT = _NARROW._replace(line=(("A", 1), ("B", 1)))

WORLDS: Mapping[str, Setting | money.Money] = {
    "loss, duplicates, delay, drift": Setting(),
    "the member stops": _NARROW._replace(faults=Faults(stops=1)),
    "a power cut": _SHORT._replace(faults=Faults(cuts=1)),
    "silence": _SHORT._replace(silence_counts=True),
    "a reboot": _SHORT._replace(faults=Faults(reboots=(1, 0))),
    "a restart with a wrong clock": _SHORT._replace(faults=Faults(restarts=1, stops=1), jumps_ms=(0, JUMP_MS)),
    "a minimum off-time": _SHORT._replace(faults=Faults(cuts=1), rules=Rules(off_time=1)),
    "money": money.Money(),
}
"""Worlds in which nothing bad may be reachable; each is searched to its end."""

LARGE_WORLDS: Mapping[str, Setting] = {
    "two of each under way, and a stop": Setting(faults=Faults(stops=1)),
    "a long run and a power cut": _NARROW._replace(faults=Faults(cuts=1)),
    "a long run and silence": _NARROW._replace(silence_counts=True),
    "a long run and a reboot": _NARROW._replace(faults=Faults(reboots=(1, 0))),
    "a long run and a restart": _NARROW._replace(faults=Faults(restarts=1, stops=1), jumps_ms=(0, JUMP_MS)),
    "a restored backup": _SHORT._replace(faults=Faults(restarts=1), restores=True),
    "a stop and a cut": _NARROW._replace(faults=Faults(cuts=1, stops=1)),
    "a stop and silence": _NARROW._replace(faults=Faults(stops=1), silence_counts=True),
}
"""More of the same, for who has minutes: `make bench`."""
