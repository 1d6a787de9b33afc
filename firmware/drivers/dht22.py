"""DHT22 (AM2302): temperature and humidity over one wire.

A frame has five bytes: humidity and temperature in tenths, high byte first, the temperature's top bit its sign, then
the sum of the four. `02 8C 01 5F EE` is 65.2 %, 35.1 °C. Timing the pulses is done in C by MicroPython's
`machine.dht_readinto`, which raises OSError when the line stays silent; it takes about 25 ms with interrupts on.
"""

from core import ticks
from drivers.fault import CHECKSUM, NO_ANSWER, TOO_SOON, Repeats, SensorFault, within

REST_MS = 2_000  # data sheet: asked more often it repeats itself or stays silent
UNCHANGED_MAX = 360  # half an hour at one reading in 5 s; tenths in a still room do repeat


class Dht22:
    """`readinto(pin, buffer)` fills five bytes, or raises OSError."""

    def __init__(self, pin, readinto, clock: ticks.Clock) -> None:
        self._pin, self._readinto, self._clock = pin, readinto, clock
        self._frame = bytearray(5)
        self._repeats = Repeats(UNCHANGED_MAX)
        self._asked: int | None = None

    async def read(self) -> dict:
        """`t_c` in °C, −40…80, and `rh_pct` in %. Raises SensorFault."""
        now = self._clock.now()
        if self._asked is not None and ticks.diff(now, self._asked) < REST_MS:
            raise SensorFault(TOO_SOON)
        self._asked = now
        try:
            self._readinto(self._pin, self._frame)
        except OSError:
            raise SensorFault(NO_ANSWER) from None
        values = decode(self._frame)
        self._repeats.check(self._frame)
        return values


def decode(frame: bytes) -> dict:
    """A frame's values. Raises SensorFault for a wrong sum, and for what a DHT22 can't measure."""
    if sum(frame[:4]) & 0xFF != frame[4]:
        raise SensorFault(CHECKSUM)
    if not any(frame):  # five zeros have a valid sum: a line that is held low
        raise SensorFault(NO_ANSWER)
    humidity = frame[0] << 8 | frame[1]
    size = (frame[2] & 0x7F) << 8 | frame[3]
    tenths_c = -size if frame[2] & 0x80 else size
    return {"t_c": within(tenths_c, -400, 800) / 10, "rh_pct": within(humidity, 0, 1_000) / 10}
