"""Runs after boot.py: enters the firmware that this controller has, and starts what it is.

Where the controller starts in a folder with `a` and `b`, one of them is the firmware: see slots.py. Else it is here.
"""

import os

from slots import FOLDERS, Slots

if FOLDERS[0] in os.listdir("."):
    Slots().enter()

from nodes import start  # only now is it known which one

start.run()
