"""Which process steps the groups of motors: the one that leads, by its epoch, with its steady clock.

An epoch is a number that only grows, one for each process that came to lead. A group notes the epoch of whoever stepped
it last, and takes nothing from an older one: so a leader that was cut off and does not know it yet changes nothing.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from uuid import UUID

from domain.pump.effects import SendGrant, SendStop
from domain.pump.limits import LeaseTerms

Message = SendGrant | SendStop


class SteadyClock:
    """Milliseconds that never jump and never run back: see domain/pump/state.py."""

    def __init__(self, from_ms: int, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._monotonic_s = monotonic_s
        self._base_ms = from_ms - self._own_ms()

    def now_ms(self) -> int:
        return self._base_ms + self._own_ms()

    def at_least(self, moment_ms: int) -> None:
        """Continues from a moment that somebody before has seen, if that is later."""
        self._base_ms = max(self._base_ms, moment_ms - self._own_ms())

    def _own_ms(self) -> int:
        return int(self._monotonic_s() * 1000)


@dataclass(frozen=True)
class Lead:
    """The right to step groups. `send` takes messages for devices after the commit that allows them, and must neither
    wait nor fail; `look` hears when a group is due next, which may be earlier than the ticker thinks.
    """

    epoch: int
    clock: SteadyClock
    send: Callable[[UUID, Iterable[Message]], None]
    look: Callable[[int | None], None]
    terms: LeaseTerms = field(default_factory=LeaseTerms)
    groups: dict[tuple[UUID, str], UUID] = field(default_factory=dict)
    """The group of each motor (by tenant and device) that has spoken: it is looked up once."""


class _Current:
    lead: Lead | None = None


def take(lead: Lead) -> None:
    _Current.lead = lead


def resign(lead: Lead) -> None:
    """Gives the lead up, unless somebody has taken it since."""
    if _Current.lead is lead:
        _Current.lead = None


def current() -> Lead | None:
    """None: another process leads, or nobody does yet."""
    return _Current.lead
