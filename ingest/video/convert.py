"""H.265, MJPEG and the like to H.264, for cameras whose owner asked for it. Blocks: it runs in the camera's thread."""

from collections.abc import Iterator
from fractions import Fraction

import av
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from ingest.video.picture import CLOCK_HZ

WIDTH_MAX, RATE_MAX = 1_280, 15
"""What keeps one converted camera below about one core: more pixels and pictures are left out."""
BIT_RATE = 1_500_000
_TIME_BASE = Fraction(1, CLOCK_HZ)


class Converter:
    """Decodes and encodes anew, in the calling thread only."""

    def __init__(self, stream: VideoStream) -> None:
        stream.codec_context.thread_count = 1
        self._encoder: VideoCodecContext | None = None
        self._last_pts: int | None = None

    def convert(self, packet: "Packet[VideoStream]") -> Iterator["Packet[VideoStream]"]:
        """H.264 packets in `CLOCK_HZ`, as soon as there is a picture."""
        try:
            frames = packet.decode()
        except av.InvalidDataError:  # the stream began between two key frames, or lost some
            return
        for frame in frames:
            if frame.pts is None or frame.time_base is None:
                continue
            pts = round(frame.pts * frame.time_base * CLOCK_HZ)
            if self._last_pts is not None and 0 <= pts - self._last_pts < CLOCK_HZ / RATE_MAX * 0.9:
                continue
            self._last_pts = pts
            yield from self._encode(frame, pts)

    def _encode(self, frame: VideoFrame, pts: int) -> Iterator["Packet[VideoStream]"]:
        width = min(frame.width, WIDTH_MAX) // 2 * 2
        height = round(frame.height * width / frame.width / 2) * 2
        if self._encoder is None or (self._encoder.width, self._encoder.height) != (width, height):
            self._encoder = _encoder(width, height)
        smaller = frame.reformat(width=width, height=height, format="yuv420p")
        smaller.pts, smaller.time_base = pts, _TIME_BASE
        smaller.pict_type = av.video.frame.PictureType.NONE
        yield from self._encoder.encode(smaller)


def _encoder(width: int, height: int) -> VideoCodecContext:
    encoder = av.CodecContext.create("libx264", "w")
    assert isinstance(encoder, VideoCodecContext)  # noqa: S101  # for the type checker
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.time_base, encoder.framerate = _TIME_BASE, Fraction(RATE_MAX)
    encoder.bit_rate, encoder.thread_count = BIT_RATE, 1
    encoder.options = {"preset": "ultrafast", "tune": "zerolatency", "x264-params": f"keyint={RATE_MAX}:scenecut=0"}
    encoder.profile = "Baseline"
    return encoder
