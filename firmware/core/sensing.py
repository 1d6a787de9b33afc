"""All sensors of a node as one: their values together, how each of them is, and when they may sleep."""

from drivers.fault import NO_ANSWER, WARMING_UP, WRONG_CHIP, SensorFault

ABSENT, OK = "absent", "ok"


class Sensing:
    """`sensors` are (name, driver), the better one of two that measure the same last. `kept` are counters worth keeping
    over a restart: functions by the names under which they are stored.
    """

    def __init__(self, sensors, kept=None) -> None:
        self._sensors, self._kept = sensors, kept or {}
        self.how = {name: ABSENT for name, _ in sensors}
        """What each sensor said last: "ok", or why not; "absent" as long as it never answered."""
        self.faults = {name: 0 for name, _ in sensors}
        """How many times each of them, once it had answered, gave no reading."""

    async def read(self) -> dict:
        """The values that could be measured now, by their names on the wire; empty when nothing could."""
        values = {}
        for name, driver in self._sensors:
            try:
                values.update(await driver.read())
                self.how[name] = OK
            except SensorFault as fault:
                self._note(name, fault.reason)
        return values

    def rest(self, until_next_ms: int) -> int | None:
        """Lets those sleep that wear out; returns in how many milliseconds to wake them, None for never."""
        waits = [driver.rest(until_next_ms) for _, driver in self._sensors if hasattr(driver, "rest")]
        return min([wait for wait in waits if wait is not None], default=None)

    def wake(self) -> None:
        for _, driver in self._sensors:
            if hasattr(driver, "wake"):
                driver.wake()

    def notes(self) -> dict:
        """The counters, now."""
        return {name: count() for name, count in self._kept.items()}

    def _note(self, name: str, reason: str) -> None:
        if self.how[name] == ABSENT and reason in (NO_ANSWER, WRONG_CHIP):
            return
        self.how[name] = reason
        if reason != WARMING_UP:
            self.faults[name] += 1
