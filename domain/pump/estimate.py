"""How long somebody in line will probably wait: the runs before, the rest of a motor between them, usual power cuts."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from domain.pump import charging, line
from domain.pump.shedding import Window, ends_at, next_change
from domain.pump.state import Group, Run
from domain.pump.words import RunState

CHANGEOVER_MS = 30_000
"""From one run's end to the next one's ON: confirming OFF, and a motor's rest."""
LONGEST = timedelta(days=7)
_ENDING = frozenset({RunState.STOPPING, RunState.UNSETTLED})


def wait(group: Group, run_id: object, usual: Sequence[Window], local: datetime) -> timedelta | None:
    """From now until this run's motor is probably ON; None: it is not in line, or longer than a week.

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
    return with_cuts(timedelta(milliseconds=work_ms), usual, local)


def with_cuts(work: timedelta, usual: Sequence[Window], local: datetime) -> timedelta | None:
    """How long it takes until `work` is done, if it stands still in the usual windows; None: more than a week."""
    at = local
    while at - local <= LONGEST:
        end = ends_at(usual, at)
        if end is not None:
            at = end
            continue
        change = next_change(usual, at)
        if change is None or at + work <= change:
            return at + work - local
        work -= change - at
        at = change
    return None
