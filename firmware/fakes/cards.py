"""An MFRC522 as its registers on SPI, and the cards in its field."""

_ANSWER_TO_REQUEST = b"\x04\x00"


class CardReaderChip:
    """Both the bus (`write`, `write_readinto`) and the select line (call it with 0 or 1). `card` is a number in bytes.

    `fault`: None, "absent" (nothing drives the line), "noise" (answers have a flipped bit), "deaf" (no card answers).
    """

    def __init__(self, card: bytes | None = None) -> None:
        self.card = card
        self.fault: str | None = None
        self._selected = False
        self.power_up()

    def power_up(self) -> None:
        """All registers as after a reset."""
        self.registers = bytearray(64)
        self.registers[0x11], self.registers[0x14], self.registers[0x37] = 0x3F, 0x80, 0x92
        self._fifo = bytearray()
        self._level = 0

    def __call__(self, level: int) -> None:
        self._selected = not level

    def write(self, data: bytes) -> None:
        assert self._selected, "written to without being selected"
        self._put(data[0] >> 1 & 0x3F, data[1])

    def write_readinto(self, data: bytes, answer: bytearray) -> None:
        assert self._selected, "read from without being selected"
        register = data[0] >> 1 & 0x3F
        if self.fault == "absent":
            answer[1] = 0xFF
        elif register == 0x09:
            answer[1] = self._fifo[0] if self._fifo else 0
            self._fifo = self._fifo[1:]
        elif register == 0x0A:
            answer[1] = len(self._fifo)
        else:
            answer[1] = self.registers[register]

    def _put(self, register: int, value: int) -> None:
        if self.fault == "absent":
            return
        if register == 0x01 and value == 0x0F:
            self.power_up()
        elif register == 0x04:
            self.registers[0x04] &= ~value & 0x7F
        elif register == 0x09:
            self._fifo.append(value)
        elif register == 0x0A and value & 0x80:
            self._fifo = bytearray()
        else:
            self.registers[register] = value
            if register == 0x0D and value & 0x80 and self.registers[0x01] == 0x0C:
                self._transceive(bytes(self._fifo), value & 0x07)

    def _transceive(self, sent: bytes, last_bits: int) -> None:
        answer = self._card_says(sent, last_bits) if self._antenna_is_on() and self.fault != "deaf" else b""
        if self.fault == "noise" and answer:
            answer = bytes((answer[0] ^ 0x10,)) + answer[1:]
        self._fifo = bytearray(answer)
        self.registers[0x04] |= 0x20 if answer else 0x01

    def _antenna_is_on(self) -> bool:
        return self.registers[0x14] & 0x03 == 0x03

    def _card_says(self, sent: bytes, last_bits: int) -> bytes:
        if self.card is None:
            return b""
        if len(sent) == 1 and last_bits == 7 and sent[0] in (0x26, 0x52):
            self._level = 0
            return _ANSWER_TO_REQUEST
        parts = _parts(self.card)
        if sent[0] != 0x93 + 2 * self._level or self._level >= len(parts):
            return b""
        part = parts[self._level]
        if sent[1] == 0x20:
            return part
        if sent[1] == 0x70 and sent[2:7] == part and with_crc(sent[:7]) == sent:
            self._level += 1
            return with_crc(b"\x08" if self._level == len(parts) else b"\x04")
        return b""


def _parts(card: bytes) -> list:
    """A number as the cascade sends it: four bytes each, the earlier ones begun with 88, and their exclusive or."""
    pieces = []
    while len(card) > 4:
        pieces.append(b"\x88" + card[:3])
        card = card[3:]
    pieces.append(card)
    return [piece + bytes((piece[0] ^ piece[1] ^ piece[2] ^ piece[3],)) for piece in pieces]


def with_crc(data: bytes) -> bytes:
    """CRC-16/ISO-IEC-14443-3-A behind the data, bit by bit, unlike the driver does it."""
    crc = 0x6363
    for byte in data:
        for i in range(8):
            bit = (crc ^ byte >> i) & 1
            crc = crc >> 1 ^ (0x8408 if bit else 0)
    return data + bytes((crc & 0xFF, crc >> 8))
