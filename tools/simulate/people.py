"""Members who ask, stop, extend, click twice and change their minds; an owner who recharges, suspends and skips, sorts
motors into groups and sets other limits.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from domain.pump.events import ExtensionAsked, Skipped, StopAsked
from domain.pump.limit_ranges import RANGES, faults
from domain.pump.limits import DEFAULTS
from domain.pump.words import Reason
from domain.wallet import Move, TransferKind
from tools.simulate.clockwork import Act, Clockwork
from tools.simulate.server import Server, chosen, open_runs

DAY_MS = 24 * 3_600_000
OWNER = UUID(int=1)


@dataclass(frozen=True, slots=True)
class Habits:
    """How often, a day."""

    requests: float = 1.5
    """Of each member."""
    stops: float = 20
    """All members of a tenant together; so are those below."""
    extensions: float = 15
    skips: float = 3
    recharges: float = 120
    reversals: float = 2
    suspensions: float = 2
    regroupings: float = 12
    other_limits: float = 4
    doubled: float = 0.1
    """Share of clicks that come twice."""


class People:
    def __init__(
        self, clockwork: Clockwork, chance: random.Random, server: Server, devices: Sequence[str], habits: Habits
    ) -> None:
        self._clockwork, self._chance, self._server, self._devices = clockwork, chance, server, devices
        self._habits = habits
        self._members = list(server.standings)
        for member in self._members:
            self._recharge(member)
        for times, act in (
            (habits.requests * len(self._members), self._ask), (habits.stops, self._stop),
            (habits.extensions, self._extend), (habits.skips, self._skip), (habits.recharges, self._refill),
            (habits.reversals, self._reverse), (habits.suspensions, self._suspend),
            (habits.regroupings, self._regroup), (habits.other_limits, self._limit),
        ):  # fmt: skip
            self._often(times, act)

    def _often(self, times_a_day: float, act: Act) -> None:
        def again() -> None:
            act()
            self._clockwork.after(self._chance.expovariate(times_a_day / DAY_MS), again)

        self._clockwork.after(self._chance.expovariate(times_a_day / DAY_MS), again)

    def _key(self) -> UUID:
        return UUID(int=self._chance.getrandbits(128))

    def _clicks(self) -> int:
        return 2 if self._chance.random() < self._habits.doubled else 1

    def _ask(self) -> None:
        member, device_id = self._chance.choice(self._members), self._chance.choice(self._devices)
        seconds = self._chance.choice((0, 60, 300, 600, 900, 1_200, 1_800, 3_600, 10**7))
        key = self._key()
        for _ in range(self._clicks()):
            self._server.request(member, device_id, seconds, key)

    def _stop(self) -> None:
        n = self._chance.randrange(len(self._server.groups))
        run = chosen(self._chance, self._server.groups[n])
        if run is not None:
            for _ in range(self._clicks()):
                self._server.step(n, StopAsked(run.id, run.member_id, Reason.STOPPED))

    def _extend(self) -> None:
        n = self._chance.randrange(len(self._server.groups))
        group, key, seconds = self._server.groups[n], self._key(), self._chance.choice((-60, 60, 300, 900))
        for run in group.active[:1]:
            for _ in range(self._clicks()):
                earlier = self._server.ledger.get(key)
                asked = ExtensionAsked(run.id, seconds, run.member_id, key, earlier.seconds if earlier else None)
                self._server.step(n, asked)

    def _skip(self) -> None:
        n = self._chance.randrange(len(self._server.groups))
        waiting = self._server.groups[n].waiting
        if waiting:
            self._server.tickets += 1
            self._server.step(n, Skipped(waiting[0].id, self._server.tickets, OWNER))

    def _refill(self) -> None:
        self._recharge(min(self._members, key=lambda member: self._server.standings[member].available_s))

    def _recharge(self, member: UUID) -> None:
        move = Move(self._key(), TransferKind.RECHARGE, self._chance.randint(20, 120) * 60, OWNER)
        for _ in range(self._clicks()):
            self._server.book(member, move)

    def _reverse(self) -> None:
        move = Move(self._key(), TransferKind.REVERSAL, self._chance.randint(1, 90) * 60, OWNER, "mistake")
        self._server.book(self._chance.choice(self._members), move)

    def _suspend(self) -> None:
        """Half of the time somebody who has an open run."""
        runs = [run for group in self._server.groups for run in open_runs(group)]
        member = self._chance.choice(runs).member_id if runs and self._chance.random() < 0.5 else None
        member = member or self._chance.choice(self._members)
        self._set_active(member, False)
        self._clockwork.after(self._chance.randint(60_000, DAY_MS), lambda: self._set_active(member, True))

    def _regroup(self) -> None:
        self._server.move(self._chance.choice(self._devices), self._chance.randrange(len(self._server.groups)))

    def _limit(self) -> None:
        """One limit, the usual, half or twice as much, as far as the owner's form would take it."""
        name = self._chance.choice(sorted(RANGES))
        wanted = {name: int(getattr(DEFAULTS, name) * self._chance.choice((0.5, 1, 2)))}
        if not faults(wanted):
            for n in range(len(self._server.groups)):
                self._server.limit(n, **wanted)

    def _set_active(self, member: UUID, active: bool) -> None:
        self._server.standings[member] = replace(self._server.standings[member], active=active)
