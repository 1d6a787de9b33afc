"""What travels from a camera's connection to its viewers."""

from dataclasses import dataclass, field

CLOCK_HZ = 90_000  # of all times of frames, as RTP has it for video (RFC 6184)


@dataclass(frozen=True, slots=True)
class Picture:
    """What a stream is; a new one begins when any of it changes."""

    codec: str
    """As the camera sends it; frames are H.264 always."""
    width: int
    height: int
    parameter_sets: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Frame:
    """One coded picture in H.264, Annex B. A key frame has its parameter sets before it."""

    data: bytes = field(repr=False)
    pts: int
    dts: int
    is_key: bool
