"""A reading in 36 bytes, as it waits in memory and on flash; and a fixed piece of memory that holds many.

A record: number, wall clock, monotonic clock, seven values as the wire rounds them, and a checksum over all of it, so
that a piece that was written to its half is known for what it is.
"""

import binascii
import struct

FIELDS = (("t_c", 100), ("rh_pct", 10), ("p_hpa", 10), ("pm1", 10), ("pm25", 10), ("pm10", 10), ("iaq", 10))
"""Names on the wire, and how many steps a unit has; what a sensor resolves, and no more."""
RECORD_BYTES = 36
_LAYOUT = "<IQQhHHHHHHH"  # the last is the checksum
_ABSENT_SIGNED, _ABSENT, _NO_TS = -32_768, 0xFFFF, 0


def pack_into(page: bytearray, at: int, seq: int, ts_ms: int | None, up_ms: int, values: dict) -> None:
    """Writes a reading. Values are within what their sensors can measure; one that is missing is left out."""
    steps = [_steps(values.get(name), scale, i) for i, (name, scale) in enumerate(FIELDS)]
    struct.pack_into(_LAYOUT, page, at, seq, ts_ms or _NO_TS, up_ms, *steps, 0)
    struct.pack_into("<H", page, at + RECORD_BYTES - 2, _checksum(page, at))


def unpack(page: bytes, at: int) -> tuple:
    """(seq, ts_ms or None, up_ms, steps): a step per field of FIELDS, None for what was not measured."""
    seq, ts_ms, up_ms, *steps, _ = struct.unpack_from(_LAYOUT, page, at)
    return seq, ts_ms or None, up_ms, [None if step == _absent(i) else step for i, step in enumerate(steps)]


def seq_at(page: bytes, at: int) -> int:
    """The number of the reading there."""
    return struct.unpack_from("<I", page, at)[0]


def is_sound(page: bytes, at: int) -> bool:
    """Whether a whole record stands there."""
    if at + RECORD_BYTES > len(page):
        return False
    return struct.unpack_from("<H", page, at + RECORD_BYTES - 2)[0] == _checksum(page, at)


def _steps(value, scale: int, field: int) -> int:
    return _absent(field) if value is None else round(value * scale)


def _absent(field: int) -> int:
    """What stands for "not measured"; temperature alone has a sign."""
    return _ABSENT if field else _ABSENT_SIGNED


def _checksum(page: bytes, at: int) -> int:
    return binascii.crc32(memoryview(page)[at : at + RECORD_BYTES - 2]) & 0xFFFF
