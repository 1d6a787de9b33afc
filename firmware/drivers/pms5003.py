"""PMS5003: fine dust by a laser, over a serial line of 9600 baud.

A frame has 32 bytes: `42 4D 00 1C`, thirteen numbers of two bytes, high byte first, and the sum of the first thirty
bytes. Numbers four to six are PM1, PM2.5 and PM10 in µg/m³ of ambient air. Woken up, the sensor sends about one frame a
second, which are to be believed after 30 s. Its laser lasts about 8,000 hours, so it sleeps when the next reading is
far enough away, and its hours are counted.
"""

from core import ticks
from drivers.fault import CHECKSUM, NO_ANSWER, TRUNCATED, WARMING_UP, Repeats, SensorFault, within

BAUD = 9_600
FRAME_BYTES = 32
HEADER = b"\x42\x4d\x00\x1c"
WARM_UP_MS = 30_000  # data sheet: stable data at least 30 s after waking up
FRESH_WITHIN_MS = 2_500  # a frame comes every 0.2 … 2.3 s
SLEEP_WORTH_MS = 90_000  # below this, waking up and warming up would take most of the pause
UG_M3_MAX = 1_000
UNCHANGED_MAX = 60
_SLEEP = b"\x42\x4d\xe4\x00\x00\x01\x73"
_WAKE = b"\x42\x4d\xe4\x00\x01\x01\x74"


class Frames:
    """Finds frames in a stream of bytes, whatever lies between them. Holds one frame's bytes at most."""

    def __init__(self) -> None:
        self.garbage_bytes = 0
        self.bad_sums = 0
        self._held = bytearray()

    @property
    def holds_part(self) -> bool:
        """Whether a frame has begun that is not complete."""
        return len(self._held) > 0

    def feed(self, data: bytes) -> list[bytes]:
        """The frames that these bytes complete, oldest first."""
        found = []
        for byte in data:
            self._held.append(byte)
            self._align()
            if len(self._held) == FRAME_BYTES:
                if is_sound(self._held):
                    found.append(bytes(self._held))
                    self._held = bytearray()
                else:
                    self.bad_sums += 1
                    self._skip()
        return found

    def _align(self) -> None:
        """Drops bytes until what is held is the beginning of a frame."""
        while self._held and not HEADER.startswith(bytes(self._held[:4])):
            self._skip_one()

    def _skip(self) -> None:
        """The frame is broken: perhaps the next one has begun inside it."""
        self._skip_one()
        self._align()

    def _skip_one(self) -> None:
        self.garbage_bytes += 1
        self._held = self._held[1:]


def is_sound(frame: bytes) -> bool:
    """Whether header and sum are right."""
    return frame[:4] == HEADER and sum(frame[:30]) == frame[30] << 8 | frame[31]


def decode(frame: bytes) -> dict:
    """A sound frame's `pm1`, `pm25`, `pm10` in µg/m³. Raises SensorFault for what the sensor can't measure."""
    names = ("pm1", "pm25", "pm10")
    return {name: within(frame[10 + 2 * i] << 8 | frame[11 + 2 * i], 0, UG_M3_MAX) for i, name in enumerate(names)}


class Pms5003:
    """`laser_ms` is how long the laser has burnt since this object was made."""

    def __init__(self, uart, clock: ticks.Clock) -> None:
        self._uart, self._clock = uart, clock
        self._frames = Frames()
        self._repeats = Repeats(UNCHANGED_MAX)
        self._awake_since: int | None = None
        self._slept_laser_ms = 0
        self.wake()

    @property
    def laser_ms(self) -> int:
        if self._awake_since is None:
            return self._slept_laser_ms
        return self._slept_laser_ms + self._clock.up_ms() - self._awake_since

    @property
    def is_awake(self) -> bool:
        return self._awake_since is not None

    def wake(self) -> None:
        """Starts fan and laser; `read` gives nothing for the next 30 s."""
        self._uart.write(_WAKE)
        if self._awake_since is None:
            self._awake_since = self._clock.up_ms()

    def sleep(self) -> None:
        """Stops fan and laser."""
        self._slept_laser_ms = self.laser_ms
        self._awake_since = None
        self._uart.write(_SLEEP)

    def rest(self, until_next_ms: int) -> int | None:
        """Sleeps when that is worth it; returns in how many milliseconds to wake it, None when it stays awake."""
        if until_next_ms < SLEEP_WORTH_MS:
            return None
        self.sleep()
        return until_next_ms - WARM_UP_MS

    async def read(self) -> dict:
        """`pm1`, `pm25`, `pm10` in µg/m³, from the next frame that comes. Raises SensorFault."""
        self._newest()  # what waited in the line's buffer is old
        if self._awake_since is None or self._clock.up_ms() - self._awake_since < WARM_UP_MS:
            raise SensorFault(WARMING_UP)
        bad_sums = self._frames.bad_sums
        waited_ms = 0
        while (frame := self._newest()) is None:
            if waited_ms >= FRESH_WITHIN_MS:
                raise SensorFault(self._why_none(bad_sums))
            await ticks.sleep_ms(50)
            waited_ms += 50
        values = decode(frame)
        if any(frame[4:28]):  # air without a single particle looks the same every time
            self._repeats.check(frame)
        return values

    def _newest(self) -> bytes | None:
        data = self._uart.read()  # None or empty when nothing came
        found = self._frames.feed(data) if data else []
        return found[-1] if found else None

    def _why_none(self, bad_sums: int) -> str:
        if self._frames.bad_sums > bad_sums:
            return CHECKSUM
        return TRUNCATED if self._frames.holds_part else NO_ANSWER
