"""What hangs on the pump node's pins, built from its pin map."""

from machine import ADC, SPI, Pin

from core import ticks
from core.guard import Wiring
from drivers.current import Current
from drivers.mfrc522 import CardReader
from hal.pins import Input, Output

SPI_BUS = 2  # VSPI, whose pins are the pin map's defaults
SPI_HERTZ = 1_000_000
BLINKS, BLINK_MS = 20, 250


def motor_wiring(pins: dict) -> Wiring:
    """The motor's outputs, OFF, and its inputs."""
    feedback = None if pins["feedback"] is None else Input(pins["feedback"])
    return Wiring(Output(pins["relay"]), Output(pins["opto"]), Input(pins["grid"]), Input(pins["ready"]), feedback)


def card_reader(pins: dict) -> CardReader | None:
    """The RFID reader, None when its pins aren't all wired. Whether one answers shows at the first reading."""
    names = ("rfid_sck", "rfid_mosi", "rfid_miso", "rfid_cs", "rfid_rst")
    if any(pins[name] is None for name in names):
        return None
    sck, mosi, miso, cs, rst = [Pin(pins[name]) for name in names]
    cs.init(Pin.OUT, value=1)
    rst.init(Pin.OUT, value=1)
    return CardReader(SPI(SPI_BUS, baudrate=SPI_HERTZ, polarity=0, phase=0, sck=sck, mosi=mosi, miso=miso), cs)


def current_sensor(settings: dict) -> Current | None:
    """The current clamp, None when it isn't wired."""
    number = settings["pins"]["current"]
    if number is None:
        return None
    return Current(ADC(Pin(number), atten=ADC.ATTN_11DB), settings["current_ua_per_count"] / 1_000)


class Lamp:
    """Shows which controller this is, when somebody asks."""

    def __init__(self, led) -> None:
        self._led = led
        self._blinks = 0

    def blink(self) -> None:
        self._blinks = BLINKS

    async def run(self) -> None:
        while True:
            if self._blinks:
                self._blinks -= 1
                self._led.set(self._blinks % 2 == 1)
            await ticks.sleep_ms(BLINK_MS)
