"""All cameras of a gateway in one event loop: what the child process runs, as `actions.video.Gateway`."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from uuid import UUID

from domain.video import (
    CameraSource,
    CameraStatus,
    HlsFile,
    HlsMoment,
    Probe,
    VideoRefusal,
    WhepAnswer,
)
from ingest.video.camera import Camera
from ingest.video.hls import PLAYLIST
from ingest.video.picture import Frame
from ingest.video.probe import probe
from ingest.video.stills import decode, jpeg
from ingest.video.whep import BadOffer, WhepSession

LIVE_MAX = 64  # cameras fetched at once
CONVERTED_MAX = 2  # cameras whose codec is converted at once, each up to a core
SESSIONS_MAX, SESSIONS_OF_VIEWER_MAX = 64, 16  # of WebRTC
PROBES_MAX = 3
HLS_VIEWERS_MAX = 200  # of one camera
PROBED_STILL_FOR_S = 10.0
READY_WITHIN_S, RELOAD_WITHIN_S = 8.0, 5.0
LOOK_EVERY_S = 1.0


class Cameras:
    """See `actions.video.Gateway` for what each method does."""

    def __init__(self) -> None:
        self._cameras: dict[UUID, Camera] = {}
        self._sessions: dict[str, WhepSession] = {}
        self._stills: dict[UUID, tuple[Frame, bytes]] = {}
        self._probed: dict[UUID, tuple[float, bytes]] = {}  # stills of cameras that are not passed on
        self._probes = 0

    async def run(self) -> None:
        """Looks after cameras that nobody watches; runs until cancelled, and then ends all."""
        try:
            while True:
                await asyncio.sleep(LOOK_EVERY_S)
                for camera in self._cameras.values():
                    camera.look(time.monotonic())
        finally:
            await self.configure(())

    async def configure(self, sources: Sequence[CameraSource]) -> None:
        wanted = {source.camera_id: source for source in sources}
        gone = [camera for known, camera in self._cameras.items() if wanted.get(known) != camera.source]
        for camera in gone:
            del self._cameras[camera.source.camera_id]
            self._stills.pop(camera.source.camera_id, None)
            self._probed.pop(camera.source.camera_id, None)
        for camera_id, source in wanted.items():
            if camera_id not in self._cameras:
                self._cameras[camera_id] = Camera(source)
        ended = [session.ended() for session in self._sessions.values() if session.camera in gone]
        await asyncio.gather(*ended, *(camera.close() for camera in gone))

    async def whep_offer(
        self, camera_id: UUID, viewer_id: str, sdp: str, hears: bool = False
    ) -> WhepAnswer | VideoRefusal:
        camera = self._find(camera_id)
        if isinstance(camera, VideoRefusal):
            return camera
        own = sum(session.viewer_id == viewer_id for session in self._sessions.values())
        if len(self._sessions) >= SESSIONS_MAX or own >= SESSIONS_OF_VIEWER_MAX:
            return VideoRefusal.BUSY
        picture = await camera.ready(READY_WITHIN_S)
        if isinstance(picture, VideoRefusal):
            return picture
        session = WhepSession(camera, viewer_id, lambda ended: self._sessions.pop(ended.session_id, None))
        self._sessions[session.session_id] = session
        try:
            answer = await session.answer(sdp, picture, hears=hears and picture.has_sound)
            if self._cameras.get(camera_id) is camera:
                return answer
            await session.ended()  # the camera was changed or removed meanwhile
            return VideoRefusal.UNKNOWN_CAMERA
        except BadOffer:
            await session.ended()
            return VideoRefusal.BAD_OFFER
        except BaseException:
            session.end()
            raise

    async def whep_patch(self, session_id: str, fragment: str) -> VideoRefusal | None:
        session = self._sessions.get(session_id)
        if session is None:
            return VideoRefusal.UNKNOWN_SESSION
        return None if await session.add_candidates(fragment) else VideoRefusal.BAD_OFFER

    async def whep_end(self, session_id: str) -> None:
        session = self._sessions.get(session_id)
        if session is not None:
            await session.ended()

    async def hls(
        self, camera_id: UUID, viewer_id: str, name: str, wait_for: HlsMoment | None = None, hears: bool = False
    ) -> HlsFile | VideoRefusal:
        camera = self._find(camera_id)
        if isinstance(camera, VideoRefusal):
            return camera
        if name != PLAYLIST:
            return camera.audience(hears=hears).stream.file(name)
        if camera.hls_viewers >= HLS_VIEWERS_MAX and viewer_id not in camera.audience(hears=hears):
            return VideoRefusal.BUSY
        if isinstance(picture := await camera.ready(READY_WITHIN_S), VideoRefusal):
            return picture
        audience = camera.audience(hears=hears)
        camera.watch_hls(viewer_id, audience)
        if wait_for is not None and audience.stream.is_ahead(wait_for):
            return VideoRefusal.UNKNOWN_FILE
        if not await audience.stream.reach(wait_for, RELOAD_WITHIN_S) and not audience.stream.is_ready:
            return camera.reason or VideoRefusal.TIMED_OUT
        if viewer_id not in audience:  # sent away meanwhile
            return VideoRefusal.UNKNOWN_FILE
        return audience.stream.file(name)

    async def still(self, camera_id: UUID) -> bytes | VideoRefusal:
        camera = self._find(camera_id)
        if isinstance(camera, VideoRefusal):
            return camera
        ready = await camera.ready(READY_WITHIN_S)
        if ready is VideoRefusal.WRONG_CODEC:  # a single picture of it can be had all the same
            return await self._probed_still(camera.source)
        if isinstance(ready, VideoRefusal):
            return ready
        frame = camera.key_frame
        kept = self._stills.get(camera_id)
        if kept is not None and kept[0] is frame:
            return kept[1]
        if frame is None or (content := await asyncio.to_thread(_jpeg, frame.data)) is None:
            return VideoRefusal.NO_VIDEO
        self._stills[camera_id] = (frame, content)
        return content

    async def _probed_still(self, source: CameraSource) -> bytes | VideoRefusal:
        """Costs a connection, so that many who ask get the same one."""
        kept = self._probed.get(source.camera_id)
        if kept is not None and time.monotonic() - kept[0] < PROBED_STILL_FOR_S:
            return kept[1]
        shown = await self.probe(source.rtsp_url)
        if isinstance(shown, VideoRefusal):
            return shown
        if source.camera_id in self._cameras:
            self._probed[source.camera_id] = (time.monotonic(), shown.jpeg)
        return shown.jpeg

    async def probe(self, rtsp_url: str, hears: bool = False) -> Probe | VideoRefusal:
        if self._probes >= PROBES_MAX:
            return VideoRefusal.BUSY
        self._probes += 1
        try:
            return await asyncio.to_thread(probe, rtsp_url, hears)
        finally:
            self._probes -= 1

    async def status(self) -> Mapping[UUID, CameraStatus]:
        now_s = time.monotonic()
        return {camera_id: camera.status(now_s) for camera_id, camera in self._cameras.items()}

    async def end_viewer(self, viewer_id: str) -> None:
        for camera in self._cameras.values():
            camera.drop_hls_viewer(viewer_id)
        ended = [session.ended() for session in self._sessions.values() if session.viewer_id == viewer_id]
        await asyncio.gather(*ended)

    def _find(self, camera_id: UUID) -> Camera | VideoRefusal:
        """The camera, if it may be fetched now."""
        camera = self._cameras.get(camera_id)
        if camera is None:
            return VideoRefusal.UNKNOWN_CAMERA
        if not camera.source.enabled:
            return VideoRefusal.DISABLED
        if not camera.is_fetched:
            fetched = [other for other in self._cameras.values() if other.is_fetched]
            converted = [other for other in fetched if other.is_converted]
            if len(fetched) >= LIVE_MAX or (camera.source.transcode and len(converted) >= CONVERTED_MAX):
                return VideoRefusal.BUSY
        return camera


def _jpeg(key_frame: bytes) -> bytes | None:
    shown = decode("h264", key_frame)
    return None if shown is None else jpeg(shown)
