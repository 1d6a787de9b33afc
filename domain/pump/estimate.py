"""About how long somebody in line will wait: the runs before, the rest of a motor between them, power cuts.

Cuts that are planned stop everything; those that only happened often slow it down by how often; and a cut of this
moment probably lasts as long as past ones did. It is an estimate: whoever shows it says "about".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.pump import charging, line
from domain.pump.power_habits import Habits, slot_end
from domain.pump.shedding import Window, ends_at, next_change
from domain.pump.state import Group, Run
from domain.pump.words import RunState

CHANGEOVER_MS = 30_000
"""From one run's end to the next one's ON: confirming OFF, and a motor's rest."""
LONGEST = timedelta(days=7)
DARK = 0.95
"""A half hour that is without power so often counts as lost."""
_ENDING = frozenset({RunState.STOPPING, RunState.UNSETTLED})
_STEPS = (  # up to this wait, to so much
    (timedelta(minutes=10), timedelta(minutes=1)),
    (timedelta(hours=1), timedelta(minutes=5)),
    (timedelta(hours=4), timedelta(minutes=15)),
)
_ROUGHEST = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Power:
    """What is known of the tenant's power at a moment of its local time."""

    local: datetime
    usual: Sequence[Window] = ()
    habits: Habits | None = None
    cut_since: datetime | None = None
    """The power is away since then."""


def wait(group: Group, run_id: object, power: Power) -> timedelta | None:
    """About how long until this run's motor is ON; None: it is not in line, or nobody can say.

    Everybody before is taken to use all that they asked for, so most people wait for less. Runs whose device is away
    count too: it may be back before.
    """
    before: list[Run] = [run for run in group.active if run.id == group.slot]
    for run in line.in_line(group.active, group.waiting, group.slot):
        if run.id == run_id:
            break
        before.append(run)
    else:
        return None
    work_ms = sum((0 if run.state in _ENDING else charging.left_ms(run)) + CHANGEOVER_MS for run in before)
    whole = with_cuts(timedelta(milliseconds=work_ms), power)
    return None if whole is None else about(whole)


def with_cuts(work: timedelta, power: Power) -> timedelta | None:
    """How long it takes until `work` is done; None: more than a week, or the power is away and nobody knows how long.

    A cut of this moment ends by the plan, or as past ones did.
    """
    at = _back_at(power)
    while at is not None and at - power.local <= LONGEST:
        end = ends_at(power.usual, at)
        if end is not None:
            at = end
            continue
        until, speed = _stretch(power, at)
        if until is None or at + work <= at + (until - at) * speed:
            return at + (work / speed if speed else work) - power.local
        work -= (until - at) * speed
        at = until
    return None


def about(exact: timedelta) -> timedelta:
    """As exact as an estimate may look: up to whole minutes, the further away the rougher."""
    step = next((step for limit, step in _STEPS if exact <= limit), _ROUGHEST)
    return -(-exact // step) * step


def _back_at(power: Power) -> datetime | None:
    """When there is power; None: it is away, and nobody knows for how long."""
    if power.cut_since is None or ends_at(power.usual, power.local) is not None:
        return power.local
    rest = power.habits.rest_of(power.local - power.cut_since) if power.habits else None
    return None if rest is None else power.local + rest


def _stretch(power: Power, at: datetime) -> tuple[datetime | None, float]:
    """Until when nothing is known to change, and how fast work is done until then. A plan explains its half hours
    alone: what happened in them before was the same cut.
    """
    change = next_change(power.usual, at)
    if power.habits is None:
        return change, 1.0
    end = slot_end(at)
    begin = end - (slot_end(end) - end)
    is_planned = ends_at(power.usual, begin) is not None or (change is not None and change <= end)
    dark = 0.0 if is_planned else power.habits.dark_at(at)
    return (end if change is None else min(end, change)), 0.0 if dark >= DARK else 1.0 - dark
