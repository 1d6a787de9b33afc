"""One camera: fetched while somebody watches, and for some seconds longer; connected again whenever that ends."""

import asyncio
import time
from collections import deque
from datetime import UTC, datetime
from typing import Protocol

from domain.video import CameraSource, CameraState, CameraStatus, VideoRefusal
from ingest.video.hls_audience import HlsAudience
from ingest.video.picture import Frame, Picture, Track
from ingest.video.pull import Pull
from ingest.video.source import H264

LINGER_S = 8.0  # after the last viewer; whoever reloads a page finds the picture still there
PAUSE_FIRST_S, PAUSE_MAX_S = 0.5, 10.0
STEADY_S = 20.0  # a stream that lasted this long begins anew with the first pause
WRONG_PASSWORD_PAUSE_S = 120.0  # cameras lock their users out after some wrong passwords
KEPT_PICTURES, KEPT_BYTES = 1_000, 8 * 1024**2  # since the last key frame, for viewers of HLS who come in between
RECENT_MAX = 1_000  # pictures that rates are made of
_RATE_OVER_S = 5.0


class Sink(Protocol):
    """A viewer to whom frames are pushed."""

    def push(self, frame: Frame) -> None: ...


class Camera:
    """All methods belong to the event loop; blocking work is the `Pull`'s, in its thread."""

    def __init__(self, source: CameraSource) -> None:
        self.source = source
        self._audiences = {hears: HlsAudience(hears=hears) for hears in (False, True)}
        self.picture: Picture | None = None
        self.key_frame: Frame | None = None
        """The newest, for stills."""
        self.state, self.since = CameraState.IDLE, datetime.now(UTC)
        self.reason: VideoRefusal | None = None
        self._task: asyncio.Task[None] | None = None
        self._sinks: dict[Sink, str] = {}
        self._holds = 0
        self._wanted_at_s = 0.0
        self._restarts = 0
        self._again_at_s = 0.0  # not before: a wrong password
        self._kept: list[Frame] = []  # since the last key frame, all or none
        self._kept_bytes = self._kept_pictures = 0
        self._recent: deque[tuple[float, int, float]] = deque(maxlen=RECENT_MAX)  # when, bytes, seconds of CPU
        self._cpu_s = 0.0  # since the last picture
        self._moved = asyncio.Event()
        self._closed = False
        self._is_same = False

    @property
    def is_fetched(self) -> bool:
        return self._task is not None

    @property
    def is_converted(self) -> bool:
        """Whether its frames are encoded anew, as far as is known."""
        return self.source.transcode and (self.picture is None or self.picture.codec != H264)

    @property
    def hls_viewers(self) -> int:
        return sum(map(len, self._audiences.values()))

    def audience(self, *, hears: bool) -> HlsAudience:
        """Those who watch by HLS, with or without sound; without, where there is none."""
        return self._audiences[hears and self.has_sound]

    @property
    def has_sound(self) -> bool:
        return self.picture is not None and self.picture.has_sound

    def watch(self, sink: Sink, viewer_id: str) -> None:
        """Pushes frames to this viewer from the next key frame on."""
        self._sinks[sink] = viewer_id
        self.want()

    def leave(self, sink: Sink) -> None:
        self._sinks.pop(sink, None)
        self._wanted_at_s = time.monotonic()

    def watch_hls(self, viewer_id: str, audience: HlsAudience) -> None:
        """Counts a request of HLS."""
        audience.asked(viewer_id, time.monotonic(), self.picture, self._kept)
        self.want()

    def drop_hls_viewer(self, viewer_id: str) -> None:
        for audience in self._audiences.values():
            audience.drop(viewer_id)

    def want(self) -> None:
        """Fetches the camera if it is not fetched yet."""
        self._wanted_at_s = time.monotonic()
        if self._task is None and not self._closed:
            self._task = asyncio.create_task(self._fetch(), name=f"camera {self.source.camera_id}")

    async def ready(self, within_s: float) -> Picture | VideoRefusal:
        """Wants the camera and waits for its picture, or for why there is none."""
        self._holds += 1
        try:
            async with asyncio.timeout(within_s):
                self.want()
                while True:
                    if self.picture is not None and self.key_frame is not None:
                        return self.picture
                    if self.state is CameraState.FAILED and self.reason is not None:
                        return self.reason
                    await self._moved.wait()
        except TimeoutError:
            return self.reason or VideoRefusal.TIMED_OUT
        finally:
            self._holds -= 1
            self._wanted_at_s = time.monotonic()

    def look(self, now_s: float) -> None:
        """Drops viewers of HLS who do not ask any more, and stops fetching when nobody watches."""
        for audience in self._audiences.values():
            audience.look(now_s)
        if self._sinks or self.hls_viewers or self._holds:
            self._wanted_at_s = now_s
        if now_s - self._wanted_at_s > LINGER_S and self._task is not None:
            self._task.cancel()
            self._task = None
            self._say(CameraState.IDLE, None)

    async def close(self) -> None:
        """Stops fetching for good. Viewers are not told: their sessions end by whoever keeps them."""
        self._closed = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
            self._task = None
        self._say(CameraState.IDLE, None)

    def status(self, now_s: float) -> CameraStatus:
        while self._recent and now_s - self._recent[0][0] > _RATE_OVER_S:
            self._recent.popleft()
        over_s = max(now_s - self._recent[0][0], 0.5) if self._recent else 1.0
        picture = self.picture
        return CameraStatus(
            self.state,
            self.reason,
            codec=picture.codec if picture else "",
            width=picture.width if picture else 0,
            height=picture.height if picture else 0,
            fps=round(len(self._recent) / over_s, 1),
            viewers_whep=len(self._sinks),
            viewers_hls=self.hls_viewers,
            bit_rate=round(8 * sum(size for _, size, _ in self._recent) / over_s),
            since=self.since,
            restarts=self._restarts,
            cpu_share=round(sum(cpu_s for _, _, cpu_s in self._recent) / over_s, 4),
            sound=self.has_sound,
            memory_bytes=self._kept_bytes + sum(audience.stream.size for audience in self._audiences.values()),
        )

    async def _fetch(self) -> None:
        """Connects again and again, with growing pauses, until it is cancelled."""
        pause_s = PAUSE_FIRST_S
        if time.monotonic() < self._again_at_s:
            self._say(CameraState.FAILED, VideoRefusal.WRONG_PASSWORD)
        else:
            self._say(CameraState.CONNECTING, None)
        while True:
            await asyncio.sleep(max(0.0, self._again_at_s - time.monotonic()))
            began_s = time.monotonic()
            end = await self._fetch_once()
            if time.monotonic() - began_s > STEADY_S:
                pause_s = PAUSE_FIRST_S
            was_live = self.state in (CameraState.LIVE, CameraState.FROZEN)
            if was_live and end is VideoRefusal.TIMED_OUT:
                self._say(CameraState.FROZEN, VideoRefusal.FROZEN)
            else:
                self._say(CameraState.FAILED, end)
            self._restarts += 1
            if end is VideoRefusal.WRONG_PASSWORD:
                self._again_at_s = time.monotonic() + WRONG_PASSWORD_PAUSE_S
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, PAUSE_MAX_S)

    async def _fetch_once(self) -> VideoRefusal:
        pull = Pull(self.source, self._on_picture, self._on_frame, self._on_same)
        try:
            return await pull.run() or VideoRefusal.UNREACHABLE
        finally:
            pull.stop()
            self.key_frame, self._is_same = None, False
            self._keep_none()
            self._recent.clear()
            self._cpu_s = 0.0

    def _on_picture(self, picture: Picture) -> None:
        self.picture = picture
        for audience in self._audiences.values():
            audience.begin(picture)

    def _on_frame(self, frame: Frame, cpu_s: float) -> None:
        began_s = time.thread_time()
        is_picture = frame.track is Track.PICTURE
        if is_picture and frame.is_key:
            self.key_frame = frame
            if not self._is_same:
                self._say(CameraState.LIVE, None)
        self._keep(frame)
        for audience in self._audiences.values():
            audience.push(frame)
        for sink in list(self._sinks):
            sink.push(frame)
        self._cpu_s += cpu_s + time.thread_time() - began_s
        if is_picture:
            self._recent.append((time.monotonic(), len(frame.data), self._cpu_s))
            self._cpu_s = 0.0

    def _keep(self, frame: Frame) -> None:
        if frame.track is Track.PICTURE and frame.is_key:
            self._kept, self._kept_bytes, self._kept_pictures = [frame], len(frame.data), 1
        elif self._kept and frame.track is not Track.OPUS:
            self._kept.append(frame)
            self._kept_bytes += len(frame.data)
            self._kept_pictures += frame.track is Track.PICTURE
        if self._kept_pictures > KEPT_PICTURES or self._kept_bytes > KEPT_BYTES:  # who comes now waits for the next one
            self._keep_none()

    def _keep_none(self) -> None:
        self._kept, self._kept_bytes, self._kept_pictures = [], 0, 0

    def _on_same(self, is_same: bool) -> None:
        self._is_same = is_same
        self._say(*((CameraState.FROZEN, VideoRefusal.FROZEN) if is_same else (CameraState.LIVE, None)))

    def _say(self, state: CameraState, reason: VideoRefusal | None) -> None:
        if (state, reason) == (self.state, self.reason):
            return
        self.state, self.reason, self.since = state, reason, datetime.now(UTC)
        self._moved.set()
        self._moved = asyncio.Event()
