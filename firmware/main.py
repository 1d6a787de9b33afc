"""Runs after boot.py: enters the firmware that this controller has, and starts what it is.

Where the controller starts in a folder with `a` and `b`, one of them is the firmware: see slots.py. Else it is here.
"""

import os
import time

from machine import reset

from slots import FOLDERS, Slots

PAUSE_S = 1  # before the next start, for whoever reads the console, or stops it there with Ctrl-C

try:
    if FOLDERS[0] in os.listdir("."):
        Slots().enter()

    from nodes import start  # only now is it known which one

    start.run()
except Exception as error:  # noqa: BLE001  # a firmware that can't even be loaded: no watchdog runs yet that could help
    print("no start:", repr(error))
    time.sleep(PAUSE_S)
    reset()
