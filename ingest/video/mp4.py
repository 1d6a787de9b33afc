"""Fragmented MP4 by copy: one fragment a frame, which HLS puts together to parts and segments as it likes."""

import io
from collections.abc import Callable
from fractions import Fraction
from functools import partial

import av
from av.container import OutputContainer
from av.stream import Stream

from ingest.video.picture import CLOCK_HZ, Frame, Track
from ingest.video.sound import RATE_HZ

_TIME_BASE = Fraction(1, CLOCK_HZ)
_BUFFER_BYTES = 256 * 1024
_OPTIONS = {
    "movflags": "empty_moov+default_base_moof+frag_every_frame+skip_trailer+skip_sidx",
    "use_stream_ids_as_track_ids": "1",
}
_PICTURE_ID, _SOUND_ID = 1, 2


class FragmentMuxer:
    """Turns the frames of one stream into fragments; made from its first key frame.

    Pictures and sound have muxers of their own, so that neither waits for the other; a head names both.
    """

    def __init__(self, key_frame: Frame, *, with_sound: bool = False) -> None:
        self._origin = key_frame.dts
        picture = partial(_add_picture, key_frame=key_frame)
        self._picture = _Muxer(picture)
        self._sound = _Muxer(_add_sound) if with_sound else None
        self.head = _Muxer(picture, _add_sound).head if with_sound else self._picture.head
        """`ftyp` and `moov`."""

    def push(self, frame: Frame) -> bytes:
        """The fragment of the frame of this track before, whose duration is known now; empty for the first one."""
        muxer = self._picture if frame.track is Track.PICTURE else self._sound
        return b"" if muxer is None else muxer.push(frame, self._origin)


class _Muxer:
    def __init__(self, *tracks: Callable[[OutputContainer], Stream]) -> None:
        self._out = _Collector()
        self._container: OutputContainer = av.open(
            self._out, "w", format="mp4", options=_OPTIONS, buffer_size=_BUFFER_BYTES
        )
        self._stream = [add(self._container) for add in tracks][-1]
        self._container.start_encoding()
        self.head = self._out.take()
        self._last = -1

    def push(self, frame: Frame, origin: int) -> bytes:
        if frame.dts - origin <= self._last:  # sound from before the first picture
            return b""
        self._last = frame.dts - origin
        packet = av.Packet(frame.data)
        packet.pts, packet.dts = frame.pts - origin, frame.dts - origin
        packet.time_base, packet.is_keyframe, packet.stream = _TIME_BASE, frame.is_key, self._stream
        self._container.mux_one(packet)
        return self._out.take()


def _add_picture(container: OutputContainer, key_frame: Frame) -> Stream:
    with av.open(io.BytesIO(key_frame.data), format="h264") as head:  # as a template, so that nothing is encoded
        stream = container.add_stream_from_template(head.streams.video[0], opaque=True)
    stream.id, stream.time_base = _PICTURE_ID, _TIME_BASE
    return stream


def _add_sound(container: OutputContainer) -> Stream:
    """Its encoder encodes nothing: a head needs what it says of itself, which is what that of the frames says."""
    stream = container.add_stream("aac", rate=RATE_HZ, layout="mono")
    stream.id, stream.time_base = _SOUND_ID, Fraction(1, RATE_HZ)
    return stream


class _Collector:
    """A file that can only be written to, as the muxer wants one."""

    def __init__(self) -> None:
        self._written: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._written.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        taken = b"".join(self._written)
        self._written.clear()
        return taken
