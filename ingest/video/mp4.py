"""Fragmented MP4 by copy: one fragment a frame, which HLS puts together to parts and segments as it likes."""

import io
from fractions import Fraction

import av

from ingest.video.picture import CLOCK_HZ, Frame

_TIME_BASE = Fraction(1, CLOCK_HZ)
_BUFFER_BYTES = 256 * 1024
_MOVFLAGS = "empty_moov+default_base_moof+frag_every_frame+skip_trailer+skip_sidx"


class FragmentMuxer:
    """Turns the frames of one stream into fragments; made from its first key frame."""

    def __init__(self, key_frame: Frame) -> None:
        self._out = _Collector()
        self._container = av.open(
            self._out, "w", format="mp4", options={"movflags": _MOVFLAGS}, buffer_size=_BUFFER_BYTES
        )
        with av.open(io.BytesIO(key_frame.data), format="h264") as head:  # as a template, so that nothing is encoded
            self._stream = self._container.add_stream_from_template(head.streams.video[0], opaque=True)
        self._stream.time_base = _TIME_BASE
        self._first_dts: int | None = None
        self.head = b""
        """`ftyp` and `moov`; there after the first `push`."""

    def push(self, frame: Frame) -> bytes:
        """The fragment of the frame before, whose duration is known now; empty for the first one."""
        if self._first_dts is None:
            self._first_dts = frame.dts
            self._container.start_encoding()
            self.head = self._out.take()
        packet = av.Packet(frame.data)
        packet.pts, packet.dts = frame.pts - self._first_dts, frame.dts - self._first_dts
        packet.time_base, packet.is_keyframe, packet.stream = _TIME_BASE, frame.is_key, self._stream
        self._container.mux_one(packet)
        return self._out.take()


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
