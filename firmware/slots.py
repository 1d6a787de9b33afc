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
    """Both folders are where the controller starts. All that is to be known stands in one number in NVS, because power
    may go between any two writes: bit 0 is the folder that runs, bit 1 whether the last trial failed, and above them
    stands how many starts are left of a trial (0: none).
    """

    def __init__(self) -> None:
        self._root = os.getcwd().rstrip("/")
        self._nvs = esp32.NVS("slots")

    def enter(self) -> str:
        """Decides which folder runs, puts it first on the path and returns it."""
        slot, went_back, left = self._state()
        if left == 1:
            self.go_back()
        elif left:
            self._keep(slot, went_back, left - 1)
        sys.path.insert(0, self.running())
        return self.running()

    def running(self) -> str:
        return self._root + "/" + FOLDERS[self._state()[0]]

    def other(self) -> str:
        """The folder that an update is written to."""
        return self._root + "/" + FOLDERS[1 - self._state()[0]]

    def is_on_trial(self) -> bool:
        return self._state()[2] > 0

    def went_back(self) -> bool:
        """Whether the last update was tried and rejected, and nobody was told of it yet."""
        return self._state()[1] == 1

    def is_settled(self) -> bool:
        """Whether there is neither a trial nor a failed one to be told of."""
        return not self.is_on_trial() and not self.went_back()

    def try_other(self) -> None:
        """The other folder is complete: from the next boot on it runs, on trial."""
        self._keep(1 - self._state()[0], 0, STARTS + 1)

    def accept(self) -> None:
        """What runs is good."""
        self._keep(self._state()[0], 0, 0)

    def go_back(self) -> None:
        """What is on trial is not good: from the next boot on the other folder runs again."""
        self._keep(1 - self._state()[0], 1, 0)

    def told(self) -> None:
        """Whoever has to know that the last update was rejected has been told."""
        slot, _, left = self._state()
        self._keep(slot, 0, left)

    def _state(self) -> tuple:
        """(folder that runs, whether the last trial failed, starts left of a trial)."""
        try:
            said = self._nvs.get_i32("state")
        except OSError:  # never set
            said = 0
        return said & 1, said >> 1 & 1, said >> 2

    def _keep(self, slot: int, went_back: int, left: int) -> None:
        self._nvs.set_i32("state", left << 2 | went_back << 1 | slot)
        self._nvs.commit()
