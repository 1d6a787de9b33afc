"""Faults that keep a motor OFF: its current, and a contactor that doesn't do what its coil says. Pure.

A trip rests for `trip_rest_s`; a welded contactor is a fault for as long as it is measured ON.
"""

from core import ticks

DRY_RUN, OVERLOAD, NO_CURRENT = "dry_run", "overload", "no_current_sensor"
WELDED, NO_FEEDBACK, OUTPUT = "welded", "no_feedback", "output"
CURRENT_STALE_MS = 1_000


class Protection:
    """`settings` as in core.settings; without a threshold of `current_ma` the current is not watched."""

    def __init__(self, settings: dict) -> None:
        self.settings = settings
        self._inrush_until = None  # None when it is over
        self._differs_since = None  # since when the contactor doesn't do what its coil says
        self._contactor_fault = None
        self._wrong = None  # (fault, since): what has been wrong, not yet for long enough
        self._tripped = None  # (fault, until)
        self._current = None  # (mA or None, tick)

    def switched(self, is_on: bool, now: int) -> None:
        """The output has changed."""
        self._inrush_until = ticks.add(now, self.settings["inrush_ms"]) if is_on else None
        self._wrong = None

    def current_measured(self, ma, now: int) -> None:
        """A new value of the sensor; None when it failed."""
        self._current = (ma, now)

    def current_ma(self) -> int | None:
        """What the sensor last said, None when there is none or it failed."""
        return self._current[0] if self._current else None

    def fault(self, is_on: bool, relay_is_on: bool, opto_is_on: bool, feedback, now: int) -> str | None:
        """What is wrong now: the output should be `is_on`, the pins' levels and the contactor's auxiliary contact are
        as measured. `feedback` is None when that contact isn't wired."""
        contactor = self._contactor(is_on, feedback, now)
        if contactor == WELDED:
            return WELDED
        wrong = contactor or (self._current_fault(now) if is_on else None)
        if relay_is_on != is_on or opto_is_on != is_on:
            wrong = OUTPUT
        if wrong:
            self._tripped = (wrong, ticks.add(now, self.settings["trip_rest_s"] * 1_000))
        elif self._tripped and ticks.is_due(now, self._tripped[1]):
            self._tripped = None
        return self._tripped[0] if self._tripped else None

    def _contactor(self, is_on, feedback, now) -> str | None:
        if feedback is None or feedback == is_on:
            self._differs_since = self._contactor_fault = None
        elif self._differs_since is None:
            self._differs_since = now
        elif ticks.diff(now, self._differs_since) >= self.settings["feedback_within_ms"]:
            self._contactor_fault = NO_FEEDBACK if is_on else WELDED
        return self._contactor_fault

    def _current_fault(self, now) -> str | None:
        band = self.settings["thresholds"].get("current_ma", {})
        dry_ma, overload_ma = band.get("low"), band.get("high")
        if dry_ma is None and overload_ma is None:
            return None
        if self._inrush_until is not None:
            if not ticks.is_due(now, self._inrush_until):
                return None
            self._inrush_until = None
        if self._current is None or self._current[0] is None or ticks.diff(now, self._current[1]) > CURRENT_STALE_MS:
            return self._lasting(NO_CURRENT, now)
        ma = self._current[0]
        if overload_ma is not None and ma > overload_ma:
            return self._lasting(OVERLOAD, now)
        if dry_ma is not None and ma < dry_ma:
            return self._lasting(DRY_RUN, now)
        self._wrong = None
        return None

    def _lasting(self, fault, now) -> str | None:
        """The fault once it has lasted for the trip's delay."""
        if self._wrong is None or self._wrong[0] != fault:
            self._wrong = (fault, now)
        return fault if ticks.diff(now, self._wrong[1]) >= self.settings["trip_delay_ms"] else None
