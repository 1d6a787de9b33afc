"""Why a sensor gave no reading, and noticing one that repeats itself."""

NO_ANSWER, TRUNCATED, CHECKSUM, OUT_OF_RANGE = "no_answer", "truncated", "checksum", "out_of_range"
STUCK, TOO_SOON, WARMING_UP, WRONG_CHIP = "stuck", "too_soon", "warming_up", "wrong_chip"


class SensorFault(Exception):
    """No reading this time; `reason` is one of the words above."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Repeats:
    """Counts how often a sensor's raw frame came unchanged. Its noise never lets it do so for long."""

    def __init__(self, allowed: int) -> None:
        self._allowed = allowed
        self._frame = b""
        self._count = 0

    def check(self, frame: bytes) -> None:
        """Takes a raw frame. Raises SensorFault when the same one came more than `allowed` times in a row."""
        same = frame == self._frame
        self._count = self._count + 1 if same else 1
        if not same:
            self._frame = bytes(frame)
        if self._count > self._allowed:
            raise SensorFault(STUCK)


def within(value: int, lowest: int, highest: int) -> int:
    """The value itself. Raises SensorFault when the sensor can't measure such a one."""
    if not lowest <= value <= highest:
        raise SensorFault(OUT_OF_RANGE)
    return value
