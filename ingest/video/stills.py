"""JPEG of single frames. Everything here blocks: it runs in threads."""

import io

import av
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

JPEG_QUALITY = 80
WIDTH_MAX = 1_280
"""Wider pictures are made smaller: a still is looked at in a tile or a page, and many are kept."""


def decode(codec: str, data: bytes) -> VideoFrame | None:
    """The picture of one key frame; None when it can't be decoded."""
    decoder = av.CodecContext.create(codec, "r")
    assert isinstance(decoder, VideoCodecContext)  # noqa: S101  # for the type checker: only video codecs come here
    decoder.thread_count = 1
    try:
        frames = [*decoder.decode(av.Packet(data)), *decoder.decode(None)]
    except av.FFmpegError:
        return None
    return frames[0] if frames else None


def jpeg(frame: VideoFrame) -> bytes:
    width = min(frame.width, WIDTH_MAX)
    height = round(frame.height * width / frame.width / 2) * 2
    image = frame.to_image(width=width, height=height)  # type: ignore[no-untyped-call]
    out = io.BytesIO()
    image.save(out, "JPEG", quality=JPEG_QUALITY)
    return out.getvalue()
