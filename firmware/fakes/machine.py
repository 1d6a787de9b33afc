"""The chip as MicroPython shows it: pins, watchdog, analogue inputs, resets. What they do is told to the board."""

import binascii
import sys

import board
from cards import CardReaderChip

PWRON_RESET, HARD_RESET, WDT_RESET, DEEPSLEEP_RESET, SOFT_RESET = 1, 2, 3, 4, 5
_CAUSES = {"power": PWRON_RESET, "hard": HARD_RESET, "watchdog": WDT_RESET, "soft": SOFT_RESET}
_GIVEN = (32, 33)  # without a board: grid and ready of the default pin map
_READER = CardReaderChip()
_READER_SELECT = 21  # of the default pin map; on another pin no reader answers
RESET_EXIT_CODE = 3  # what a program ends with to be started again


class Pin:
    IN, OUT, OPEN_DRAIN = 1, 3, 7
    PULL_DOWN, PULL_UP = 1, 2

    def __init__(self, number, mode=-1, pull=-1, value=None) -> None:
        self.number = number
        self._driven = None
        self.init(mode, pull, value)

    def init(self, mode=-1, pull=-1, value=None) -> None:
        self.mode = mode
        self._idle = 1 if pull == Pin.PULL_UP or (self.number in _GIVEN and not board.is_there()) else 0
        if value is not None:
            self.value(value)

    def value(self, level=None):
        if level is not None:
            level = 1 if level else 0
            if self.number == _READER_SELECT:
                _READER(level)
            elif level != self._driven:
                self._driven = level
                board.tell("pin", self.number, level, board.now_us())
            return None
        if self.mode == Pin.OUT:
            return board.output_level(self.number, self._driven or 0)
        return board.level(self.number, self._idle)

    __call__ = value

    def on(self) -> None:
        self.value(1)

    def off(self) -> None:
        self.value(0)


class ADC:
    ATTN_11DB = 3

    def __init__(self, pin, atten=None) -> None:
        self._number = pin.number if isinstance(pin, Pin) else pin

    def read_u16(self) -> int:
        return board.analogue(self._number)


class SPI:
    """The card reader's bus, with nothing else on it. The board says `card HEX`, or `card -` when it is taken away."""

    def __init__(self, id, **wires) -> None:
        board.listen("card", self._hold)

    def write(self, data: bytes) -> None:
        _READER.write(data)

    def write_readinto(self, data: bytes, answer: bytearray) -> None:
        board.look()
        _READER.write_readinto(data, answer)

    def _hold(self, words) -> None:
        _READER.card = None if words[0] == "-" else binascii.unhexlify(words[0])


class WDT:
    """The board resets the program when it isn't fed."""

    def __init__(self, id=0, timeout=5_000) -> None:
        board.tell("wdt", timeout)

    def feed(self) -> None:
        board.tell("feed")


def reset_cause() -> int:
    return _CAUSES[board.fact("cause")]


def reset() -> None:
    board.tell("reset", "hard")
    sys.exit(RESET_EXIT_CODE)


def soft_reset() -> None:
    board.tell("reset", "soft")
    sys.exit(RESET_EXIT_CODE)


def unique_id() -> bytes:
    return b"\x24\x6f\x28\x00\x00\x01"


def freq(hertz=None) -> int:
    return 240_000_000


def __getattr__(name: str):
    """The buses of a pit node, loaded only for one."""
    if name not in ("I2C", "UART", "dht_readinto"):
        raise AttributeError(name)
    import buses

    return getattr(buses, name)
