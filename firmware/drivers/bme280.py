"""BME280: temperature, humidity and pressure over I2C, measured on demand.

The compensation is the data sheet's fixed-point one (its section 4.2.3), which is exact on a controller whose floats
have 24 bits. Divisions there round towards zero; all of ours have positive operands, so `//` is the same.
"""

import struct

from core import ticks
from drivers.fault import NO_ANSWER, STUCK, WRONG_CHIP, Repeats, SensorFault, within

ADDRESS = 0x76  # 0x77 with SDO high
CHIP_ID = 0x60
UNCHANGED_MAX = 12  # three values of 16 to 20 bits: their noise never repeats
MEASURED_WITHIN_MS = 60  # data sheet 9.1: 9.3 ms at most with each value sampled once
_RESET, _ID, _CTRL_HUM, _STATUS, _CTRL_MEAS, _CONFIG, _DATA = 0xE0, 0xD0, 0xF2, 0xF3, 0xF4, 0xF5, 0xF7
_ONCE_EACH = 0b001_001_01  # temperature, pressure: one sample each; forced mode
_MEASURING = 0b1000


class Bme280:
    """`i2c` is a bus like `machine.I2C`."""

    def __init__(self, i2c, address: int = ADDRESS) -> None:
        self._i2c, self._address = i2c, address
        self._calibration: Calibration | None = None
        self._repeats = Repeats(UNCHANGED_MAX)

    async def read(self) -> dict:
        """`t_c` in °C, −40…85, `rh_pct` in %, `p_hpa` in hPa, 300…1100. Raises SensorFault."""
        try:
            if self._calibration is None:
                self._calibration = self._begin()
            self._i2c.writeto_mem(self._address, _CTRL_MEAS, bytes((_ONCE_EACH,)))
            await self._measured()
            raw = self._i2c.readfrom_mem(self._address, _DATA, 8)
        except OSError:
            self._calibration = None  # it may have lost its power, and its settings with it
            raise SensorFault(NO_ANSWER) from None
        pressure = raw[0] << 12 | raw[1] << 4 | raw[2] >> 4
        temperature = raw[3] << 12 | raw[4] << 4 | raw[5] >> 4
        values = compensate(self._calibration, temperature, pressure, raw[6] << 8 | raw[7])
        self._repeats.check(raw)
        return values

    def _begin(self) -> "Calibration":
        if self._i2c.readfrom_mem(self._address, _ID, 1)[0] != CHIP_ID:
            raise SensorFault(WRONG_CHIP)
        self._i2c.writeto_mem(self._address, _CTRL_HUM, b"\x01")  # one sample; takes effect with _CTRL_MEAS
        self._i2c.writeto_mem(self._address, _CONFIG, b"\x00")  # no filter: readings stand for themselves
        low = self._i2c.readfrom_mem(self._address, 0x88, 26)
        return Calibration(low, self._i2c.readfrom_mem(self._address, 0xE1, 7))

    async def _measured(self) -> None:
        for _ in range(MEASURED_WITHIN_MS // 10):
            await ticks.sleep_ms(10)
            if not self._i2c.readfrom_mem(self._address, _STATUS, 1)[0] & _MEASURING:
                return
        raise SensorFault(STUCK)


class Calibration:
    """The chip's trimming parameters, as the data sheet numbers them: registers 0x88…0xA1 and 0xE1…0xE7."""

    def __init__(self, low: bytes, high: bytes) -> None:
        self.t = struct.unpack("<Hhh", low[:6])
        self.p = struct.unpack("<Hhhhhhhhh", low[6:24])
        h2, h3 = struct.unpack("<hB", high[:3])
        h4 = _signed(high[3] << 4 | high[4] & 0x0F, 12)
        h5 = _signed(high[5] << 4 | high[4] >> 4, 12)
        self.h = (low[25], h2, h3, h4, h5, _signed(high[6], 8))


def _signed(value: int, bits: int) -> int:
    return value - (1 << bits) if value >> bits - 1 else value


def compensate(calibration: Calibration, temperature: int, pressure: int, humidity: int) -> dict:
    """What raw values mean. Raises SensorFault for what the chip can't measure."""
    fine = fine_temperature(calibration.t, temperature)
    centi_c = within((fine * 5 + 128) >> 8, -4_000, 8_500)
    pa_256 = within(pressure_pa_256(calibration.p, fine, pressure), 300_00 * 256, 1_100_00 * 256)
    return {
        "t_c": centi_c / 100,
        "rh_pct": humidity_pct_1024(calibration.h, fine, humidity) / 1_024,
        "p_hpa": pa_256 / 25_600,
    }


def fine_temperature(t: tuple, raw: int) -> int:
    """The data sheet's t_fine: 1/5120 °C."""
    linear = (((raw >> 3) - (t[0] << 1)) * t[1]) >> 11
    bend = (raw >> 4) - t[0]
    return linear + ((((bend * bend) >> 12) * t[2]) >> 14)


def pressure_pa_256(p: tuple, fine: int, raw: int) -> int:
    """Pa × 256; 0 when the calibration is none."""
    var1 = fine - 128_000
    var2 = var1 * var1 * p[5] + ((var1 * p[4]) << 17) + (p[3] << 35)
    var1 = ((var1 * var1 * p[2]) >> 8) + ((var1 * p[1]) << 12)
    var1 = (((1 << 47) + var1) * p[0]) >> 33
    if var1 <= 0:
        return 0
    value = (((1_048_576 - raw) << 31) - var2) * 3_125 // var1
    var1 = (p[8] * (value >> 13) * (value >> 13)) >> 25
    var2 = (p[7] * value) >> 19
    return ((value + var1 + var2) >> 8) + (p[6] << 4)


def humidity_pct_1024(h: tuple, fine: int, raw: int) -> int:
    """% × 1024, 0…102400."""
    value = fine - 76_800
    slope = (((value * h[5]) >> 10) * (((value * h[2]) >> 11) + 32_768)) >> 10
    value = (((raw << 14) - (h[3] << 20) - h[4] * value + 16_384) >> 15) * (((slope + 2_097_152) * h[1] + 8_192) >> 14)
    value -= ((((value >> 15) * (value >> 15)) >> 7) * h[0]) >> 4
    return max(0, min(value, 419_430_400)) >> 12
