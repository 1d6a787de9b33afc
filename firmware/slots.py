"""Two folders, `a` and `b`, with a whole firmware in each: one runs, the other takes the next update.

This file stands outside both and never changes with an update. `enter` is called at boot, before anything of the
firmware is imported. A new firmware is on trial: it is started a few times at most, and unless it says meanwhile that
it is good, the other folder runs again.
"""

import os
import sys

import esp32

FOLDERS = ("a", "b")
STARTS = 3  # of a firmware on trial: a grid that flaps must not reject a good one at once


class Slots:
    """Both folders are where the controller starts. State is in NVS: `slot` the folder that runs, `trial` how many
    starts are left of a trial (0: none), `went_back` whether the last trial failed.
    """

    def __init__(self) -> None:
        self._root = os.getcwd().rstrip("/")
        self._nvs = esp32.NVS("slots")

    def enter(self) -> str:
        """Decides which folder runs, puts it first on the path and returns it."""
        left = self._get("trial")
        if left == 1:
            self.go_back()
        elif left:
            self._put("trial", left - 1)
        sys.path.insert(0, self.running())
        return self.running()

    def running(self) -> str:
        return self._root + "/" + FOLDERS[self._get("slot")]

    def other(self) -> str:
        """The folder that an update is written to."""
        return self._root + "/" + FOLDERS[1 - self._get("slot")]

    def is_on_trial(self) -> bool:
        return self._get("trial") > 0

    def is_settled(self) -> bool:
        """Whether there is neither a trial nor a failed one to be told of."""
        return not self._get("trial") and not self._get("went_back")

    def went_back(self) -> bool:
        """Whether the last update was tried and rejected; says so once."""
        said = self._get("went_back") == 1
        if said:
            self._put("went_back", 0)
        return said

    def try_other(self) -> None:
        """The other folder is complete: from the next boot on it runs, on trial."""
        self._put("trial", STARTS + 1)
        self._put("slot", 1 - self._get("slot"))

    def accept(self) -> None:
        """What runs is good."""
        self._put("trial", 0)

    def go_back(self) -> None:
        """What is on trial is not good: from the next boot on the other folder runs again."""
        self._put("went_back", 1)
        self._put("slot", 1 - self._get("slot"))
        self._put("trial", 0)

    def _get(self, name: str) -> int:
        value = bytearray(1)
        try:
            self._nvs.get_blob(name, value)
        except OSError:  # never set
            return 0
        return value[0]

    def _put(self, name: str, value: int) -> None:
        self._nvs.set_blob(name, bytes((value,)))
        self._nvs.commit()
