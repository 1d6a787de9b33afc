"""The RTSP side of virtual cameras: one server, a film for each path, one user with a password (digest, RFC 2617)."""

import asyncio
import hashlib
import logging
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from aio_rtsp_toolkit.server import RtspServer
from aio_rtsp_toolkit.server_media import MediaSource, MediaTrackInfo
from aio_rtsp_toolkit.server_session import RtspServerSession, StreamTrackState

from storage.embedded_ports import LOOPBACK, free_port
from tools.virtual_camera import microphone
from tools.virtual_camera.film import PICTURE, RTP_NAMES, SOUND, Film, Projector, is_rtcp

REALM = "virtual camera"
_PACKETS_WAITING_MAX = 2_000  # for one listener; what it is too slow for is left out, as a camera does
_VALUE = re.compile(r'(\w+)="?([^",]*)"?')


class VirtualCameras:
    """Cameras on loopback, used as an asynchronous context.

    Args:
        films: what each path shows; the same film at several paths is encoded once.
        user, password: who may look; an empty user: anybody.
    """

    def __init__(self, films: Mapping[str, Film], user: str = "viewer", password: str | None = None) -> None:
        self.films = dict(films)
        self.user, self.password = user, secrets.token_urlsafe(9) if password is None else password
        self.port = free_port()
        self.connections = 0
        """How often somebody has begun to look."""
        self.nonce = secrets.token_hex(16)
        self.sessions: set[_Session] = set()
        self._server: _Server | None = None
        self._projectors: dict[int, Projector] = {}

    def url(self, path: str) -> str:
        login = f"{self.user}:{self.password}@" if self.user else ""
        return f"rtsp://{login}{LOOPBACK}:{self.port}/{path}"

    def projector(self, path: str) -> Projector:
        film = self.films[path]
        return self._projectors.setdefault(id(film), Projector(film))

    async def __aenter__(self) -> "VirtualCameras":
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Answers, at the same port as before."""
        self._server = _Server(self)
        await self._server.start()

    async def stop(self) -> None:
        """Falls dead: every connection ends."""
        server, self._server = self._server, None
        if server is not None:
            await self.drop()
            await server.close()

    async def drop(self) -> None:
        """Ends every connection; new ones are taken."""
        for session in list(self.sessions):
            await session.close()

    async def change_codec(self, path: str, codec: str) -> None:
        """Sends something else from the next connection on, and ends those that there are."""
        self.films[path].codec = codec
        await self.drop()

    def lets_in(self, method: str, headers: Mapping[str, str]) -> bool:
        if not self.user:
            return True
        said = dict(_VALUE.findall(headers.get("authorization", "").removeprefix("Digest ")))
        known = _md5(f"{self.user}:{REALM}:{self.password}")
        asked = _md5(f"{method}:{said.get('uri', '')}")
        right = _md5(f"{known}:{self.nonce}:{asked}")
        return said.get("username") == self.user and secrets.compare_digest(said.get("response", ""), right)


class _Server(RtspServer):  # type: ignore[misc]  # the package is untyped
    def __init__(self, cameras: VirtualCameras) -> None:
        super().__init__(str(Path(__file__).parent), LOOPBACK, cameras.port)
        self.logger = logging.getLogger("virtual camera")
        self.logger.setLevel(logging.ERROR)
        self.cameras = cameras

    async def _handle_client(self, sock: Any) -> None:
        session = _Session(self, sock)
        self.cameras.sessions.add(session)
        try:
            with suppress(ConnectionError):  # the other side has gone
                await session.run()
        finally:
            self.cameras.sessions.discard(session)


class _Session(RtspServerSession):  # type: ignore[misc]  # the package is untyped
    """The package's session, for live pictures instead of files, and behind a password."""

    path = ""

    async def _handle_describe(self, uri: str, headers: dict[str, str]) -> None:
        cameras: VirtualCameras = self.server.cameras
        if not cameras.lets_in("DESCRIBE", headers):
            asked = {"WWW-Authenticate": f'Digest realm="{REALM}", nonce="{cameras.nonce}"'}
            await self._send_response(headers, 401, "Unauthorized", asked)
            return
        path = unquote(urlsplit(uri).path).strip("/")
        if path not in cameras.films:
            raise FileNotFoundError(path)
        self.path = path
        film = cameras.films[path]
        tracks = [_picture(film)] + ([_sound(film)] if film.sound else [])
        source = MediaSource(Path(path), tracks, film.name)
        self.media_source, self.content_base = source, self.server.build_content_base(uri, headers)
        self.track_states = {track.control: StreamTrackState(track) for track in tracks}
        described = {"Content-Base": self.content_base, "Content-Type": "application/sdp"}
        await self._send_response(headers, 200, "OK", described, body=source.build_sdp().encode())

    async def _handle_setup(self, uri: str, headers: dict[str, str]) -> None:
        if not self.server.cameras.lets_in("SETUP", headers):
            await self._send_response(headers, 401, "Unauthorized")
            return
        await super()._handle_setup(uri, headers)

    async def _stream_media(self) -> None:
        cameras: VirtualCameras = self.server.cameras
        cameras.connections += 1
        waiting: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue(maxsize=_PACKETS_WAITING_MAX)
        wanted = {control: state for control, state in self.track_states.items() if state.rtp_channel is not None}
        begun = False

        def take(track: str, packets: list[bytes], is_key: bool) -> None:
            nonlocal begun
            begun = begun or is_key
            for packet in packets if begun and track in wanted else ():
                with suppress(asyncio.QueueFull):
                    waiting.put_nowait((track, packet))

        projector = cameras.projector(self.path)
        projector.listen(take)
        try:
            while True:
                track, packet = await waiting.get()
                state = wanted[track]
                channel = state.rtcp_channel if is_rtcp(packet) else state.rtp_channel
                await self._send_interleaved_frame(channel, packet)
        except ConnectionError:  # the other side has had enough
            return
        finally:
            projector.leave(take)


def _picture(film: Film) -> MediaTrackInfo:
    codec, payload_type = RTP_NAMES[film.codec]
    fmtp = "packetization-mode=1" if codec == "H264" else None
    return MediaTrackInfo("video", PICTURE, codec.lower(), payload_type, 90_000, fmtp=fmtp)


def _sound(film: Film) -> MediaTrackInfo:
    codec, payload_type = microphone.RTP_NAMES[film.sound]
    fmtp = microphone.Microphone(film.sound).fmtp
    return MediaTrackInfo("audio", SOUND, codec, payload_type, microphone.RATES_HZ[film.sound], fmtp=fmtp)


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()  # what the standard asks for
