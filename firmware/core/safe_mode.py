"""Keeps a controller that crashes again and again from switching anything: after that it only listens for repair.

A boot is *bad* until the program has run for a while. Power failures don't count: a grid that flaps is no crash.
"""

BAD_BOOTS_MAX = 5
CRASHES = ("watchdog", "hard", "soft")
GOOD_AFTER_MS = 60_000
AGAIN_AFTER_MS = 600_000  # safe mode ends by itself, with one more try


class SafeMode:
    """`keys` keeps the count over restarts; `cause` is why this boot happened, as hal.watchdog.last_reset says it."""

    def __init__(self, keys, cause: str) -> None:
        self._keys = keys
        self._bad_boots = keys.get("bad_boots", 0)
        if cause in CRASHES:
            self._bad_boots += 1
            keys.set("bad_boots", self._bad_boots)

    def is_needed(self) -> bool:
        return self._bad_boots > BAD_BOOTS_MAX

    def boot_was_good(self) -> None:
        """The program has run for long enough, or a restart is wanted: bad boots are counted from anew."""
        if self._bad_boots:
            self._bad_boots = 0
            self._keys.set("bad_boots", 0)
