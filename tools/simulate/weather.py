"""What goes wrong: power cuts, controllers, networks, the server. Drawn from the seed, planned one after the other."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from domain.pump.events import ShedBegan, ShedEnded
from tools.simulate.clockwork import Clockwork
from tools.simulate.controller import Controller
from tools.simulate.server import Server

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS


@dataclass(frozen=True, slots=True)
class Climate:
    """How often something happens, a day."""

    cuts: float = 10
    """The grid, for everybody: minutes to hours."""
    flaps: float = 1
    """The grid goes and comes every 15 s for a few minutes."""
    sheds: float = 0.5
    """By hand, or by the owner's schedule."""
    reboots: float = 2
    """Of each controller; so are those below."""
    links: float = 4
    not_ready: float = 1
    faults: float = 0.2
    welds: float = 1
    crashes: float = 3
    """Of the server."""


class Weather:
    def __init__(
        self, clockwork: Clockwork, chance: random.Random, server: Server, controllers: Sequence[Controller],
        climate: Climate, say: Callable[[Controller], None],
    ) -> None:  # fmt: skip
        """`say`: the controller sends a state, because something has changed."""
        self._clockwork, self._chance, self._server = clockwork, chance, server
        self._controllers, self._say = controllers, say
        self._often(climate.cuts, self._cut)
        self._often(climate.flaps, self._flap)
        self._often(climate.sheds, self._shed)
        self._often(climate.crashes, self._crash)
        for controller in controllers:
            for times, act in (
                (climate.reboots, self._reboot), (climate.links, self._unlink), (climate.not_ready, self._unready),
                (climate.faults, self._fail), (climate.welds, self._weld),
            ):  # fmt: skip
                self._often(times, partial(act, controller))

    def _often(self, times_a_day: float, act: Callable[[], None]) -> None:
        def again() -> None:
            act()
            self._clockwork.after(self._chance.expovariate(times_a_day / DAY_MS), again)

        if times_a_day:
            self._clockwork.after(self._chance.expovariate(times_a_day / DAY_MS), again)

    def _for(self, least_ms: int, most_ms: int, end: Callable[[], None]) -> None:
        self._clockwork.after(self._chance.randint(least_ms, most_ms), end)

    def _cut(self) -> None:
        """Some controllers have no battery and fall silent, the others say that there is no mains."""
        dark = [controller for controller in self._controllers if self._chance.random() < 0.7]
        for controller in self._controllers:
            controller.book(self._clockwork.now_ms)
            controller.grid = False
            if controller in dark:
                self._switch_off(controller)
            else:
                self._changed(controller)

        def end() -> None:
            for controller in self._controllers:
                controller.grid = True
                if not controller.is_powered:
                    controller.is_powered = True
                    controller.boot(self._clockwork.now_ms)
                self._changed(controller)

        self._for(MINUTE_MS, 3 * HOUR_MS, end)

    def _flap(self) -> None:
        def turn(left: int) -> None:
            for controller in self._controllers:
                if controller.is_powered:
                    controller.grid = left % 2 == 0
                    self._changed(controller)
            if left:
                self._clockwork.after(15_000, lambda: turn(left - 1))

        turn(self._chance.randint(3, 12))

    def _shed(self) -> None:
        for n in range(len(self._server.groups)):
            self._server.step(n, ShedBegan(None))

        def end() -> None:
            if not self._server.is_up:  # whoever wanted it tries again
                self._clockwork.after(MINUTE_MS, end)
                return
            for n in range(len(self._server.groups)):
                self._server.step(n, ShedEnded(None))

        self._for(10 * MINUTE_MS, 4 * HOUR_MS, end)

    def _crash(self) -> None:
        if self._server.is_up:
            self._server.die()
            self._for(100, 3 * MINUTE_MS, self._server.come_back)

    def _reboot(self, controller: Controller) -> None:
        if controller.is_powered:
            controller.boot(self._clockwork.now_ms)
            self._changed(controller)

    def _unlink(self, controller: Controller) -> None:
        controller.book(self._clockwork.now_ms)
        controller.is_linked = False
        controller.guard(self._clockwork.now_ms)

        def end() -> None:
            controller.is_linked = True
            self._changed(controller)

        self._for(1_000, 20 * MINUTE_MS, end)

    def _unready(self, controller: Controller) -> None:
        controller.ready = False
        self._changed(controller)

        def end() -> None:
            controller.ready = True
            self._changed(controller)

        self._for(5_000, 40 * MINUTE_MS, end)

    def _fail(self, controller: Controller) -> None:
        controller.fault = "dry_run"
        self._changed(controller)

        def end() -> None:
            controller.fault = None
            self._changed(controller)

        self._for(MINUTE_MS, HOUR_MS, end)

    def _weld(self, controller: Controller) -> None:
        """The contactor sticks at the moment that it is ON; somebody comes and frees it."""
        if not controller.is_on:
            return
        controller.is_welded = True

        def end() -> None:
            controller.book(self._clockwork.now_ms)
            controller.is_welded = False
            self._changed(controller)

        self._for(MINUTE_MS, HOUR_MS, end)

    def _switch_off(self, controller: Controller) -> None:
        """Without power there is no output, and nothing that remembers."""
        controller.boot(self._clockwork.now_ms)
        controller.is_powered = False
        controller.guard(self._clockwork.now_ms)

    def _changed(self, controller: Controller) -> None:
        if controller.is_powered:
            controller.guard(self._clockwork.now_ms)
            self._say(controller)
