"""The encoder of a virtual camera: one picture, encoded once in a thread, and sent to all who are connected."""

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction

import av
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from tools.virtual_camera.microphone import Microphone
from tools.virtual_camera.picture import Painter

_CLOCK_HZ = 90_000
_RTP_BYTES = 1_400
_ENCODERS = {"h264": "libx264", "hevc": "libx265", "mjpeg": "mjpeg"}
_RTCP_TYPES = range(200, 205)
PICTURE, SOUND = "track1", "track2"
RTP_NAMES = {"h264": ("H264", 96), "hevc": ("H265", 96), "mjpeg": ("JPEG", 26)}


@dataclass(slots=True)
class Film:
    """What a camera shows, and how it misbehaves; the fields may be changed while it runs.

    `still` shows the same picture over and over, `silent` sends nothing at all, `blind` nothing but sound, and
    `deaf` nothing of the `sound` that it names.
    """

    name: str = "Pit 1"
    width: int = 1280
    height: int = 720
    fps: int = 25
    bit_rate: int = 2_000_000
    codec: str = "h264"
    still: bool = False
    silent: bool = False
    key_every_s: float = 1.0
    sound: str = ""
    """pcm_alaw or aac; empty: no microphone."""
    deaf: bool = False
    blind: bool = False


Listener = Callable[[str, list[bytes], bool], None]


class Projector:
    """Encodes a film in a thread of its own while somebody listens.

    Each listener is called in the event loop with `PICTURE` or `SOUND`, the RTP packets of one frame, and whether it is
    a key frame.
    """

    def __init__(self, film: Film) -> None:
        self.film = film
        self._loop = asyncio.get_running_loop()
        self._listeners: set[Listener] = set()
        self._run = 0  # the number of the thread that may work

    def listen(self, listener: Listener) -> None:
        self._listeners.add(listener)
        if len(self._listeners) == 1:
            self._run += 1
            threading.Thread(target=self._project, args=(self._run,), name="virtual camera", daemon=True).start()

    def leave(self, listener: Listener) -> None:
        self._listeners.discard(listener)
        if not self._listeners:
            self._run += 1

    def _project(self, run: int) -> None:
        film = self.film
        painter, encoder = Painter(film.name, film.width, film.height), _encoder(film)
        packer = _Packer(film)
        microphone = Microphone(film.sound) if film.sound else None
        began_s, frozen_at = time.monotonic(), None
        number = 0
        while run == self._run:
            number += 1
            time.sleep(max(0.0, began_s + number / film.fps - time.monotonic()))
            if film.silent:
                continue
            now = datetime.now(UTC)
            frozen_at = (frozen_at or (now, number)) if film.still else None
            frame = _frame(film, painter.paint(*(frozen_at or (now, number))))
            frame.pts, frame.time_base = round((time.monotonic() - began_s) * _CLOCK_HZ), Fraction(1, _CLOCK_HZ)
            with suppress(RuntimeError):  # the loop has closed
                for packet in [] if film.blind else encoder.encode(frame):
                    packets = packer.pack(packet)
                    self._loop.call_soon_threadsafe(self._tell, PICTURE, packets, bool(packet.is_keyframe))
                if microphone and (packets := microphone.until(time.monotonic() - began_s)) and not film.deaf:
                    self._loop.call_soon_threadsafe(self._tell, SOUND, packets, False)

    def _tell(self, track: str, packets: list[bytes], is_key: bool) -> None:
        for listener in list(self._listeners):
            listener(track, packets, is_key)


def _encoder(film: Film) -> VideoCodecContext:
    encoder = av.CodecContext.create(_ENCODERS[film.codec], "w")
    assert isinstance(encoder, VideoCodecContext)  # noqa: S101  # for the type checker
    encoder.width, encoder.height = film.width, film.height
    encoder.pix_fmt = "yuvj420p" if film.codec == "mjpeg" else "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, _CLOCK_HZ), Fraction(film.fps)
    encoder.bit_rate, encoder.thread_count = film.bit_rate, 1
    keys = round(film.fps * film.key_every_s)
    if film.codec == "h264":
        rate = f"vbv-maxrate={film.bit_rate // 1000}:vbv-bufsize={film.bit_rate // 1000}"
        encoder.options = {
            "preset": "ultrafast",
            "tune": "zerolatency",
            "x264-params": f"keyint={keys}:min-keyint={keys}:scenecut=0:{rate}",
        }
    elif film.codec == "hevc":
        encoder.options = {
            "preset": "ultrafast",
            "tune": "zerolatency",
            "x265-params": f"keyint={keys}:min-keyint={keys}:scenecut=0:log-level=none:pools=1:frame-threads=1",
        }
    else:
        encoder.options = {"huffman": "default", "force_duplicated_matrix": "1"}  # all that RFC 2435 can say
    return encoder


def _frame(film: Film, brightness: bytes) -> av.VideoFrame:
    frame = av.VideoFrame(film.width, film.height, "yuvj420p" if film.codec == "mjpeg" else "yuv420p")
    luma = frame.planes[0]
    if luma.line_size != film.width:
        padding = bytes(luma.line_size - film.width)
        rows = range(0, len(brightness), film.width)
        brightness = b"".join(brightness[at : at + film.width] + padding for at in rows)
    luma.update(brightness)
    for colour in frame.planes[1:]:
        colour.update(b"\x80" * colour.buffer_size)
    return frame


class _Packer:
    """Packs frames into RTP as libavformat does it for each codec."""

    def __init__(self, film: Film) -> None:
        self._written: list[bytes] = []
        self._container = av.open(self, "w", format="rtp", options={"packetsize": str(_RTP_BYTES)})
        clock = Fraction(1, _CLOCK_HZ)
        size = {"width": film.width, "height": film.height}
        self._stream = self._container.add_mux_stream(film.codec, film.fps, time_base=clock, **size)

    def write(self, data: bytes) -> int:
        """As a file, for libavformat: each call is a packet."""
        self._written.append(bytes(data))
        return len(data)

    def pack(self, packet: "av.Packet[VideoStream]") -> list[bytes]:
        copied = av.Packet(bytes(packet))
        copied.pts, copied.dts, copied.time_base = packet.pts, packet.pts, packet.time_base
        copied.is_keyframe, copied.stream = packet.is_keyframe, self._stream
        self._container.mux_one(copied)
        packed, self._written = self._written, []
        return packed


def is_rtcp(packet: bytes) -> bool:
    return len(packet) > 1 and packet[1] in _RTCP_TYPES
