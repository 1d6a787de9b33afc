"""A BME280 and a BME680 as their registers: what a bus sees of them, measuring air that a test or a model makes up.

Raw values are found by trying, with the data sheets' floating-point formulas, which the drivers don't use: two ways to
the same answer check each other.
"""

import struct


def raw_for(wanted: float, formula, lowest: int, highest: int) -> int:
    """The raw value that a formula, rising or falling, turns into about `wanted`."""
    rises = formula(highest) > formula(lowest)
    while highest - lowest > 1:
        middle = (lowest + highest) // 2
        if (formula(middle) <= wanted) == rises:
            lowest = middle
        else:
            highest = middle
    return lowest


class _Chip:
    """Registers on an I2C bus. `air()` returns `t_c`, `rh_pct`, `p_hpa` and what else there is.

    `fault`: None, "silent" (nothing acknowledges), "stuck" (repeats its last values), "ones" (every bit reads as one),
    "busy" (never done).
    """

    ADDRESS = 0x76
    CTRL_MEAS = 0

    def __init__(self, air) -> None:
        self.air = air
        self.fault: str | None = None
        self.registers = bytearray(256)
        self._noise = 0  # of the last bits, which never rest

    def readfrom_mem(self, address: int, register: int, count: int) -> bytes:
        self._check(address)
        if self.fault == "ones":
            return b"\xff" * count
        return bytes(self.registers[register : register + count])

    def writeto_mem(self, address: int, register: int, data: bytes) -> None:
        self._check(address)
        self.registers[register : register + len(data)] = data
        if register == self.CTRL_MEAS and data[0] & 0b11 == 0b01 and self.fault != "stuck":
            self._noise = (self._noise + 1) % 5
            self._measure(self.air())

    def scan(self) -> list:
        return [] if self.fault == "silent" else [self.ADDRESS]

    def _check(self, address: int) -> None:
        if address != self.ADDRESS or self.fault == "silent":
            raise OSError(19)  # ENODEV

    def _put_20_bits(self, register: int, raw: int) -> None:
        self.registers[register : register + 3] = bytes((raw >> 12 & 0xFF, raw >> 4 & 0xFF, raw << 4 & 0xF0))

    def _measure(self, air: dict) -> None:
        raise NotImplementedError  # each chip below has its own; MicroPython knows no abstract classes


class Bme280Chip(_Chip):
    """Temperature and pressure trimmed as in the BMP280 data sheet's worked example, humidity as chips usually are."""

    CTRL_MEAS = 0xF4
    T = (27504, 26435, -1000)
    P = (36477, -10685, 3024, 2855, 140, -7, 15500, -14600, 6000)
    H = (75, 370, 0, 313, 50, 30)

    def __init__(self, air) -> None:
        super().__init__(air)
        self.registers[0xD0] = 0x60
        h1, h2, h3, h4, h5, h6 = self.H
        self.registers[0x88:0xA0] = struct.pack("<HhhHhhhhhhhh", *self.T, *self.P)
        self.registers[0xA1] = h1
        tail = (h4 >> 4 & 0xFF, (h4 & 0x0F) | (h5 & 0x0F) << 4, h5 >> 4 & 0xFF, h6 & 0xFF)
        self.registers[0xE1:0xE8] = struct.pack("<hB", h2, h3) + bytes(tail)

    def _measure(self, air: dict) -> None:
        self.registers[0xF3] = 0b1000 if self.fault == "busy" else 0
        temperature = raw_for(air["t_c"], lambda raw: self.fine(raw) / 5_120, 0, 2**20 - 1) + self._noise
        fine = self.fine(temperature)
        self._put_20_bits(0xFA, temperature)
        self._put_20_bits(0xF7, raw_for(100 * air["p_hpa"], lambda raw: self.pascal(raw, fine), 0, 2**20 - 1))
        humidity = raw_for(air["rh_pct"], lambda raw: self.percent(raw, fine), 0, 2**16 - 1)
        self.registers[0xFD:0xFF] = struct.pack(">H", humidity)

    def fine(self, raw: int) -> float:
        t1, t2, t3 = self.T
        return (raw / 16_384 - t1 / 1_024) * t2 + (raw / 131_072 - t1 / 8_192) ** 2 * t3

    def pascal(self, raw: int, fine: float) -> float:
        p1, p2, p3, p4, p5, p6, p7, p8, p9 = self.P
        var1 = fine / 2 - 64_000
        var2 = (var1 * var1 * p6 / 32_768 + var1 * p5 * 2) / 4 + p4 * 65_536
        var1 = (1 + (p3 * var1 * var1 / 524_288 + p2 * var1) / 524_288 / 32_768) * p1
        value = (1_048_576 - raw - var2 / 4_096) * 6_250 / var1
        return value + (p9 * value * value / 2_147_483_648 + value * p8 / 32_768 + p7) / 16

    def percent(self, raw: int, fine: float) -> float:
        h1, h2, h3, h4, h5, h6 = self.H
        value = fine - 76_800
        value = (raw - (h4 * 64 + h5 / 16_384 * value)) * (
            h2 / 65_536 * (1 + h6 / 67_108_864 * value * (1 + h3 / 67_108_864 * value))
        )
        return value * (1 - h1 * value / 524_288)


class Bme680Chip(_Chip):
    """`air()` also returns `gas_ohm`; None there is a heater that did not get hot."""

    CTRL_MEAS = 0x74
    T = (26125, 26371, 3)
    P = (35902, -10376, 88, 6714, -91, 30, 31, -1120, -3098, 30)
    H = (795, 1018, 0, 45, 20, 120, -100)
    G = (-30, -5969, 18)
    _PER_CENT_1 = {5: -1.0, 7: -0.8, 10: -0.2, 11: -0.5, 13: -1.0}
    _PER_CENT_2 = {4: 0.1, 5: 0.7, 7: -0.8, 8: -0.1}

    def __init__(self, air) -> None:
        super().__init__(air)
        self.registers[0xD0] = 0x61
        p1, p2, p3, p4, p5, p6, p7, p8, p9, p10 = self.P
        h1, h2, h3, h4, h5, h6, h7 = self.H
        g1, g2, g3 = self.G
        self.registers[0x8A:0xA1] = (
            struct.pack("<hbx", *self.T[1:]) + struct.pack("<Hhbx", p1, p2, p3)
            + struct.pack("<hhbbxx", p4, p5, p7, p6) + struct.pack("<hhB", p8, p9, p10)
        )  # fmt: skip
        head = (h2 >> 4, (h2 & 0x0F) << 4 | h1 & 0x0F, h1 >> 4)
        tail = struct.pack("<bbbBb", h3, h4, h5, h6, h7) + struct.pack("<Hhbb", self.T[0], g2, g1, g3)
        self.registers[0xE1:0xEF] = bytes(head) + tail
        self.registers[0x00:0x05] = bytes((46, 0, 1 << 4, 0, 0))

    def _measure(self, air: dict) -> None:
        self.registers[0x1D] = 0 if self.fault == "busy" else 0x80
        temperature = raw_for(air["t_c"], lambda raw: self.fine(raw) / 5_120, 0, 2**20 - 1) + self._noise
        fine = self.fine(temperature)
        self._put_20_bits(0x22, temperature)
        self._put_20_bits(0x1F, raw_for(100 * air["p_hpa"], lambda raw: self.pascal(raw, fine), 0, 2**20 - 1))
        humidity = raw_for(air["rh_pct"], lambda raw: self.percent(raw, fine / 5_120), 0, 2**16 - 1)
        self.registers[0x25:0x27] = struct.pack(">H", humidity)
        self.registers[0x2A:0x2C] = self._gas(air.get("gas_ohm"))

    def _gas(self, wanted_ohm: float | None) -> bytes:
        if wanted_ohm is None:
            return b"\x00\x20"  # measured, but the heater was not stable
        for gas_range in range(16):
            if self.ohm(0, gas_range) >= wanted_ohm >= self.ohm(1_023, gas_range):
                raw = raw_for(wanted_ohm, lambda raw, chosen=gas_range: self.ohm(raw, chosen), 0, 1_023)
                return bytes((raw >> 2, raw << 6 & 0xC0 | 0x30 | gas_range))
        return b"\x00\x30"

    def fine(self, raw: int) -> float:
        t1, t2, t3 = self.T
        return (raw / 16_384 - t1 / 1_024) * t2 + (raw / 131_072 - t1 / 8_192) ** 2 * t3 * 16

    def pascal(self, raw: int, fine: float) -> float:
        p1, p2, p3, p4, p5, p6, p7, p8, p9, p10 = self.P
        var1 = fine / 2 - 64_000
        var2 = (var1 * var1 * p6 / 131_072 + var1 * p5 * 2) / 4 + p4 * 65_536
        var1 = (1 + (p3 * var1 * var1 / 16_384 + p2 * var1) / 524_288 / 32_768) * p1
        value = (1_048_576 - raw - var2 / 4_096) * 6_250 / var1
        cubic = (value / 256) ** 3 * p10 / 131_072
        return value + (p9 * value * value / 2_147_483_648 + value * p8 / 32_768 + cubic + p7 * 128) / 16

    def percent(self, raw: int, t_c: float) -> float:
        h1, h2, h3, h4, h5, h6, h7 = self.H
        value = raw - (h1 * 16 + h3 / 2 * t_c)
        value *= h2 / 262_144 * (1 + h4 / 16_384 * t_c + h5 / 1_048_576 * t_c * t_c)
        return value + (h6 / 16_384 + h7 / 2_097_152 * t_c) * value * value

    def ohm(self, raw: int, gas_range: int) -> float:
        span = 1_340 * (1 + self._PER_CENT_1.get(gas_range, 0.0) / 100)
        unit = (1 + self._PER_CENT_2.get(gas_range, 0.0) / 100) * 1.25e-7 * (1 << gas_range)
        return 1 / (unit * ((raw - 512) / span + 1))
