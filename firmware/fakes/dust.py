"""A PMS5003 as the bytes on its serial line: a frame a second while it is awake, and whatever disturbs it."""

import struct

HEADER = b"\x42\x4d\x00\x1c"
HELD_FRAMES = 8  # what a receiving buffer of 256 bytes holds; later ones are lost


def frame(pm1: int, pm25: int, pm10: int, particles: int = 900) -> bytes:
    """A sound frame. `particles` stands for the counts of six sizes, which never rest."""
    counts = [max(0, particles >> i) for i in range(6)]
    body = HEADER + struct.pack(">12H", pm1, pm25, pm10, pm1, pm25, pm10, *counts) + b"\x97\x00"
    return body + struct.pack(">H", sum(body))


class Pms5003Line:
    """A serial line like `machine.UART`, with the sensor behind it. `air()` returns `pm1`, `pm25`, `pm10`.

    `fault`: None, "silent", "stuck" (repeats its last frame), "ones" (every bit reads as one), "cut" (frames end
    early).
    """

    def __init__(self, air, clock) -> None:
        self.air, self._clock = air, clock
        self.fault: str | None = None
        self.is_awake = True
        self.commands: list[bytes] = []
        self._sent_until = clock.up_ms() // 1_000
        self._count = 0
        self._last = b""

    def write(self, command: bytes) -> int:
        self.commands.append(bytes(command))
        if command[2] == 0xE4:
            self.is_awake = command[4] == 1
        return len(command)

    def any(self) -> int:
        return 32 * (self._clock.up_ms() // 1_000 - self._sent_until)

    def read(self) -> bytes | None:
        second = self._clock.up_ms() // 1_000
        frames = min(second - self._sent_until, HELD_FRAMES)
        self._sent_until = second
        if not self.is_awake or self.fault == "silent" or frames <= 0:
            return None
        return b"".join(self._frame() for _ in range(frames))

    def _frame(self) -> bytes:
        if self.fault == "ones":
            return b"\xff" * 32
        if self.fault != "stuck" or not self._last:
            air = self.air()
            self._count += 1
            values = [max(0, round(air[name])) for name in ("pm1", "pm25", "pm10")]
            self._last = frame(*values, particles=800 + self._count * 37 % 200)
        return self._last[:21] if self.fault == "cut" else self._last
