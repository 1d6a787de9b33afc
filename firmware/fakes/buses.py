"""The buses of a pit node with virtual sensors on them: I2C, a serial line, and a DHT22's wire. See machine.py.

The board says what they measure, with lines like these, and what is wrong with them:

    air T_C RH_PCT P_HPA PM1 PM25 PM10 GAS_OHM
    sensor NAME FAULT        "bme280", "bme680", "pms5003" or "dht22", and a fault of that fake, or "none"
    chip NAME                which chip is on the I2C bus: "bme280" or "bme680"
"""

import board
from bosch import Bme280Chip, Bme680Chip
from dht import Dht22Line
from dust import Pms5003Line

from core.ticks import Clock

_NAMES = ("t_c", "rh_pct", "p_hpa", "pm1", "pm25", "pm10", "gas_ohm")
_air = {"t_c": 24.6, "rh_pct": 52.1, "p_hpa": 948.3, "pm1": 4.0, "pm25": 8.0, "pm10": 12.0, "gas_ohm": 50_000.0}
_chips = {"bme280": Bme280Chip(lambda: _air), "bme680": Bme680Chip(lambda: _air)}
_dht, _dust = Dht22Line(lambda: _air), Pms5003Line(lambda: _air, Clock())
_all = {"pms5003": _dust, "dht22": _dht, "bme280": _chips["bme280"], "bme680": _chips["bme680"]}
_on_bus = [_chips["bme680"]]


class I2C:
    def __init__(self, id, scl=None, sda=None, freq=400_000) -> None:
        self.frequency = freq

    def readfrom_mem(self, address: int, register: int, count: int) -> bytes:
        board.look()
        return _on_bus[0].readfrom_mem(address, register, count)

    def writeto_mem(self, address: int, register: int, data: bytes) -> None:
        board.look()
        _on_bus[0].writeto_mem(address, register, data)


class UART:
    def __init__(self, id, baudrate=9_600, rx=None, tx=None) -> None:
        self.baudrate = baudrate

    def read(self) -> bytes | None:
        board.look()
        return _dust.read()

    def write(self, data: bytes) -> int:
        return _dust.write(data)


def dht_readinto(pin, buffer: bytearray) -> None:
    board.look()
    _dht.readinto(pin, buffer)


def _hear_air(words: list) -> None:
    for name, word in zip(_NAMES, words):
        _air[name] = float(word)


def _hear_fault(words: list) -> None:
    _all[words[0]].fault = None if words[1] == "none" else words[1]


def _hear_chip(words: list) -> None:
    _on_bus[0] = _chips[words[0]]


board.listen("air", _hear_air)
board.listen("sensor", _hear_fault)
board.listen("chip", _hear_chip)
