"""Low-latency HLS (RFC 8216bis) of one camera, muxed by copy into fragmented MP4 and kept in memory.

Segments begin with key frames, so they are as long as the camera's distance between key frames, and at least
`SEGMENT_MIN_S`. Each is published in parts of about `PART_S` while it grows.

No playlist says when a segment was made (EXT-X-PROGRAM-DATE-TIME): hls.js would align playlists by it, and what a busy
machine adds to those times moved its timeline by a second and more, with holes, stalls and seconds of delay.
"""

import asyncio
import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from domain.video import HlsFile, HlsMoment, VideoRefusal
from ingest.video.mp4 import FragmentMuxer
from ingest.video.picture import CLOCK_HZ, Frame, Picture, Track

PLAYLIST = "index.m3u8"
PART_S = 0.5  # at most
SEGMENT_MIN_S = 0.9
SEGMENTS_KEPT = 8  # a player that reads a playlist now may ask for its oldest segment some seconds later
SEGMENTS_WITH_PARTS = 3  # older ones are named as a whole only
BYTES_MAX = 32 * 1024**2  # of one camera; the oldest segments go first
_JITTER_S = 0.01  # of the camera's times
_GAP_MAX_S = 5.0  # between two frames: more, or back in time, begins anew
_HOLD_BACK_PARTS, _HOLD_BACK_SEGMENTS = 3, 3  # from the live edge, as the standard recommends


@dataclass(slots=True)
class _Part:
    content: bytes
    duration_s: float
    is_independent: bool


@dataclass(slots=True)
class _Segment:
    number: int
    run: int
    after_gap: bool
    parts: list[_Part] = field(default_factory=list)
    is_whole: bool = False

    @property
    def duration_s(self) -> float:
        return sum(part.duration_s for part in self.parts)

    @property
    def size(self) -> int:
        return sum(len(part.content) for part in self.parts)


class HlsStream:
    """The sliding window of one camera. With `hears`, of its sound too, where it has one."""

    def __init__(self, *, hears: bool = False) -> None:
        self._hears = hears
        self._segments: deque[_Segment] = deque()
        self._inits: dict[int, bytes] = {}
        self._muxer: FragmentMuxer | None = None
        self._picture: Picture | None = None
        self._run = 0
        self._next_number = 0
        self._gaps_gone = 0
        self._longest_s = 1
        self._open: list[Frame] = []  # frames of the part that grows
        self._fragments = b""
        self._moved = asyncio.Event()

    @property
    def size(self) -> int:
        """Bytes kept."""
        return sum(segment.size for segment in self._segments)

    def begin(self, picture: Picture) -> None:
        """What follows is another stream: it gets a head of its own, behind a discontinuity."""
        self._finish_segment()
        self._picture, self._muxer = picture, None

    def push(self, frame: Frame) -> None:
        """Adds a frame; all before the first key frame are left out."""
        if self._picture is None:
            return
        if frame.track is not Track.PICTURE:
            if frame.track is Track.AAC and self._muxer is not None:
                self._fragments += self._muxer.push(frame)
            return
        if self._muxer is not None and self._open and not _follows(self._open[-1], frame):
            self.begin(self._picture)
        if self._muxer is None:
            if not frame.is_key:
                return
            self._muxer = FragmentMuxer(frame, with_sound=self._hears and self._picture.has_sound)
            self._run += 1
            self._inits[self._run] = self._muxer.head
        before = self._open[-1] if self._open else None
        self._fragments += self._muxer.push(frame)  # that of the frame before
        if before is None:
            self._begin_segment()
        else:
            self._grow(frame, before)
        self._open.append(frame)

    def reset(self) -> None:
        """Forgets all: nobody watches. Numbers go on, so that a player that comes back is not confused."""
        self._gaps_gone += sum(segment.after_gap for segment in self._segments)
        self._segments.clear()
        self._inits.clear()
        self._muxer, self._picture, self._open, self._fragments = None, None, [], b""

    async def reach(self, moment: HlsMoment | None, within_s: float) -> bool:
        """Waits until the stream has come to this segment or part; without one, until there is a whole segment."""
        try:
            async with asyncio.timeout(within_s):
                while not self._has(moment):
                    await self._moved.wait()
        except TimeoutError:
            return False
        return True

    def is_ahead(self, moment: HlsMoment) -> bool:
        """Whether it is so far in the future that nobody may wait for it."""
        return moment.segment > self._next_number + 1

    @property
    def is_ready(self) -> bool:
        """Whether a player can begin."""
        return any(segment.is_whole for segment in self._segments)

    def file(self, name: str) -> HlsFile | VideoRefusal:
        if name == PLAYLIST:
            content = "\n".join(self._playlist()) + "\n"
            return HlsFile(content.encode(), "application/vnd.apple.mpegurl", 0)
        content_bytes = self._content(name)
        return HlsFile(content_bytes, "video/mp4", 60) if content_bytes else VideoRefusal.UNKNOWN_FILE

    def _content(self, name: str) -> bytes | None:
        for run, head in self._inits.items():
            if name == f"init{run}.mp4":
                return head
        for segment in self._segments:
            if name == f"{segment.number}.m4s" and segment.is_whole:
                return b"".join(part.content for part in segment.parts)
            if name.startswith(f"{segment.number}."):
                return next(
                    (part.content for at, part in enumerate(segment.parts) if name == f"{segment.number}.{at}.m4s"),
                    None,
                )
        return None

    def _has(self, moment: HlsMoment | None) -> bool:
        if moment is None:
            return self.is_ready
        newest = self._segments[-1] if self._segments else None
        if newest is None:
            return False
        moment = self._next_part(moment)
        if newest.number != moment.segment or newest.is_whole:
            return newest.number >= moment.segment
        return moment.part is not None and len(newest.parts) > moment.part

    def _next_part(self, moment: HlsMoment) -> HlsMoment:
        """A part behind the last one of a whole segment means the first of the next segment, says the standard: whoever
        had that last part would else be answered at once, and ask again and again.
        """
        asked = next((segment for segment in self._segments if segment.number == moment.segment), None)
        if asked is None or not asked.is_whole or moment.part is None or moment.part < len(asked.parts):
            return moment
        return HlsMoment(moment.segment + 1, 0)

    def _begin_segment(self) -> None:
        after_gap = bool(self._segments) and self._segments[-1].run != self._run
        self._segments.append(_Segment(self._next_number, self._run, after_gap))
        self._next_number += 1

    def _grow(self, frame: Frame, before: Frame) -> None:
        """The frame before is whole now, and with it perhaps a part or a segment."""
        segment = self._segments[-1]
        open_s = (frame.dts - self._open[0].dts) / CLOCK_HZ
        next_s = open_s + (frame.dts - before.dts) / CLOCK_HZ
        if frame.is_key and segment.duration_s + open_s >= SEGMENT_MIN_S:
            self._finish_part(open_s)
            self._finish_segment()
            self._begin_segment()
        elif next_s > PART_S - _JITTER_S:
            self._finish_part(open_s)

    def _finish_part(self, duration_s: float) -> None:
        independent = self._open[0].is_key
        self._segments[-1].parts.append(_Part(self._fragments, duration_s, independent))
        self._open, self._fragments = [], b""
        self._move()

    def _finish_segment(self) -> None:
        self._open, self._fragments = [], b""  # after a gap: a part that never became whole
        if not self._segments or self._segments[-1].is_whole:
            return
        segment = self._segments[-1]
        if not segment.parts:
            self._segments.pop()
            self._next_number -= 1
            return
        segment.is_whole = True
        self._longest_s = max(self._longest_s, math.ceil(segment.duration_s - 0.5), 1)
        while len(self._segments) > SEGMENTS_KEPT or (len(self._segments) > 2 and self.size > BYTES_MAX):
            self._gaps_gone += self._segments.popleft().after_gap
        kept = {kept.run for kept in self._segments} | {self._run}
        self._inits = {run: head for run, head in self._inits.items() if run in kept}
        self._move()

    def _move(self) -> None:
        self._moved.set()
        self._moved = asyncio.Event()

    def _playlist(self) -> Iterator[str]:
        yield "#EXTM3U"
        yield "#EXT-X-VERSION:9"
        yield f"#EXT-X-TARGETDURATION:{self._longest_s}"
        hold_s, part_hold_s = self._longest_s * _HOLD_BACK_SEGMENTS, PART_S * _HOLD_BACK_PARTS
        yield f"#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK={part_hold_s:.2f},HOLD-BACK={hold_s:.1f}"
        yield f"#EXT-X-PART-INF:PART-TARGET={PART_S}"
        yield f"#EXT-X-MEDIA-SEQUENCE:{self._segments[0].number if self._segments else self._next_number}"
        if self._gaps_gone:
            yield f"#EXT-X-DISCONTINUITY-SEQUENCE:{self._gaps_gone}"
        run = None
        for at, segment in enumerate(self._segments):
            if segment.after_gap:
                yield "#EXT-X-DISCONTINUITY"
            if segment.run != run:
                run = segment.run
                yield f'#EXT-X-MAP:URI="init{run}.mp4"'
            yield from _lines(segment, with_parts=at >= len(self._segments) - SEGMENTS_WITH_PARTS)


def _lines(segment: _Segment, *, with_parts: bool) -> Iterator[str]:
    if with_parts:
        for at, part in enumerate(segment.parts):
            independent = ",INDEPENDENT=YES" if part.is_independent else ""
            yield f'#EXT-X-PART:DURATION={part.duration_s:.5f},URI="{segment.number}.{at}.m4s"{independent}'
    if segment.is_whole:
        yield f"#EXTINF:{segment.duration_s:.5f},"
        yield f"{segment.number}.m4s"


def _follows(before: Frame, frame: Frame) -> bool:
    return 0 < frame.dts - before.dts <= _GAP_MAX_S * CLOCK_HZ
