"""BME680: what a BME280 measures, and a heated gas sensor whose resistance falls in bad air. Over I2C, on demand.

The compensation is the data sheet's fixed-point one (its section 3.3 and 3.4).
"""

import struct

from core import ticks
from drivers.air_index import AirIndex
from drivers.fault import NO_ANSWER, STUCK, WRONG_CHIP, Repeats, SensorFault, within

ADDRESS = 0x76  # 0x77 with SDO high
CHIP_ID = 0x61
HEATER_C, HEATER_MS = 320, 150
UNCHANGED_MAX = 12
MEASURED_WITHIN_MS = 400
_ID, _CTRL_HUM, _CTRL_MEAS, _CONFIG, _CTRL_GAS, _STATUS = 0xD0, 0x72, 0x74, 0x75, 0x71, 0x1D
_HEATER_POINT, _HEATER_WAIT = 0x5A, 0x64
_NEW_DATA = 0x80
_TWICE_EACH = 0b010_010_01  # temperature, pressure: two samples each; forced mode
_GAS_IS_VALID = 0b11_0000  # measured, and the heater reached its temperature

# Data sheet 3.4.1, table 16: constants of the gas sensor's ranges.
_RANGE_SHIFT = {5: 2126008810, 7: 2130303777, 10: 2143188679, 11: 2136746228, 13: 2126008810}
_RANGE_OHM = (
    4096000000, 2048000000, 1024000000, 512000000, 255744255, 127110228, 64000000, 32258064,
    16016016, 8000000, 4000000, 2000000, 1000000, 500000, 250000, 125000,
)  # fmt: skip


class Bme680:
    """`i2c` is a bus like `machine.I2C`; `air` turns the gas sensor's resistance into an index."""

    def __init__(self, i2c, air: AirIndex, address: int = ADDRESS) -> None:
        self._i2c, self._address, self._air = i2c, address, air
        self._calibration: Calibration | None = None
        self._repeats = Repeats(UNCHANGED_MAX)

    async def read(self) -> dict:
        """`t_c`, `rh_pct`, `p_hpa`, and `iaq` once that can be said. Raises SensorFault."""
        try:
            if self._calibration is None:
                self._calibration = self._begin()
            self._i2c.writeto_mem(self._address, _CTRL_MEAS, bytes((_TWICE_EACH,)))
            raw = await self._measured()
        except OSError:
            self._calibration = None  # it may have lost its power, and its settings with it
            raise SensorFault(NO_ANSWER) from None
        pressure = raw[2] << 12 | raw[3] << 4 | raw[4] >> 4
        temperature = raw[5] << 12 | raw[6] << 4 | raw[7] >> 4
        values = compensate(self._calibration, temperature, pressure, raw[8] << 8 | raw[9])
        self._repeats.check(raw[2:])
        if raw[14] & _GAS_IS_VALID == _GAS_IS_VALID:
            ohm = gas_ohm(self._calibration, raw[13] << 2 | raw[14] >> 6, raw[14] & 0x0F)
            if (iaq := self._air.say(ohm)) is not None:
                values["iaq"] = iaq
        return values

    def _begin(self) -> "Calibration":
        if self._i2c.readfrom_mem(self._address, _ID, 1)[0] != CHIP_ID:
            raise SensorFault(WRONG_CHIP)
        read, write = self._i2c.readfrom_mem, self._i2c.writeto_mem
        address = self._address
        calibration = Calibration(read(address, 0x8A, 23), read(address, 0xE1, 14), read(address, 0x00, 5))
        write(address, _CTRL_HUM, b"\x02")
        write(address, _CONFIG, b"\x00")
        write(address, _HEATER_POINT, bytes((heater_point(calibration, HEATER_C),)))
        write(address, _HEATER_WAIT, bytes((wait_code(HEATER_MS),)))
        write(address, _CTRL_GAS, b"\x10")  # measure gas, by heater setting 0
        return calibration

    async def _measured(self) -> bytes:
        """The fifteen registers from status to gas."""
        for _ in range(MEASURED_WITHIN_MS // 20):
            await ticks.sleep_ms(20)
            raw = self._i2c.readfrom_mem(self._address, _STATUS, 15)
            if raw[0] & _NEW_DATA:
                return raw
        raise SensorFault(STUCK)


class Calibration:
    """The chip's parameters, as the data sheet numbers them; from registers 0x8A…0xA0, 0xE1…0xEE and 0x00…0x04."""

    def __init__(self, low: bytes, high: bytes, heater: bytes) -> None:
        t2, t3 = struct.unpack("<hb", low[0:3])
        p1, p2, p3 = struct.unpack("<Hhb", low[4:9])
        p4, p5, p7, p6 = struct.unpack("<hhbb", low[10:16])
        p8, p9, p10 = struct.unpack("<hhB", low[18:23])
        h2, h1 = high[0] << 4 | high[1] >> 4, high[2] << 4 | high[1] & 0x0F
        h3, h4, h5, h6, h7 = struct.unpack("<bbbBb", high[3:8])
        t1, g2, g1, g3 = struct.unpack("<Hhbb", high[8:14])
        self.t = (t1, t2, t3)
        self.p = (p1, p2, p3, p4, p5, p6, p7, p8, p9, p10)
        self.h = (h1, h2, h3, h4, h5, h6, h7)
        self.g = (g1, g2, g3)
        self.heater_value = struct.unpack("b", heater[0:1])[0]
        self.heater_range = heater[2] >> 4 & 0b11
        self.switching_error = (heater[4] >> 4) - (16 if heater[4] & 0x80 else 0)


def compensate(calibration: Calibration, temperature: int, pressure: int, humidity: int) -> dict:
    """What raw values mean. Raises SensorFault for what the chip can't measure."""
    fine = fine_temperature(calibration.t, temperature)
    centi_c = within((fine * 5 + 128) >> 8, -4_000, 8_500)
    pa = within(pressure_pa(calibration.p, fine, pressure), 300_00, 1_100_00)
    rh_pct = humidity_pct_1000(calibration.h, centi_c, humidity) / 1_000
    return {"t_c": centi_c / 100, "rh_pct": rh_pct, "p_hpa": pa / 100}


def fine_temperature(t: tuple, raw: int) -> int:
    """The data sheet's t_fine: 1/5120 °C."""
    var = (raw >> 3) - (t[0] << 1)
    half = var >> 1
    return ((var * t[1]) >> 11) + ((((half * half) >> 12) * (t[2] << 4)) >> 14)


def pressure_pa(p: tuple, fine: int, raw: int) -> int:
    """Pa; 0 when the calibration is none."""
    var1 = (fine >> 1) - 64_000
    quarter = (var1 >> 2) * (var1 >> 2)
    var2 = (((quarter >> 11) * p[5]) >> 2) + ((var1 * p[4]) << 1)
    var2 = (var2 >> 2) + (p[3] << 16)
    var1 = ((((quarter >> 13) * (p[2] << 5)) >> 3) + ((p[1] * var1) >> 1)) >> 18
    var1 = ((32_768 + var1) * p[0]) >> 15
    if var1 <= 0:
        return 0
    value = ((1_048_576 - raw - (var2 >> 12)) * 3_125 << 1) // var1
    var1 = (p[8] * (((value >> 3) * (value >> 3)) >> 13)) >> 12
    var2 = ((value >> 2) * p[7]) >> 13
    var3 = ((value >> 8) * (value >> 8) * (value >> 8) * p[9]) >> 17
    return value + ((var1 + var2 + var3 + (p[6] << 7)) >> 4)


def humidity_pct_1000(h: tuple, centi_c: int, raw: int) -> int:
    """% × 1000, 0…100000."""
    var1 = raw - (h[0] << 4) - ((centi_c * h[2] // 100) >> 1)
    bend = ((centi_c * (centi_c * h[4] // 100)) >> 6) // 100
    var2 = (h[1] * (centi_c * h[3] // 100 + bend + (1 << 14))) >> 10
    var3 = var1 * var2
    var4 = ((h[5] << 7) + centi_c * h[6] // 100) >> 4
    var6 = (var4 * (((var3 >> 14) * (var3 >> 14)) >> 10)) >> 1
    return max(0, min((((var3 + var6) >> 10) * 1_000) >> 12, 100_000))


def gas_ohm(calibration: Calibration, raw: int, gas_range: int) -> int:
    """The gas sensor's resistance in Ω."""
    shift = _RANGE_SHIFT.get(gas_range, 2_147_483_647)
    var1 = ((1_340 + 5 * calibration.switching_error) * shift) >> 16
    var2 = (raw << 15) - 16_777_216 + var1
    return (((_RANGE_OHM[gas_range] * var1) >> 9) + (var2 >> 1)) // var2


def heater_point(calibration: Calibration, target_c: int, around_c: int = 25) -> int:
    """The register's value that heats to `target_c`, at most 400 °C."""
    g1, g2, g3 = calibration.g
    var1 = (around_c * g3 // 1_000) << 8
    var2 = (g1 + 784) * (((g2 + 154_009) * target_c * 5 // 100 + 3_276_800) // 10)
    var3 = (var1 + (var2 >> 1)) // (calibration.heater_range + 4)
    var4 = 131 * calibration.heater_value + 65_536
    return ((var3 // var4 - 250) * 34 + 50) // 100


def wait_code(ms: int) -> int:
    """The register's value for a heating time of 1…4032 ms: six bits, times 1, 4, 16 or 64."""
    factor = 0
    while ms > 63:
        ms, factor = ms >> 2, factor + 1
    return factor << 6 | ms
