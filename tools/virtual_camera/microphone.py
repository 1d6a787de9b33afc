"""What a virtual camera hears: a short tone at the beginning of each second, in G.711 or AAC, packed into RTP."""

import math
from array import array
from fractions import Fraction

import av
from av.audio.stream import AudioStream

TONE_HZ = 880
RATES_HZ = {"pcm_alaw": 8_000, "aac": 16_000}
RTP_NAMES = {"pcm_alaw": ("pcma", 8), "aac": ("mpeg4-generic", 97)}
_AAC = "streamtype=5;profile-level-id=1;mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3"
_TONE_S, _LOUD = 0.25, 6_000
_PIECE_S = 0.04  # that is encoded at once


class Microphone:
    """Records in step with a film. `fmtp` is what SDP says of it beside its name (RFC 3640)."""

    def __init__(self, codec: str) -> None:
        self._rate_hz = RATES_HZ[codec]
        self._written: list[bytes] = []
        self._container = av.open(self, "w", format="rtp", options={"packetsize": "1400"})
        stream = self._container.add_stream(codec, rate=self._rate_hz, layout="mono")
        assert isinstance(stream, AudioStream)  # noqa: S101  # for the type checker
        self._stream: AudioStream = stream
        self._container.start_encoding()
        config = bytes(self._stream.codec_context.extradata or b"")[:2].hex()
        self.fmtp = f"{_AAC};config={config}" if codec == "aac" else None
        self._heard = 0  # samples
        waves = (math.sin(2 * math.pi * TONE_HZ * at / self._rate_hz) for at in range(round(_TONE_S * self._rate_hz)))
        self._second = array("h", (round(_LOUD * wave) for wave in waves))
        self._second.extend([0] * (self._rate_hz - len(self._second)))

    def write(self, data: bytes) -> int:
        """As a file, for libavformat: each call is a packet."""
        self._written.append(bytes(data))
        return len(data)

    def until(self, moment_s: float) -> list[bytes]:
        """The packets of all that was to be heard since the last call.

        Args:
            moment_s: since the film began.
        """
        piece = round(_PIECE_S * self._rate_hz)
        while self._heard + piece <= moment_s * self._rate_hz:
            frame = av.AudioFrame("s16", "mono", piece)
            begin = self._heard % self._rate_hz
            samples = (self._second + self._second)[begin : begin + piece].tobytes()
            frame.planes[0].update(samples + bytes(frame.planes[0].buffer_size - len(samples)))
            frame.sample_rate, frame.pts, frame.time_base = self._rate_hz, self._heard, Fraction(1, self._rate_hz)
            self._heard += piece
            for packet in self._stream.encode(frame):
                self._container.mux_one(packet)
        packets, self._written = self._written, []
        return packets
