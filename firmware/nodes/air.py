"""The sensors on a pit node's pins. Which ones are there, each of them says itself when it is asked."""

from machine import I2C, UART, Pin, dht_readinto

from core.sensing import Sensing
from drivers.air_index import AirIndex
from drivers.bme280 import Bme280
from drivers.bme680 import Bme680
from drivers.dht22 import Dht22
from drivers.pms5003 import BAUD, Pms5003

I2C_BUS, I2C_HERTZ = 0, 100_000
UART_LINE = 2


def wired_sensing(parts) -> Sensing:
    """A DHT22, a BME280 or BME680, and a PMS5003, as far as the pin map names their pins. A Bosch chip's values take
    the place of a DHT22's.
    """
    pins, clock, keys = parts.config.settings["pins"], parts.clock, parts.keys
    sensors, kept = [], {}
    if pins["dht"] is not None:
        sensors.append(("dht22", Dht22(Pin(pins["dht"]), dht_readinto, clock)))
    if pins["sda"] is not None and pins["scl"] is not None:
        i2c = I2C(I2C_BUS, scl=Pin(pins["scl"]), sda=Pin(pins["sda"]), freq=I2C_HERTZ)
        index = AirIndex(keys.get("clean_ohm", 0))
        sensors += [("bme280", Bme280(i2c)), ("bme680", Bme680(i2c, index))]
        kept["clean_ohm"] = lambda: round(index.reference_ohm)
    if pins["pms_rx"] is not None and pins["pms_tx"] is not None:
        dust = Pms5003(UART(UART_LINE, baudrate=BAUD, rx=pins["pms_rx"], tx=pins["pms_tx"]), clock)
        laser_before_s = keys.get("laser_s", 0)
        sensors.append(("pms5003", dust))
        kept["laser_s"] = lambda: laser_before_s + dust.laser_ms // 1_000
    return Sensing(sensors, kept)
