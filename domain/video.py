"""What is said about live video: a camera's source, how it is doing, and why there is no picture."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class VideoRefusal(StrEnum):
    """Why there is no picture; from the installation down to the single request."""

    OFF = "off"
    """This installation has no video."""
    GATEWAY_DOWN = "gateway_down"
    """The process that fetches video is being started again; asking in a moment helps."""
    UNKNOWN_CAMERA = "unknown_camera"
    DISABLED = "disabled"
    BAD_ADDRESS = "bad_address"
    """Not an rtsp:// or rtsps:// address."""
    UNREACHABLE = "unreachable"
    """Nobody answers there, or not in RTSP."""
    WRONG_PASSWORD = "wrong_password"  # noqa: S105  # a reason, no secret
    NO_VIDEO = "no_video"
    """The camera answers, but there is no stream at this address, or one without a picture."""
    WRONG_CODEC = "wrong_codec"
    """The camera sends something else than H.264, and nobody has asked to convert it."""
    TIMED_OUT = "timed_out"
    """The camera took too long to send a picture."""
    FROZEN = "frozen"
    """The camera has stopped sending, or sends the same picture over and over."""
    BUSY = "busy"
    """As many viewers, cameras or tests as the gateway serves at once."""
    BAD_OFFER = "bad_offer"
    """What the browser offers is no SDP for receiving H.264."""
    UNKNOWN_SESSION = "unknown_session"
    UNKNOWN_FILE = "unknown_file"
    """No such file in the stream, or no longer."""
    NOT_SUPPORTED = "not_supported"


class CameraState(StrEnum):
    IDLE = "idle"
    """Nobody watches, so nothing is fetched."""
    CONNECTING = "connecting"
    LIVE = "live"
    FROZEN = "frozen"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class CameraSource:
    """Where a camera's picture comes from. The address holds the camera's password: it is never shown or logged."""

    camera_id: UUID
    rtsp_url: str = field(repr=False)
    transcode: bool = False
    """Whether H.265 or MJPEG may be converted to H.264, which costs half a core and more."""
    enabled: bool = True
    sound: bool = False
    """Whether its sound is handed on, to those who may hear it."""


@dataclass(frozen=True, slots=True)
class CameraStatus:
    """How one camera is doing; what the picture is stays known after it ended."""

    state: CameraState
    reason: VideoRefusal | None = None
    """Why it is frozen or failed."""
    codec: str = ""
    """As the camera sends it: h264, hevc, mjpeg, …"""
    width: int = 0
    height: int = 0
    fps: float = 0.0
    viewers_whep: int = 0
    viewers_hls: int = 0
    bit_rate: int = 0
    """Bits a second from the camera over the last seconds."""
    since: datetime | None = None
    """When this state began, UTC."""
    restarts: int = 0
    """How often the connection was made again since the gateway started."""
    cpu_share: float = 0.0
    """Of one core, over the last seconds: fetching, packing and converting, without sending to viewers."""
    memory_bytes: int = 0
    """Of the picture that is kept to be sent."""
    sound: bool = False
    """Whether there is sound that is passed on."""


@dataclass(frozen=True, slots=True)
class WhepAnswer:
    """A viewer's WebRTC session; whoever knows its id may change or end it."""

    session_id: str
    sdp: str


@dataclass(frozen=True, slots=True)
class HlsFile:
    """One file of an HLS stream, ready to be sent."""

    content: bytes = field(repr=False)
    content_type: str
    max_age_s: int
    """How long it stays the same; 0: it must not be kept."""


@dataclass(frozen=True, slots=True)
class HlsMoment:
    """A place in an HLS stream that a playlist shall reach before it is answered (`_HLS_msn`, `_HLS_part`)."""

    segment: int
    part: int | None = None


@dataclass(frozen=True, slots=True)
class Probe:
    """What a camera was found to send."""

    codec: str
    width: int
    height: int
    fps: float
    """0: the camera does not say."""
    jpeg: bytes = field(repr=False)
    sound: str = ""
    """The codec of its sound, which is not listened to; empty: it has none."""
