"""Who is next, and what that waits for. First come, first served; nobody is passed over unseen.

Places are derived from tickets, never stored. A run that lost its slot on HOLD stands before everybody who waits.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.pump import lease
from domain.pump.limits import PumpLimits
from domain.pump.state import Group, Motor, Run
from domain.pump.words import AWAY, RunState, WaitsFor


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody stands, from 1, and what that waits for."""

    run: Run
    number: int
    waits_for: WaitsFor


def in_line(active: Iterable[Run], waiting: Sequence[Run], slot: UUID | None) -> Iterator[Run]:
    """The line in its order."""
    yield from sorted((run for run in active if run.state is RunState.HOLD and run.id != slot), key=_ticket)
    yield from waiting


def obstacle(
    motors: Iterable[Motor],
    slot: UUID | None,
    shed_since_at_ms: int | None,
    not_before_at_ms: int | None,
    limits: PumpLimits,
    now_ms: int,
) -> WaitsFor | None:
    """What keeps the whole group from a new start; None: the slot is free to take."""
    if shed_since_at_ms is not None:
        return WaitsFor.SHEDDING
    if slot is not None:
        return WaitsFor.SLOT
    if not_before_at_ms is not None and now_ms < not_before_at_ms:
        return WaitsFor.SERVER_START
    for motor in motors:
        if not lease.surely_off(motor, limits, now_ms):
            return WaitsFor.OTHER_LEASE if motor.alarm is None else WaitsFor.STRAY
    return None


def obstacle_of(motor: Motor, limits: PumpLimits, now_ms: int) -> WaitsFor | None:
    """What keeps this motor from starting; None: nothing."""
    if motor.heard_at_ms is not None and not motor.grid:
        return WaitsFor.DEVICE_GRID
    if lease.is_silent(motor, limits, now_ms):
        return WaitsFor.DEVICE_SILENT
    if motor.fault is not None:
        return WaitsFor.DEVICE_FAULT
    if not motor.ready:
        return WaitsFor.DEVICE_NOT_READY
    if motor.stopping:
        return WaitsFor.STOP
    if now_ms < motor.off_until_at_ms:
        return WaitsFor.OFF_TIME
    if motor.may_start_at_ms is None or now_ms < motor.may_start_at_ms:
        return WaitsFor.RESTART_DELAY
    return None


def next_up(line: Iterable[Run], obstacles: dict[str, WaitsFor | None]) -> Run | None:
    """The first whose device is there; None when that one's motor must rest first, or all devices are away."""
    for run in line:
        in_the_way = obstacles[run.device_id]
        if in_the_way is None:
            return run
        if in_the_way not in AWAY:
            return None
    return None


def places(group: Group, now_ms: int) -> list[Place]:
    """The whole line as pages show it: gapless, each with what it waits for."""
    whole = obstacle(group.motors, group.slot, group.shed_since_at_ms, group.not_before_at_ms, group.limits, now_ms)
    own = {motor.device_id: obstacle_of(motor, group.limits, now_ms) for motor in group.motors}
    found: list[Place] = []
    first = True
    for number, run in enumerate(in_line(group.active, group.waiting, group.slot), 1):
        away = own[run.device_id]
        if away in AWAY:
            found.append(Place(run, number, away))
            continue
        found.append(Place(run, number, (whole or away or WaitsFor.TURN) if first else WaitsFor.TURN))
        first = False
    return found


def _ticket(run: Run) -> int:
    return run.ticket
