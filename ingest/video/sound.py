"""A camera's sound as browsers take it, for owners who pass it on: Opus for WebRTC, AAC for HLS, both of one timeline.

Cameras send G.711, G.726 or AAC, of which no browser takes all in both ways, so it is decoded and encoded anew. The
timeline has no holes: what does not come in time is silence, because a player stands still where one of two tracks
ends. Clocks of sound and picture need not agree, as those of cheap cameras don't: where sound stands beside the picture
is known from when both came. Everything here blocks: it runs in the camera's thread.
"""

from collections.abc import Iterator
from fractions import Fraction

import av
from av.audio.codeccontext import AudioCodecContext
from av.audio.stream import AudioStream
from av.packet import Packet

from ingest.video.picture import CLOCK_HZ, Frame, Track

RATE_HZ = 48_000
SLACK = RATE_HZ // 4
"""Samples by which sound may come early or late before it is cut, or filled up with silence."""
LATE = RATE_HZ // 2
"""Samples behind the picture after which silence takes the place of what does not come."""
STRAY = 2 * RATE_HZ
"""Samples between the two clocks, beyond the first difference, from which on one of them was set."""
LOST = RATE_HZ // 2
"""Samples that came too late one after the other, from which on that is what their clock says from now on."""
JUMP = 5 * RATE_HZ
"""Samples of a hole that is not filled up: the picture begins anew there."""
_TIME_BASE = Fraction(1, RATE_HZ)
_BYTES = 2  # a sample
_BIT_RATES = {Track.OPUS: 32_000, Track.AAC: 48_000}


class Sound:
    """Turns the packets of one audio stream into frames of both codings."""

    def __init__(self, stream: AudioStream) -> None:
        stream.codec_context.thread_count = 1
        self._resampler = _resampler()
        self._encoders: dict[Track, AudioCodecContext] = {}  # none before the first picture
        self._next = self._picture = 0  # samples: where the timeline ends, and where the picture is
        self._shift: int | None = None  # from the clock of the sound to that of the picture
        self._lost = 0

    def hear(self, packet: "Packet[AudioStream]") -> Iterator[Frame]:
        """What a packet sounds like; nothing where it can't be decoded, or before the first picture."""
        try:
            heard = [(piece.pts, piece.time_base, self._samples(piece)) for piece in packet.decode()]
        except (av.FFmpegError, ValueError):  # ValueError: its rate or layout has changed
            self._resampler = _resampler()
            return
        for pts, time_base, samples in heard if self._encoders else ():
            said_at = None if pts is None or time_base is None else round(pts * time_base * RATE_HZ)
            yield from self._place(samples, said_at)

    def _samples(self, piece: av.AudioFrame) -> bytes:
        return b"".join(bytes(one.planes[0])[: one.samples * _BYTES] for one in self._resampler.resample(piece))

    def keep_up(self, moment: int) -> Iterator[Frame]:
        """Silence for what should have come by the time of a picture, in `CLOCK_HZ`."""
        self._picture = moment * RATE_HZ // CLOCK_HZ
        if not self._encoders or abs(self._picture - self._next) > JUMP:
            self._encoders = {Track.OPUS: _encoder("libopus", Track.OPUS), Track.AAC: _encoder("aac", Track.AAC)}
            self._next, self._shift = self._picture, None
        elif self._picture - self._next > LATE:
            yield from self._emit(bytes((self._picture - SLACK - self._next) * _BYTES))

    def _place(self, samples: bytes, said_at: int | None) -> Iterator[Frame]:
        at = self._next if said_at is None else self._on_timeline(said_at)
        if self._next - at > SLACK:  # silence has taken its place
            self._lost += len(samples) // _BYTES
            return
        self._lost = 0
        if at - self._next > SLACK:
            yield from self._emit(bytes((at - self._next) * _BYTES))
        yield from self._emit(samples)

    def _on_timeline(self, said_at: int) -> int:
        """Where a piece belongs. A clock that was set or has drifted is taken as it is from then on."""
        if self._shift is None or self._lost > LOST or abs(said_at + self._shift - self._picture) > STRAY:
            self._shift, self._lost = self._picture - said_at, 0
        return said_at + self._shift

    def _emit(self, samples: bytes) -> Iterator[Frame]:
        if not samples:
            return
        count = len(samples) // _BYTES
        frame = av.AudioFrame("s16", "mono", count)
        frame.planes[0].update(samples + bytes(frame.planes[0].buffer_size - len(samples)))
        frame.sample_rate, frame.pts, frame.time_base = RATE_HZ, self._next, _TIME_BASE
        self._next += count
        for track, encoder in self._encoders.items():
            for packet in encoder.encode(frame):
                if packet.pts is not None:
                    moment = packet.pts * CLOCK_HZ // RATE_HZ
                    yield Frame(bytes(packet), moment, moment, is_key=True, track=track)


def _resampler() -> av.AudioResampler:
    return av.AudioResampler("s16", "mono", RATE_HZ)


def _encoder(name: str, track: Track) -> AudioCodecContext:
    encoder = av.CodecContext.create(name, "w")
    assert isinstance(encoder, AudioCodecContext)  # noqa: S101  # for the type checker
    encoder.sample_rate, encoder.layout, encoder.time_base = RATE_HZ, "mono", _TIME_BASE
    encoder.format = "s16" if track is Track.OPUS else "fltp"
    encoder.bit_rate = _BIT_RATES[track]
    return encoder
