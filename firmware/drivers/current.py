"""A motor's current from a clamp (such as SCT-013) on an analogue input, biased to the middle of the range.

Half a wave is longer than the guard may wait, so samples are spread over `WINDOW_MS`, a millisecond apart, with the
guard running between them. They fall at no fixed place of the wave, and their scatter around their mean is the current,
wherever the bias lies.
"""

import math

from core import ticks

WINDOW_MS = 100  # five waves of 50 Hz
SAMPLES = 80
CLIPPED = (1_000, 64_500)  # of 65,535: beyond it the input no longer follows
CLIPPED_MAX = 8


class Current:
    """`adc` has `read_u16()`; `ma_per_count` is the clamp's ratio over burden resistor and reference voltage."""

    def __init__(self, adc, ma_per_count: float) -> None:
        self._adc, self._ma_per_count = adc, ma_per_count

    async def read_ma(self) -> int:
        """Effective current in mA. Raises OSError when the input is clipped: a loose bias, or far too much."""
        count = clipped = total = squares = 0
        offset = self._adc.read_u16()  # keeps the squares small
        while count < SAMPLES:
            raw = self._adc.read_u16()
            clipped += not CLIPPED[0] <= raw <= CLIPPED[1]
            total += raw - offset
            squares += (raw - offset) * (raw - offset)
            count += 1
            await ticks.sleep_ms(WINDOW_MS // SAMPLES)
        if clipped > CLIPPED_MAX:
            raise OSError("current input clipped")
        variance = (squares - total * total // count) // count
        return round(math.sqrt(variance) * self._ma_per_count)
