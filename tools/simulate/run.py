"""One simulated tenant, from its seed to its last event."""

import random
import time
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

from domain.pump.effects import SendGrant, SendStop
from domain.pump.events import Reported
from domain.pump.limits import PumpLimits
from domain.pump.state import Group, Motor
from tools.simulate.checks import Checks
from tools.simulate.clockwork import Clockwork, Line
from tools.simulate.controller import Controller
from tools.simulate.people import Habits, People
from tools.simulate.server import Server
from tools.simulate.weather import DAY_MS, Climate, Weather

STATE_EVERY_MS = 5_000
STATE_GAP_MS = 250


@dataclass(frozen=True, slots=True)
class Plan:
    """What a simulation is made of. The same plan and seed are the same simulation, to the last message."""

    seed: int
    events: int = 100_000
    """It ends after so many: transactions of the server, and things that happen to devices."""
    groups: tuple[int, ...] = (1, 2)
    """Motors in each interlock group."""
    members: int = 250
    line: Line = field(default_factory=Line)
    climate: Climate = field(default_factory=Climate)
    habits: Habits = field(default_factory=Habits)
    limits: PumpLimits = field(default_factory=PumpLimits)


@dataclass(frozen=True, slots=True)
class Outcome:
    seed: int
    events: int
    days: float
    seconds: float
    """That it took."""
    checks: int
    violations: tuple[str, ...]
    counts: Counter[str]


def simulate(plan: Plan) -> Outcome:
    """Runs until the events are used up, or something is wrong."""
    return _Simulation(plan).run()


class _Simulation:
    def __init__(self, plan: Plan) -> None:
        self._plan, self._chance, self._clockwork = plan, random.Random(plan.seed), Clockwork()
        names = [[f"motor-{g}-{n}" for n in range(motors)] for g, motors in enumerate(plan.groups)]
        self._controllers = {
            name: Controller(name, self._chance.uniform(0.9905, 1.002), self._chance.choice((0, 20_000, 60_000)))
            for group in names
            for name in group
        }
        self._checks = Checks(self._controllers)
        groups = [Group(tuple(map(Motor, group)), limits=plan.limits) for group in names]
        members = [UUID(int=1_000 + n) for n in range(plan.members)]
        self._server = Server(self._clockwork, groups, members, self._checks, self._send)
        self._looks = dict.fromkeys(self._controllers, 0)
        self._said_ms = dict.fromkeys(self._controllers, -STATE_GAP_MS)
        self._shown: dict[str, tuple[object, ...]] = {}
        devices = list(self._controllers.values())
        Weather(self._clockwork, self._chance, self._server, devices, plan.climate, self._say)
        People(self._clockwork, self._chance, self._server, list(self._controllers), plan.habits)
        for controller in devices:
            self._clockwork.after(self._chance.randint(0, STATE_EVERY_MS), partial(self._turn, controller))

    def run(self) -> Outcome:
        began_s, events = time.perf_counter(), 0
        while events < self._plan.events and not self._checks.violations:
            self._clockwork.run_next()
            events += 1
            self._checks.physical(self._server.groups)
        if not self._checks.violations:
            self._compare_ledgers()
        return Outcome(
            self._plan.seed,
            events,
            self._clockwork.now_ms / DAY_MS,
            time.perf_counter() - began_s,
            self._checks.performed,
            tuple(self._checks.violations),
            self._server.counts,
        )

    def _compare_ledgers(self) -> None:
        for member, wallet in self._server.wallets.items():
            same = self._server.sums(member) == (wallet.available_s, wallet.held_s)
            self._checks.expect(same, "a balance is not the sum of its transfers")

    def _turn(self, controller: Controller) -> None:
        """A controller's clock: a state every five seconds while it has power."""
        if controller.is_powered:
            self._say(controller)
        self._clockwork.after(STATE_EVERY_MS, lambda: self._turn(controller))

    def _say(self, controller: Controller) -> None:
        now_ms, name = self._clockwork.now_ms, controller.device_id
        report = controller.state(now_ms)
        self._said_ms[name] = now_ms
        self._shown[name] = _shown(controller)
        if controller.is_linked:
            event = Reported(name, report)
            n = self._server.group_of[name]
            self._plan.line.send(self._clockwork, self._chance, lambda: self._hear(n, event))
        self._look_later(controller)

    def _hear(self, n: int, event: Reported) -> None:
        self._server.step(n, event)

    def _send(self, message: SendGrant | SendStop) -> None:
        controller = self._controllers[message.device_id]
        self._plan.line.send(self._clockwork, self._chance, lambda: self._receive(controller, message))

    def _receive(self, controller: Controller, message: SendGrant | SendStop) -> None:
        if controller.is_powered and controller.is_linked:
            controller.receive(message, self._clockwork.now_ms)
            self._look_later(controller)
            self._say_what_changed(controller)

    def _look_later(self, controller: Controller) -> None:
        """The guard's next switch by time alone."""
        next_ms = controller.next_look_ms(self._clockwork.now_ms)
        if next_ms is None:
            return
        name = controller.device_id
        self._looks[name] += 1
        ticket = self._looks[name]

        def look() -> None:
            if ticket == self._looks[name] and controller.is_powered:
                controller.guard(self._clockwork.now_ms)
                self._say_what_changed(controller)
                self._look_later(controller)

        self._clockwork.at(next_ms, look)

    def _say_what_changed(self, controller: Controller) -> None:
        """At once when something has changed, but never closer than a quarter of a second."""
        name = controller.device_id
        if self._shown.get(name) == _shown(controller):
            return
        self._shown[name] = _shown(controller)
        at_ms = self._said_ms[name] + STATE_GAP_MS
        self._clockwork.at(at_ms, lambda: self._say(controller) if controller.is_powered else None)


def _shown(controller: Controller) -> tuple[object, ...]:
    return (
        controller.measured_on, controller.run_id, controller.grid, controller.ready, controller.fault,
        controller.fence,
    )  # fmt: skip
