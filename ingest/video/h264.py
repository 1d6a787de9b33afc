"""What has to be known of H.264 to hand it on unchanged: its units in Annex B form (ITU-T H.264, annex B and 7.4.1)."""

from collections.abc import Iterator

_START = b"\x00\x00\x01"
_SPS, _PPS = 7, 8
PROFILE_UNKNOWN = ""


def units(data: bytes) -> Iterator[bytes]:
    """The NAL units of a frame or of parameter sets, without what separates them."""
    begin = data.find(_START)
    while begin >= 0:
        begin += len(_START)
        end = data.find(_START, begin)
        # What stands before the next start belongs to it when it is zero: no unit ends with a zero byte.
        yield data[begin:].rstrip(b"\x00") if end < 0 else data[begin:end].rstrip(b"\x00")
        begin = end


def parameter_sets(data: bytes) -> bytes:
    """The sequence and picture parameter sets of a key frame or of a stream's head; empty unless both are there."""
    found = [unit for unit in units(data) if unit and unit[0] & 0x1F in (_SPS, _PPS)]
    if {unit[0] & 0x1F for unit in found} != {_SPS, _PPS}:
        return b""
    return b"".join(b"\x00" + _START + unit for unit in found)


def profile_level(sets: bytes) -> str:
    """`profile-level-id` as SDP writes it (RFC 6184, 8.1), such as 42e01f; empty when there is none."""
    for unit in units(sets):
        if unit[0] & 0x1F == _SPS and len(unit) >= 4:
            return unit[1:4].hex()
    return PROFILE_UNKNOWN
