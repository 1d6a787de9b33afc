"""MediaMTX as the gateway: https://mediamtx.org, one server for every process with pages.

It is told of cameras by its control API, and asked for WebRTC and HLS behind our own addresses, so that rights stay
ours and nobody else reaches it. Each of our requests brings `USER` with a password that follows from the
installation's secret; MediaMTX asks ingest/video/mediamtx_http.py whether it is right. Stills and tests of addresses
are made by our own process, which reads from MediaMTX, so that a camera is still fetched once.

Tried against a server that speaks the documented API; not against the program itself.
"""

import asyncio
import re
import secrets
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin, urlsplit
from uuid import UUID

import httpx
import structlog

from domain.video import (
    CameraSource,
    CameraState,
    CameraStatus,
    HlsFile,
    HlsMoment,
    Probe,
    VideoRefusal,
    WhepAnswer,
)
from ingest.video.gateway import EmbeddedGateway
from ingest.video.mediamtx_media import asks_for_sound, is_sound, only_pictures

USER = "pitpilot"
ALIGN_EVERY_S = 5.0  # what MediaMTX is told by its API is gone when it restarts
ANSWER_WITHIN_S = 10.0
SESSIONS_MAX = 2_000  # that somebody may still change or end; older ones end by themselves
PAGE = 1_000
CLOSE_AFTER_S, START_WITHIN_S = 8, 10
_CODECS = {"H264": "h264", "H265": "hevc", "M-JPEG": "mjpeg"}
_SOUNDS = frozenset({"Opus", "G722", "G711"})  # those that it hands out by WebRTC
_WEBRTC_READER, _HLS_READERS = "webRTCSession", ("hlsMuxer", "hlsSession")
_NAME = re.compile(r"[A-Za-z0-9._-]{1,80}")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class MediaMtxPlaces:
    """Where MediaMTX listens; all without credentials."""

    api: str
    webrtc: str
    hls: str
    rtsp: str

    @classmethod
    def at(cls, host: str) -> "MediaMtxPlaces":
        """With the ports that it has by itself, and that deploy/mediamtx/mediamtx.yml keeps."""
        return cls(f"http://{host}:9997", f"http://{host}:8889", f"http://{host}:8888", f"rtsp://{host}:8554")


@dataclass(frozen=True, slots=True)
class _Session:
    """A viewer's; `place` is where MediaMTX lets it be changed."""

    place: str
    viewer_id: str
    camera_id: UUID
    hears: bool


@dataclass(slots=True)
class _Counted:
    """What a path had received, and when: two of them are a bit rate."""

    at_s: float
    received: int
    bit_rate: int = 0
    state: CameraState = CameraState.IDLE
    since: datetime = field(default_factory=lambda: datetime.now(UTC))


class MediaMtxGateway:
    """See `actions.video.Gateway` for what each method does."""

    def __init__(self, places: MediaMtxPlaces, password: str, stills: EmbeddedGateway) -> None:
        self._places, self._password, self._own = places, password, stills
        self._sources: dict[UUID, CameraSource] = {}
        self._sessions: OrderedDict[str, _Session] = OrderedDict()
        self._counted: dict[UUID, _Counted] = {}
        self._reasons: dict[UUID, VideoRefusal] = {}
        self._client = httpx.AsyncClient(
            auth=(USER, password), timeout=ANSWER_WITHIN_S, follow_redirects=True, trust_env=False
        )

    async def run(self) -> None:
        """Keeps MediaMTX knowing the cameras, and our own process for stills running.

        Raises:
            GatewayEnded: that process ended.
            httpx.HTTPError: MediaMTX does not answer, or refuses.
        """
        own = asyncio.create_task(self._own.run(), name="stills from MediaMTX")
        try:
            while not own.done():
                await self._align()
                await asyncio.wait({own}, timeout=ALIGN_EVERY_S)
            own.result()
        finally:
            own.cancel()
            await asyncio.wait({own})

    def numbers(self) -> dict[str, float]:
        """For watchers; see `EmbeddedGateway.numbers`."""
        return {"video_gateway_starts": self._own.starts}

    async def configure(self, sources: Sequence[CameraSource]) -> None:
        changed = {source.camera_id for source in sources if self._sources.get(source.camera_id) != source}
        self._sources = {source.camera_id: source for source in sources}
        for camera in changed:
            self._reasons.pop(camera, None)
        deaf = {source.camera_id for source in sources if not source.sound}
        await self._end([id_ for id_, session in self._sessions.items() if session.hears and session.camera_id in deaf])
        login = f"{USER}:{self._password}@"
        rtsp = self._places.rtsp.replace("rtsp://", f"rtsp://{login}", 1)
        await self._own.configure(
            [CameraSource(source.camera_id, f"{rtsp}/{source.camera_id}", enabled=source.enabled) for source in sources]
        )
        try:
            await self._align()
        except httpx.HTTPError as fault:  # `run` tries again
            log.warning("MediaMTX was not told of the cameras", fault=type(fault).__name__)

    async def whep_offer(
        self, camera_id: UUID, viewer_id: str, sdp: str, *, hears: bool = False
    ) -> WhepAnswer | VideoRefusal:
        if isinstance(source := self._find(camera_id), VideoRefusal):
            return source
        if asks_for_sound(sdp) and not (hears and source.sound):
            return VideoRefusal.BAD_OFFER
        url = f"{self._places.webrtc}/{camera_id}/whep"
        answer = await self._ask("POST", url, content=sdp, headers={"Content-Type": "application/sdp"})
        if isinstance(answer, VideoRefusal):
            return answer
        place = urljoin(url, answer.headers.get("Location", ""))
        if answer.status_code == 201 and urlsplit(place).netloc == urlsplit(url).netloc:
            session_id = secrets.token_urlsafe(24)
            self._sessions[session_id] = _Session(place, viewer_id, camera_id, asks_for_sound(sdp))
            while len(self._sessions) > SESSIONS_MAX:
                self._sessions.popitem(last=False)
            return WhepAnswer(session_id, answer.text)
        return VideoRefusal.BAD_OFFER if answer.status_code == 400 else await self._why(source)

    async def whep_patch(self, session_id: str, fragment: str) -> VideoRefusal | None:
        if session_id not in self._sessions:
            return VideoRefusal.UNKNOWN_SESSION
        kind = {"Content-Type": "application/trickle-ice-sdpfrag"}
        answer = await self._ask("PATCH", self._sessions[session_id].place, content=fragment, headers=kind)
        if isinstance(answer, VideoRefusal):
            return answer
        if answer.is_success:
            return None
        return VideoRefusal.UNKNOWN_SESSION if answer.status_code == 404 else VideoRefusal.BAD_OFFER

    async def whep_end(self, session_id: str) -> None:
        if (session := self._sessions.pop(session_id, None)) is not None:
            await self._ask("DELETE", session.place)

    async def hls(
        self, camera_id: UUID, viewer_id: str, name: str, wait_for: HlsMoment | None = None, *, hears: bool = False
    ) -> HlsFile | VideoRefusal:
        del viewer_id, hears  # MediaMTX sees one reader: us; its sound stands beside the picture, see mediamtx_media
        if isinstance(source := self._find(camera_id), VideoRefusal):
            return source
        if not _NAME.fullmatch(name) or is_sound(name):
            return VideoRefusal.UNKNOWN_FILE
        asked = {} if wait_for is None else {"_HLS_msn": wait_for.segment, "_HLS_part": wait_for.part}
        wanted = {key: str(value) for key, value in asked.items() if value is not None}
        answer = await self._ask("GET", f"{self._places.hls}/{camera_id}/{name}", params=wanted)
        if isinstance(answer, VideoRefusal):
            return answer
        if answer.is_success:
            kind = answer.headers.get("Content-Type", "application/octet-stream")
            if name.endswith(".m3u8"):
                return HlsFile(only_pictures(answer.text).encode(), kind, 0)
            return HlsFile(answer.content, kind, 60)
        return await self._why(source) if name == "index.m3u8" else VideoRefusal.UNKNOWN_FILE

    async def still(self, camera_id: UUID) -> bytes | VideoRefusal:
        if isinstance(source := self._find(camera_id), VideoRefusal):
            return source
        shown = await self._own.still(camera_id)
        return shown if isinstance(shown, bytes) else await self._why(source)

    async def probe(self, rtsp_url: str, *, hears: bool = False) -> Probe | VideoRefusal:
        return await self._own.probe(rtsp_url, hears=hears)

    async def status(self) -> Mapping[UUID, CameraStatus]:
        try:
            paths = {path.get("name"): path for path in await self._listed("/v3/paths/list")}
        except httpx.HTTPError:
            down = CameraStatus(CameraState.FAILED, VideoRefusal.GATEWAY_DOWN)
            return dict.fromkeys(self._sources, down)
        now_s = time.monotonic()
        return {camera: self._status(camera, paths.get(str(camera), {}), now_s) for camera in self._sources}

    async def end_viewer(self, viewer_id: str) -> None:
        await self._end([id_ for id_, session in self._sessions.items() if session.viewer_id == viewer_id])

    async def _end(self, session_ids: Sequence[str]) -> None:
        await asyncio.gather(*map(self.whep_end, session_ids))

    def _find(self, camera_id: UUID) -> CameraSource | VideoRefusal:
        source = self._sources.get(camera_id)
        if source is None:
            return VideoRefusal.UNKNOWN_CAMERA
        return source if source.enabled else VideoRefusal.DISABLED

    async def _why(self, source: CameraSource) -> VideoRefusal:
        """MediaMTX does not say why there is no picture: the camera itself does."""
        found = await self._own.probe(source.rtsp_url)
        if isinstance(found, Probe):
            reason = VideoRefusal.WRONG_CODEC if found.codec != "h264" else VideoRefusal.TIMED_OUT
        else:
            reason = found
        if reason not in (VideoRefusal.GATEWAY_DOWN, VideoRefusal.BUSY):
            self._reasons[source.camera_id] = reason
        return reason

    def _status(self, camera: UUID, path: Mapping[str, Any], now_s: float) -> CameraStatus:
        readers = [reader.get("type") for reader in path.get("readers") or ()]
        reason = None
        if path.get("ready"):
            state = CameraState.LIVE
            self._reasons.pop(camera, None)
        elif (reason := self._reasons.get(camera)) is not None:
            state = CameraState.FAILED
        else:
            state = CameraState.CONNECTING if readers else CameraState.IDLE
        counted = self._count(camera, int(path.get("bytesReceived") or 0), state, now_s)
        tracks = [_CODECS[track] for track in path.get("tracks") or () if track in _CODECS]
        return CameraStatus(
            state,
            reason,
            codec=tracks[0] if tracks else "",
            viewers_whep=readers.count(_WEBRTC_READER),
            viewers_hls=sum(reader in _HLS_READERS for reader in readers),
            bit_rate=counted.bit_rate,
            since=counted.since,
            sound=self._sources[camera].sound and not _SOUNDS.isdisjoint(path.get("tracks") or ()),
        )

    def _count(self, camera: UUID, received: int, state: CameraState, now_s: float) -> _Counted:
        counted = self._counted.setdefault(camera, _Counted(now_s, received))
        if now_s > counted.at_s:
            counted.bit_rate = max(0, round(8 * (received - counted.received) / (now_s - counted.at_s)))
            counted.at_s, counted.received = now_s, received
        if counted.state is not state:
            counted.state, counted.since = state, datetime.now(UTC)
        return counted

    async def _align(self) -> None:
        """Makes MediaMTX's paths those of our cameras, touching only what differs."""
        there = {str(path.get("name")): path for path in await self._listed("/v3/config/paths/list")}
        wanted = {str(source.camera_id): source for source in self._sources.values() if source.enabled}
        for name in there.keys() - wanted.keys():
            if _is_ours(name):
                await self._tell("DELETE", f"/v3/config/paths/delete/{name}")
        for name, source in wanted.items():
            if name not in there:
                await self._tell("POST", f"/v3/config/paths/add/{name}", _path(source))
            elif there[name].get("source") != source.rtsp_url:
                await self._tell("POST", f"/v3/config/paths/replace/{name}", _path(source))

    async def _listed(self, path: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for page in range(100):
            answer = await self._client.get(
                self._places.api + path, params={"page": str(page), "itemsPerPage": str(PAGE)}
            )
            answer.raise_for_status()
            said = answer.json()
            found += said.get("items") or []
            if page + 1 >= int(said.get("pageCount") or 0):
                break
        return found

    async def _tell(self, method: str, path: str, body: Mapping[str, object] | None = None) -> None:
        answer = await self._client.request(method, self._places.api + path, json=body)
        answer.raise_for_status()

    async def _ask(self, method: str, url: str, **more: Any) -> httpx.Response | VideoRefusal:
        try:
            return await self._client.request(method, url, **more)
        except httpx.TimeoutException:
            return VideoRefusal.TIMED_OUT
        except httpx.HTTPError:
            return VideoRefusal.GATEWAY_DOWN


def _path(source: CameraSource) -> dict[str, object]:
    """MediaMTX's words for a camera that is fetched while somebody watches."""
    return {
        "source": source.rtsp_url,
        "sourceOnDemand": True,
        "sourceOnDemandStartTimeout": f"{START_WITHIN_S}s",
        "sourceOnDemandCloseAfter": f"{CLOSE_AFTER_S}s",
        "rtspTransport": "tcp",
    }


def _is_ours(name: str) -> bool:
    try:
        return str(UUID(name)) == name
    except ValueError:
        return False
