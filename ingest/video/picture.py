"""What travels from a camera's connection to its viewers."""

from dataclasses import dataclass, field
from enum import StrEnum

CLOCK_HZ = 90_000  # of all times of frames, as RTP has it for video (RFC 6184)


@dataclass(frozen=True, slots=True)
class Picture:
    """What a stream is; a new one begins when any of it changes."""

    codec: str
    """As the camera sends it; frames are H.264 always."""
    width: int
    height: int
    parameter_sets: bytes = field(repr=False)
    has_sound: bool = False
    """Whether frames of sound come with it: the camera has a microphone, and its owner passes it on."""


class Track(StrEnum):
    """What a frame is a piece of, by its coding."""

    PICTURE = "h264"
    OPUS = "opus"
    """Sound for WebRTC."""
    AAC = "aac"
    """The same sound for HLS."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One coded picture in H.264, Annex B, or some milliseconds of sound. A key frame of pictures has its parameter
    sets before it; sound is a key frame always.
    """

    data: bytes = field(repr=False)
    pts: int
    dts: int
    is_key: bool
    track: Track = Track.PICTURE
