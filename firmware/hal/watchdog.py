"""The hardware watchdog: once started it can't be stopped, and resets the controller unless fed in time."""

import machine


class Watchdog:
    """Doesn't run until the first `expect`."""

    def __init__(self) -> None:
        self._wdt = None

    def expect(self, within_ms: int) -> None:
        """From now on `feed` must be called at least every `within_ms`; on an ESP32 a second WDT changes the first."""
        self._wdt = machine.WDT(timeout=within_ms)

    def feed(self) -> None:
        if self._wdt:
            self._wdt.feed()


def last_reset() -> str:
    """Why the controller started: "power", "watchdog", "soft", "hard" or "other"."""
    cause = machine.reset_cause()
    names = (("PWRON_RESET", "power"), ("WDT_RESET", "watchdog"), ("SOFT_RESET", "soft"), ("HARD_RESET", "hard"))
    for name, word in names:
        if cause == getattr(machine, name, None):
            return word
    return "other"


def restart() -> None:
    """Resets the controller; the caller has driven the outputs OFF. Doesn't return."""
    machine.reset()
