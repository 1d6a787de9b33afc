"""MFRC522: reads the numbers of ISO 14443 A cards (MIFARE and the like) over SPI.

A card's number is a request and nothing more: the server decides. So a card is only asked who it is; nothing on it is
read or written, and no key is needed.
"""

from core import ticks

_COMMAND, _INTERRUPTS, _ERROR, _FIFO, _FIFO_LEVEL = 0x01, 0x04, 0x06, 0x09, 0x0A
_BIT_FRAMING, _COLLISION = 0x0D, 0x0E
_MODE, _TX_CONTROL, _TX_ASK, _VERSION = 0x11, 0x14, 0x15, 0x37
_TIMER_MODE, _TIMER_PRESCALER, _TIMER_HIGH, _TIMER_LOW = 0x2A, 0x2B, 0x2C, 0x2D
_IDLE, _TRANSCEIVE, _SOFT_RESET = 0x00, 0x0C, 0x0F
_RECEIVED, _IDLE_NOW, _TIMED_OUT = 0x20, 0x10, 0x01  # interrupts
_ISO_14443 = 0x3D  # presets, and the checksum's
_ERRORS = 0b0001_1011  # buffer overflow, collision, parity, protocol

_WAKE_UP, _HALT = 0x52, b"\x50\x00"  # WUPA also wakes a card that was put to rest
_CASCADE = (0x93, 0x95, 0x97)
_CASCADE_TAG = 0x88
_ANSWER_TRIES = 40
VERSIONS = (0x91, 0x92, 0x88, 0x12)  # NXP 1.0 and 2.0, and the usual clones


class CardReader:
    """`spi` has `write` and `write_readinto`; `select` is its chip-select pin, called with 0 to select."""

    def __init__(self, spi, select) -> None:
        self._spi, self._select = spi, select
        self._two, self._answer = bytearray(2), bytearray(2)
        self._select(1)

    async def read(self) -> str | None:
        """The number of the card in the field as upper-case hex (4, 7 or 10 bytes), None when there is none.

        Raises OSError when no reader answers.
        """
        if self._get(_MODE) != _ISO_14443:  # at first, and after it lost its power
            await self._set_up()
        if await self._ask(bytes((_WAKE_UP,)), last_bits=7) is None:
            return None
        uid = b""
        for level in _CASCADE:
            part = await self._ask(bytes((level, 0x20)))
            if part is None or len(part) != 5 or part[0] ^ part[1] ^ part[2] ^ part[3] != part[4]:
                return None
            selected = await self._ask(_with_crc(bytes((level, 0x70)) + part))
            if selected is None or len(selected) != 3 or _with_crc(selected[:1]) != selected:
                return None
            uid += part[1:4] if part[0] == _CASCADE_TAG else part[:4]
            if not selected[0] & 0x04:  # this was its last part
                await self._ask(_with_crc(_HALT))
                return "".join("%02X" % byte for byte in uid)
        return None

    async def _set_up(self) -> None:
        self._put(_COMMAND, _SOFT_RESET)
        await ticks.sleep_ms(50)
        if self._get(_VERSION) not in VERSIONS:
            raise OSError("no card reader")
        for register, value in (
            (_TIMER_MODE, 0x80),  # starts by itself after sending
            (_TIMER_PRESCALER, 0xA9),  # 40 kHz
            (_TIMER_HIGH, 0x03),
            (_TIMER_LOW, 0xE8),  # 25 ms
            (_TX_ASK, 0x40),
            (_MODE, _ISO_14443),
        ):
            self._put(register, value)
        self._put(_TX_CONTROL, self._get(_TX_CONTROL) | 0x03)  # the antenna

    async def _ask(self, data: bytes, last_bits: int = 0) -> bytes | None:
        """Sends to the card and returns what it answers, None for silence, a collision or a broken answer."""
        self._put(_COMMAND, _IDLE)
        self._put(_INTERRUPTS, 0x7F)
        self._put(_FIFO_LEVEL, 0x80)
        self._put(_COLLISION, 0x80)
        for byte in data:
            self._put(_FIFO, byte)
        self._put(_COMMAND, _TRANSCEIVE)
        self._put(_BIT_FRAMING, 0x80 | last_bits)
        interrupts = 0
        for _ in range(_ANSWER_TRIES):
            await ticks.sleep_ms(1)
            interrupts = self._get(_INTERRUPTS)
            if interrupts & (_RECEIVED | _IDLE_NOW | _TIMED_OUT):
                break
        self._put(_BIT_FRAMING, 0)
        if not interrupts & (_RECEIVED | _IDLE_NOW) or self._get(_ERROR) & _ERRORS:
            return None
        return bytes(self._get(_FIFO) for _ in range(self._get(_FIFO_LEVEL)))

    def _put(self, register: int, value: int) -> None:
        self._two[0], self._two[1] = register << 1, value
        self._select(0)
        self._spi.write(self._two)
        self._select(1)

    def _get(self, register: int) -> int:
        self._two[0], self._two[1] = register << 1 | 0x80, 0
        self._select(0)
        self._spi.write_readinto(self._two, self._answer)
        self._select(1)
        return self._answer[1]


def _with_crc(data: bytes) -> bytes:
    """The data with ISO 14443's checksum A behind it, low byte first."""
    crc = 0x6363
    for byte in data:
        byte ^= crc & 0xFF
        byte = (byte ^ byte << 4) & 0xFF
        crc = (crc >> 8) ^ (byte << 8) ^ (byte << 3) ^ (byte >> 4)
    return data + bytes((crc & 0xFF, crc >> 8 & 0xFF))
