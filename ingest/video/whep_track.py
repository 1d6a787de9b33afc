"""One track of a viewer's WebRTC session: frames as they come, which aiortc packs into RTP instead of encoding them."""

import asyncio
from fractions import Fraction
from typing import Any, Literal

import av
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack

from ingest.video.picture import CLOCK_HZ, Frame

PICTURES_WAITING_MAX, SOUNDS_WAITING_MAX = 50, 100  # for one viewer, some two seconds of each
_TIME_BASE = Fraction(1, CLOCK_HZ)
_GAP_MAX = 2 * CLOCK_HZ


class RelayTrack(MediaStreamTrack):
    """What is pushed comes out; whoever is too slow waits for the next key frame."""

    def __init__(self, kind: Literal["video", "audio"]) -> None:
        super().__init__()
        self.kind = kind
        waiting_max = PICTURES_WAITING_MAX if kind == "video" else SOUNDS_WAITING_MAX
        self._frames: asyncio.Queue[Frame] = asyncio.Queue(maxsize=waiting_max)
        self._waits_for_key = True
        self._shift = 0  # what keeps times growing over a camera's restart
        self._last_pts: int | None = None

    def push(self, frame: Frame) -> None:
        if self._waits_for_key and not frame.is_key:
            return
        self._waits_for_key = self._frames.full()
        if not self._waits_for_key:
            self._frames.put_nowait(frame)

    async def recv(self) -> Any:
        """The next frame as a packet."""
        if self.readyState != "live":
            raise MediaStreamError
        frame = await self._frames.get()
        packet = av.Packet(frame.data)
        packet.pts, packet.time_base = self._grown(frame.pts), _TIME_BASE
        return packet

    def _grown(self, pts: int) -> int:
        moved = pts + self._shift
        if self._last_pts is not None and not -_GAP_MAX < moved - self._last_pts < _GAP_MAX:
            self._shift = self._last_pts + CLOCK_HZ // 10 - pts
            moved = pts + self._shift
        self._last_pts = moved
        return moved
