"""The video gateway of this process: opened once at start, asked by pages, API and actions.

Nothing here checks rights: whoever asks has to.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol
from uuid import UUID

from domain.video import CameraSource, CameraStatus, HlsFile, HlsMoment, Probe, VideoRefusal, WhepAnswer


class Gateway(Protocol):
    """Fetches cameras on demand and hands their pictures out. Every method answers within seconds, whatever fails."""

    async def configure(self, sources: Sequence[CameraSource]) -> None:
        """Makes these the cameras that there are; sessions of cameras that go or change end. The same again is free."""

    async def whep_offer(
        self, camera_id: UUID, viewer_id: str, sdp: str, *, hears: bool = False
    ) -> WhepAnswer | VideoRefusal:
        """Begins a viewer's WebRTC session. `viewer_id` is the caller's name for who watches, as in `end_viewer`.

        Args:
            hears: whether the viewer gets the camera's sound, if its owner passes it on.
        """

    async def whep_patch(self, session_id: str, fragment: str) -> VideoRefusal | None:
        """Adds ICE candidates (trickle-ice-sdpfrag, RFC 8840) to a session."""

    async def whep_end(self, session_id: str) -> None:
        """Ends a session; one that has ended is no fault."""

    async def hls(
        self, camera_id: UUID, viewer_id: str, name: str, wait_for: HlsMoment | None = None, *, hears: bool = False
    ) -> HlsFile | VideoRefusal:
        """A file of the stream: `index.m3u8`, and what the playlist names relative to itself.

        Args:
            wait_for: the playlist is answered as soon as it has come this far (LL-HLS blocking reload).
            hears: as for `whep_offer`.
        """

    async def still(self, camera_id: UUID) -> bytes | VideoRefusal:
        """A JPEG of the newest key frame; fetches the camera for a moment if nobody watches it."""

    async def probe(self, rtsp_url: str, *, hears: bool = False) -> Probe | VideoRefusal:
        """Tries an address that need not be configured; with `hears`, whether it has sound too."""

    async def status(self) -> Mapping[UUID, CameraStatus]:
        """How each configured camera is doing."""

    async def end_viewer(self, viewer_id: str) -> None:
        """Ends all that this viewer watches, at once."""


class GatewayOff:
    """The gateway of an installation without video."""

    async def configure(self, sources: Sequence[CameraSource]) -> None:
        del sources

    async def whep_offer(
        self, camera_id: UUID, viewer_id: str, sdp: str, *, hears: bool = False
    ) -> WhepAnswer | VideoRefusal:
        del camera_id, viewer_id, sdp, hears
        return VideoRefusal.OFF

    async def whep_patch(self, session_id: str, fragment: str) -> VideoRefusal | None:
        del session_id, fragment
        return VideoRefusal.OFF

    async def whep_end(self, session_id: str) -> None:
        del session_id

    async def hls(
        self, camera_id: UUID, viewer_id: str, name: str, wait_for: HlsMoment | None = None, *, hears: bool = False
    ) -> HlsFile | VideoRefusal:
        del camera_id, viewer_id, name, wait_for, hears
        return VideoRefusal.OFF

    async def still(self, camera_id: UUID) -> bytes | VideoRefusal:
        del camera_id
        return VideoRefusal.OFF

    async def probe(self, rtsp_url: str, *, hears: bool = False) -> Probe | VideoRefusal:
        del rtsp_url, hears
        return VideoRefusal.OFF

    async def status(self) -> Mapping[UUID, CameraStatus]:
        return {}

    async def end_viewer(self, viewer_id: str) -> None:
        del viewer_id


class _Running:
    gateway: Gateway = GatewayOff()


_running = _Running()


def open(gateway: Gateway) -> None:  # read as video.open
    _running.gateway = gateway


def close() -> None:
    """From here on this process has no video."""
    _running.gateway = GatewayOff()


def gateway() -> Gateway:
    return _running.gateway
