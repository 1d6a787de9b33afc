"""Opening a camera by RTSP, and what its failures mean. Everything here blocks: it runs in threads."""

from urllib.parse import urlsplit

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.video.stream import VideoStream

from domain.video import VideoRefusal

OPEN_WITHIN_S, READ_WITHIN_S = 8.0, 5.0
H264 = "h264"
_OPTIONS = {
    "rtsp_transport": "tcp",
    "fflags": "nobuffer",
    "probesize": "1000000",
    "analyzeduration": "1500000",  # µs; enough for a key frame a second
    "fpsprobesize": "2",  # frames; the rate is measured anyway
    "protocol_whitelist": "rtsp,rtp,tcp,udp,tls",  # a camera can't make us read files or fetch web pages
}


class SourceRefused(Exception):
    """The camera can't be shown; `refusal` says why."""

    def __init__(self, refusal: VideoRefusal) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal


def open_camera(rtsp_url: str, *, with_sound: bool = False) -> tuple[InputContainer, VideoStream]:
    """Connects. Without `with_sound` the camera is not even asked to send any.

    Raises:
        SourceRefused: the address is none, or there is no stream with a picture.
        av.FFmpegError, OSError: see `refusal_of`.
    """
    if not is_address(rtsp_url):
        raise SourceRefused(VideoRefusal.BAD_ADDRESS)
    options = _OPTIONS | {"allowed_media_types": "video+audio" if with_sound else "video"}
    container = av.open(rtsp_url, format="rtsp", options=options, timeout=(OPEN_WITHIN_S, READ_WITHIN_S))
    if not container.streams.video:
        container.close()
        raise SourceRefused(VideoRefusal.NO_VIDEO)
    return container, container.streams.video[0]


def sound_of(container: InputContainer) -> AudioStream | None:
    """Its sound, if it has one that can be decoded."""
    return next((stream for stream in container.streams.audio if stream.codec_context is not None), None)


def is_address(rtsp_url: str) -> bool:
    try:
        parts = urlsplit(rtsp_url)
        return parts.scheme in ("rtsp", "rtsps") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def refusal_of(error: Exception) -> VideoRefusal:
    """What an error of opening or reading says about the camera."""
    match error:
        case SourceRefused():
            return error.refusal
        case av.HTTPUnauthorizedError() | av.HTTPForbiddenError():
            return VideoRefusal.WRONG_PASSWORD
        case av.HTTPClientError():
            return VideoRefusal.NO_VIDEO
        case av.ExitError() | TimeoutError():
            return VideoRefusal.TIMED_OUT
        case _:
            return VideoRefusal.UNREACHABLE
