"""WebRTC sessions (WHEP, draft-ietf-wish-whep): H.264 as the camera sends it, packed into RTP by aiortc."""

import asyncio
import secrets
from collections.abc import Callable

from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.codecs import CODECS
from aiortc.exceptions import InvalidAccessError, InvalidStateError, OperationError
from aiortc.rtcrtpparameters import RTCRtcpFeedback, RTCRtpCodecParameters
from aiortc.sdp import SessionDescription, candidate_from_sdp, parse_h264_profile_level_id

from domain.video import WhepAnswer
from ingest.video.camera import Camera
from ingest.video.h264 import profile_level
from ingest.video.picture import CLOCK_HZ, Frame, Picture, Track
from ingest.video.whep_track import RelayTrack

CONNECT_WITHIN_S = 15.0
SDP_CHARACTERS_MAX = 60_000
_BASELINE = "42e01f"  # constrained baseline, which every browser has (RFC 7742)
_FAULTS = (ValueError, KeyError, IndexError, AssertionError, OperationError, InvalidAccessError, InvalidStateError)


class BadOffer(Exception):
    """The offer is no SDP, or does not ask for H.264."""


class WhepSession:
    """One viewer of one camera.

    Args:
        on_end: called once in the event loop when it has ended, however.
    """

    def __init__(self, camera: Camera, viewer_id: str, on_end: Callable[["WhepSession"], object]) -> None:
        self.session_id = secrets.token_urlsafe(24)
        self.camera, self.viewer_id = camera, viewer_id
        self._on_end = on_end
        self._peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))  # the LAN only: nobody else is asked
        self._picture = RelayTrack("video")
        self._sound: RelayTrack | None = None
        self._late = asyncio.get_running_loop().call_later(CONNECT_WITHIN_S, self._end_unless_connected)
        self._ending: asyncio.Task[None] | None = None

    async def answer(self, sdp: str, picture: Picture, *, hears: bool) -> WhepAnswer:
        """Takes the browser's offer; with `hears`, to sound too, if that is asked for.

        Raises:
            BadOffer: nothing can be sent to it. The session has to be ended.
        """
        self._peer.on("connectionstatechange", self._connection_changed)
        try:
            offer = fit_offer(sdp, picture)
            await self._peer.setRemoteDescription(RTCSessionDescription(offer, "offer"))
            self._peer.addTrack(self._picture)
            if hears and "opus/48000" in offer.lower():
                self._sound = RelayTrack("audio")
                self._peer.addTrack(self._sound)
            await self._peer.setLocalDescription(await self._peer.createAnswer())
        except _FAULTS as fault:
            raise BadOffer(str(fault)) from fault
        if self._ending is not None:
            raise BadOffer("ended meanwhile")
        self.camera.watch(self, self.viewer_id)
        return WhepAnswer(self.session_id, self._peer.localDescription.sdp)

    async def add_candidates(self, fragment: str) -> bool:
        """Adds the candidates of a trickle-ice-sdpfrag; whether all of it was understood."""
        for line in fragment.splitlines():
            if not line.startswith("a=candidate:") or _is_hidden(line):
                continue
            try:
                candidate = candidate_from_sdp(line.removeprefix("a=candidate:"))
                candidate.sdpMLineIndex = 0
                await self._peer.addIceCandidate(candidate)
            except _FAULTS:
                return False
        return True

    def push(self, frame: Frame) -> None:
        if frame.track is Track.PICTURE:
            self._picture.push(frame)
        elif frame.track is Track.OPUS and self._sound is not None:
            self._sound.push(frame)

    def end(self) -> None:
        """Ends the session soon; may be called twice."""
        if self._ending is None:
            self._late.cancel()
            self.camera.leave(self)
            self._ending = asyncio.create_task(self._close(), name="end of a WebRTC session")
            self._on_end(self)

    async def ended(self) -> None:
        self.end()
        if self._ending is not None:
            await asyncio.wait({self._ending})

    async def _close(self) -> None:
        self._picture.stop()
        if self._sound is not None:
            self._sound.stop()
        await self._peer.close()

    def _connection_changed(self) -> None:
        if self._peer.connectionState in ("failed", "closed"):
            self.end()

    def _end_unless_connected(self) -> None:
        if self._peer.connectionState != "connected":
            self.end()


def fit_offer(sdp: str, picture: Picture) -> str:
    """The offer with only what can be sent: H.264 in one packet mode, the camera's own profile first, and Opus.

    Candidates behind mDNS names are left out: the browser finds us, and asking the network for them takes seconds.

    Raises:
        BadOffer, ValueError, KeyError: there is no such thing in it.
    """
    if len(sdp) > SDP_CHARACTERS_MAX:
        raise BadOffer("longer than any offer")
    offer = SessionDescription.parse(sdp)
    wanted = _profile(profile_level(picture.parameter_sets))
    found = False
    for media in offer.media:
        media.ice_candidates = [candidate for candidate in media.ice_candidates if not candidate.ip.endswith(".local")]
        media.ice_candidates_complete = False  # checks from the browser tell us where it is
        if media.kind == "audio":
            opus = [codec for codec in media.rtp.codecs if codec.mimeType.lower() == "audio/opus"]
            media.rtp.codecs = opus or media.rtp.codecs
            media.fmt = [codec.payloadType for codec in media.rtp.codecs]
        if media.kind != "video":
            continue
        fitting = [codec for codec in media.rtp.codecs if _fits(codec)]
        fitting.sort(key=lambda codec: (_profile_of(codec) != wanted, _profile_of(codec) != _profile(_BASELINE)))
        kept = {codec.payloadType for codec in fitting}
        repeats = [codec for codec in media.rtp.codecs if codec.parameters.get("apt") in kept]
        media.rtp.codecs = fitting + repeats
        media.fmt = [codec.payloadType for codec in media.rtp.codecs]
        found = found or bool(fitting)
    if not found:
        raise BadOffer("no H.264 in the offer")
    return str(offer)


def _fits(codec: RTCRtpCodecParameters) -> bool:
    is_h264 = codec.mimeType.lower() == "video/h264"
    return is_h264 and str(codec.parameters.get("packetization-mode", "0")) == "1" and _profile_of(codec) is not None


def _profile_of(codec: RTCRtpCodecParameters) -> object:
    return _profile(str(codec.parameters.get("profile-level-id", _BASELINE)))


def _profile(profile_level_id: str) -> object:
    """What aiortc compares when it looks whether both sides mean the same; None if it knows no such profile."""
    try:
        return parse_h264_profile_level_id(profile_level_id)[0]
    except ValueError:
        return None


def _is_hidden(candidate: str) -> bool:
    return ".local " in candidate


def _offer_more_profiles() -> None:
    """Cameras send main and high profile, which browsers decode and offer; aiortc itself encodes baseline only."""
    feedback = [RTCRtcpFeedback("nack"), RTCRtcpFeedback("nack", "pli")]
    for payload_type, level in ((120, "4d001f"), (122, "64001f")):
        parameters: dict[str, int | str | None] = {
            "level-asymmetry-allowed": "1",
            "packetization-mode": "1",
            "profile-level-id": level,
        }
        codec = RTCRtpCodecParameters("video/H264", CLOCK_HZ, None, payload_type, feedback, parameters)
        CODECS["video"].append(codec)


_offer_more_profiles()
