"""What must hold after every step, whatever happened: asked by the simulation and the model in `tools`."""

from collections.abc import Iterator

from domain.pump import charging, lease
from domain.pump.state import Group
from domain.pump.words import SHALL_BE_ON, RunState

_ACTIVE = frozenset({RunState.STARTING, RunState.RUNNING, RunState.HOLD, RunState.STOPPING, RunState.UNSETTLED})


def broken(group: Group, now_ms: int) -> list[str]:
    """One sentence for each rule that does not hold; empty when all do."""
    return [*broken_now(group, now_ms), *broken_line(group)]


def broken_now(group: Group, now_ms: int) -> list[str]:
    """Of motors and of runs that are not in line."""
    return [*_slots(group), *_permissions(group, now_ms), *_money(group)]


def broken_line(group: Group) -> list[str]:
    return [*_people(group), *_line(group)]


def _slots(group: Group) -> Iterator[str]:
    """One run of a group may have its motor ON, and has the slot."""
    owner = next((run for run in group.active if run.id == group.slot), None)
    if group.slot is not None and (owner is None or owner.state is RunState.UNSETTLED):
        yield "the slot belongs to no run that could use it"
    for run in group.active:
        if run.state in SHALL_BE_ON and run.id != group.slot:
            yield f"a run is {run.state} without the slot"
        if run.state not in _ACTIVE:
            yield f"a run that is {run.state} counts as active"


def _permissions(group: Group, now_ms: int) -> Iterator[str]:
    """At most one motor may be ON by what was granted, and only for a run that is not over."""
    possible = [motor for motor in group.motors if not lease.is_over(motor, now_ms)]
    if len(possible) > 1:
        yield f"{len(possible)} motors may be ON by their leases"
    for motor in possible:
        runs = [run for run in group.active if run.device_id == motor.device_id and run.id == group.slot]
        if not runs:
            yield "a motor may be ON, and no run has the slot for it"
        elif not motor.stopping and runs[0].state not in SHALL_BE_ON:
            yield f"a motor may be ON for a run that is {runs[0].state}, and is not stopped"
        elif motor.stopping and runs[0].state in SHALL_BE_ON:
            yield f"a run is {runs[0].state} while its motor is stopped"


def _people(group: Group) -> Iterator[str]:
    members = [run.member_id for run in (*group.active, *group.waiting)]
    if len(members) != len(set(members)):
        yield "a member has two open runs"


def _money(group: Group) -> Iterator[str]:
    for run in group.active:
        charged_ms = charging.confirmed_ms(run)
        if not 0 <= charged_ms <= run.amount_ms:
            yield f"a run of {run.amount_ms} ms is charged {charged_ms} ms"
        if any(boot.on_ms < boot.given_ms or boot.given_ms < 0 for boot in run.confirmed):
            yield "more was given than measured"
        if charging.captured_s(run) * 1000 > charged_ms:
            yield "more is captured than was measured"


def _line(group: Group) -> Iterator[str]:
    tickets = [run.ticket for run in group.waiting]
    if tickets != sorted(set(tickets)):
        yield "the line is not in the order of its tickets"
    if any(run.state is not RunState.WAITING for run in group.waiting):
        yield "somebody in line is not waiting"
