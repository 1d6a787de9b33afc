"""The guard: a loop of 20 ms that alone owns the motor's outputs, and alone feeds the watchdog.

The motor is ON only while lease AND connection AND grid AND ready AND no fault AND budget left AND rest over. Any doubt
is OFF, and OFF is latched: whatever was granted before is void. The loop ends only by an exception, after which the
outputs are OFF and the controller restarts.
"""

import asyncio

from core import ticks
from core.lease import Lease, Runs
from core.protection import Protection
from core.starts import Starts

PERIOD_MS = 20
WATCHDOG_OFF_MS = 60_000  # while OFF, name resolution and TLS handshakes may block for long

NO_LINK, NO_GRID, NOT_READY = "link", "grid", "ready"
"""Beside the faults of core.protection, what a grant is refused for."""


class Wiring:
    """The motor's pins: two outputs in series, and inputs. `feedback` is None when it isn't wired."""

    def __init__(self, relay, opto, grid, ready, feedback=None) -> None:
        self.relay, self.opto, self.grid, self.ready, self.feedback = relay, opto, grid, ready, feedback


class Guard:
    """`link_is_up()` says whether the server can be heard; `chance(low, high)` draws a whole number."""

    def __init__(self, clock, wiring, watchdog, boot_id, settings, link_is_up, chance, grid_failed=False) -> None:
        """`grid_failed`: the controller lost its power, so this boot is the grid's return."""
        now = clock.now()
        self.lease = Lease(boot_id, settings["lease_cap_ms"])
        self.runs = Runs()
        self.starts = Starts(now, settings["min_off_ms"], settings["starts_per_hour"])
        self.protection = Protection(settings)
        self.changed = asyncio.Event()  # something that belongs into a state is different
        self.grid = self.ready = False
        self.fault = None
        self.late_max_ms = 0  # the longest that a turn of the loop came too late
        self._clock, self._wiring, self._watchdog = clock, wiring, watchdog
        self._settings, self._link_is_up, self._chance = settings, link_is_up, chance
        self._is_on = False
        self._measured = False
        self._grid_failed = grid_failed
        self._shown = None

    async def run(self) -> None:
        """Guards until something breaks, and leaves the outputs OFF. Raises whatever broke."""
        self._watchdog.expect(WATCHDOG_OFF_MS)
        due = self._clock.now()
        try:
            while True:
                now = self._clock.now()
                self.late_max_ms = max(self.late_max_ms, ticks.diff(now, due))
                self.step(now)
                self._watchdog.feed()
                due = ticks.add(now, PERIOD_MS)
                await ticks.sleep_ms(PERIOD_MS)
        finally:
            self.give_up()

    def step(self, now: int) -> None:
        """One look at everything, and what follows from it. May be called in between: at a lost connection it is."""
        self._look(now)
        if self.doubt():
            self.lease.latch()
        granted = self.lease.is_alive(now) and self.runs.on_ms(self.lease.run_id) < self.lease.budget_ms
        wait_ms = self.starts.wait_ms(now)
        if self._is_on and not granted:
            self._switch_off(now)
        elif not self._is_on and granted and not wait_ms:
            self._switch_on(now)
        shown = (self._measured, self.lease.run_id, self.grid, self.ready, self.fault, self.lease.fence)
        if shown != self._shown:
            self._shown = shown
            self.changed.set()

    def grant(self, message: dict, retained: bool) -> str | None:
        """Takes a grant into force at once, or returns why not."""
        now = self._clock.now()
        self._look(now)
        doubt = None if retained else self.doubt()  # one that the broker kept comes while the link is not up yet
        reason = doubt or self.lease.grant(message, retained, now)
        self.step(now)
        return reason

    def stop(self, message: dict, retained: bool) -> str | None:
        """Takes a stop into force at once, or returns why not."""
        reason = self.lease.stop(message, retained)
        self.step(self._clock.now())
        return reason

    def give_up(self) -> None:
        """OFF for good: the program is at its end."""
        self._link_is_up = _never
        self._drive(False)

    def doubt(self) -> str | None:
        """Why the motor must be OFF whatever the server says, None when it need not."""
        if not self._link_is_up():
            return NO_LINK
        if not self.grid:
            return NO_GRID
        if not self.ready:
            return NOT_READY
        return self.fault

    def is_released(self) -> bool:
        """Whether we don't drive the motor. A welded contactor may still hold it, which nothing here can change."""
        return not self._is_on

    def is_off(self) -> bool:
        """Whether neither we drive the motor nor anything says that it runs."""
        return not self._is_on and not self._measured

    def use(self, settings: dict) -> None:
        """Takes changed limits into use; pins need a restart."""
        self._settings = self.protection.settings = settings
        self.lease.cap_ms = settings["lease_cap_ms"]
        self.starts.min_off_ms, self.starts.per_hour = settings["min_off_ms"], settings["starts_per_hour"]

    def state(self, seq: int) -> dict:
        """What a state says of the motor, and notes that this state leaves now."""
        now = self._clock.now()
        self.step(now)
        self.lease.sent(seq, now)
        return {
            "boot_id": self.lease.boot_id,
            "seq": seq,
            "motor_on": self._measured,
            "run_id": self.lease.run_id,
            "on_ms": self.runs.on_ms(self.lease.run_id),
            "grid": self.grid,
            "ready": self.ready,
            "fence": self.lease.fence,
            "lease_left_ms": self.lease.left_ms(now),
            "off_left_ms": self.starts.wait_ms(now),
            "fault": self.fault,
            "current_ma": self.protection.current_ma(),
        }

    def _look(self, now) -> None:
        """Reads the inputs, books the time ON."""
        wiring = self._wiring
        relay_is_on, opto_is_on = wiring.relay.is_on(), wiring.opto.is_on()
        feedback = wiring.feedback.is_yes() if wiring.feedback else None
        self._measured = (relay_is_on and opto_is_on) if feedback is None else feedback
        self.runs.count(self.lease.run_id if self._is_on and self._measured else None, now)
        self.fault = self.protection.fault(self._is_on, relay_is_on, opto_is_on, feedback, now)
        self.ready = wiring.ready.is_yes()
        self.grid = wiring.grid.is_yes()
        if not self.grid:
            self._grid_failed = True
        elif self._grid_failed:
            self._grid_failed = False
            low, high = self._settings["grid_delay_min_ms"], self._settings["grid_delay_max_ms"]
            self.starts.grid_returned(now, self._chance(low, max(low, high)))

    def _switch_on(self, now) -> None:
        self._watchdog.expect(self._settings["watchdog_ms"])
        self._drive(True)
        self.starts.started(now)
        self.protection.switched(True, now)
        self._look(now)

    def _switch_off(self, now) -> None:
        self._drive(False)
        self.lease.latch()
        self.starts.stopped(now)
        self.protection.switched(False, now)
        self._look(now)
        self._watchdog.expect(WATCHDOG_OFF_MS)

    def _drive(self, is_on) -> None:
        """Both outputs; the relay goes first OFF and last ON, so that it does the switching."""
        self._is_on = is_on
        if is_on:
            self._wiring.opto.set(True)
        self._wiring.relay.set(is_on)
        if not is_on:
            self._wiring.opto.set(False)


def _never() -> bool:
    return False
