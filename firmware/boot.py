"""Runs before everything else: both motor outputs OFF. A soft reset keeps their levels, so nothing is assumed.

It needs nothing but the chip, because no update may keep it from doing this.
"""

import json

from esp32 import NVS
from machine import Pin

for _number in (25, 5):  # relay and opto of the default pin map, before anything can fail
    Pin(_number, Pin.OUT, value=0)

try:
    _blob = bytearray(64)
    _length = NVS("pitpilot").get_blob("outputs", _blob)
    for _number in json.loads(bytes(_blob[:_length])):
        Pin(_number, Pin.OUT, value=0)
except (OSError, ValueError):
    print("outputs: default pins")
