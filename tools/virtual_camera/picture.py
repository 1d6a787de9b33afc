"""The picture of a virtual camera: a sweeping bar, name and clock for people, and the same for programs.

For programs the top row holds `CELLS` black and white cells: a fixed pattern to find it by, the clock, the number of
the frame, and a sum to know that all were read right. A test reads them from a canvas (see tests/video.js, READER).
"""

from dataclasses import dataclass
from datetime import UTC, datetime

import av
from PIL import Image, ImageDraw, ImageFont

PATTERN, PATTERN_BITS = 0b10110010, 8
CLOCK_BITS, NUMBER_BITS, SUM_BITS = 32, 16, 8  # clock: milliseconds of Unix time, the low bits
CELLS = PATTERN_BITS + CLOCK_BITS + NUMBER_BITS + SUM_BITS
ROW_SHARE = 12  # the cells are a twelfth of the picture's height
_SWEEP_S = 4.0
_BLACK, _WHITE, _GROUND, _BAR = 16, 235, 70, 150


@dataclass(frozen=True, slots=True)
class Reading:
    """What the cells say."""

    clock_ms: int
    number: int


class Painter:
    """Paints one camera's pictures as brightness, `width` × `height` bytes."""

    def __init__(self, name: str, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._font = ImageFont.load_default(size=height // 10)
        self._ground = Image.new("L", (width, height), _GROUND)
        draw = ImageDraw.Draw(self._ground)
        draw.text((width // 20, height // 5), name, fill=_WHITE, font=self._font)
        for at in range(0, width, width // 16):  # something to look at, and for an encoder to keep
            draw.line([(at, height * 3 // 4), (at + width // 32, height)], fill=_GROUND + at * 80 // width, width=3)

    def paint(self, now: datetime, number: int) -> bytes:
        image = self._ground.copy()
        draw = ImageDraw.Draw(image)
        swept = now.timestamp() % _SWEEP_S / _SWEEP_S
        left, top = round(swept * self.width * 0.9), self.height * 11 // 20
        draw.rectangle([left, top, left + self.width // 10, top + self.height // 8], fill=_BAR)
        stamp = now.astimezone(UTC).strftime("%H:%M:%S.") + f"{now.microsecond // 1000:03d}  {number}"
        draw.text((self.width // 20, self.height * 2 // 5), stamp, fill=_WHITE, font=self._font)
        wide, high = self.width // CELLS, self.height // ROW_SHARE
        for at, bit in enumerate(_bits(round(now.timestamp() * 1000), number)):
            draw.rectangle([at * wide, 0, (at + 1) * wide - 1, high - 1], fill=_WHITE if bit else _BLACK)
        return image.tobytes()


def read(frame: av.VideoFrame) -> Reading | None:
    """What the cells of a decoded picture say; None if it has none, or they can't be read."""
    luma = frame.planes[0]
    brightness = memoryview(luma)
    wide, row = frame.width // CELLS, frame.height // ROW_SHARE // 2 * luma.line_size
    value = 0
    for at in range(CELLS):
        value = value << 1 | (brightness[row + at * wide + wide // 2] > (_BLACK + _WHITE) // 2)
    clock = value >> (NUMBER_BITS + SUM_BITS) & (1 << CLOCK_BITS) - 1
    number = value >> SUM_BITS & (1 << NUMBER_BITS) - 1
    is_right = value >> (CELLS - PATTERN_BITS) == PATTERN and value & 0xFF == _sum(clock, number)
    return Reading(clock, number) if is_right else None


def _bits(clock_ms: int, number: int) -> list[int]:
    clock, number = clock_ms & (1 << CLOCK_BITS) - 1, number & (1 << NUMBER_BITS) - 1
    value = ((PATTERN << CLOCK_BITS | clock) << NUMBER_BITS | number) << SUM_BITS | _sum(clock, number)
    return [value >> at & 1 for at in reversed(range(CELLS))]


def _sum(clock: int, number: int) -> int:
    return sum((clock << NUMBER_BITS | number).to_bytes(6, "big")) & 0xFF
