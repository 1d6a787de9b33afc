"""A DHT22 as the five bytes that it sends."""


def frame(t_c: float, rh_pct: float) -> bytes:
    """The bytes for a temperature and a humidity."""
    tenths_c, tenths_pct = round(10 * t_c), round(10 * rh_pct)
    size = abs(tenths_c) | (0x8000 if tenths_c < 0 else 0)
    four = bytes((tenths_pct >> 8, tenths_pct & 0xFF, size >> 8, size & 0xFF))
    return four + bytes((sum(four) & 0xFF,))


class Dht22Line:
    """`readinto` is like `machine.dht_readinto`. `air()` returns `t_c` and `rh_pct`.

    `fault`: None, "silent", "stuck" (repeats its last frame), "ones" (every bit reads as one), "low" (held low).
    """

    def __init__(self, air) -> None:
        self.air = air
        self.fault: str | None = None
        self._last = b""

    def readinto(self, pin, buffer: bytearray) -> None:
        if self.fault == "silent":
            raise OSError(110)  # ETIMEDOUT
        if self.fault != "stuck" or not self._last:
            air = self.air()
            self._last = frame(air["t_c"], air["rh_pct"])
        buffer[:] = {"ones": b"\xff" * 5, "low": bytes(5)}.get(self.fault or "", self._last)
