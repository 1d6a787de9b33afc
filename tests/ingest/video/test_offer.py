"""What becomes of a browser's offer before it is answered."""

import pytest
from aiortc import RTCConfiguration, RTCPeerConnection
from aiortc.sdp import SessionDescription

from ingest.video.picture import Picture
from ingest.video.whep import SDP_CHARACTERS_MAX, BadOffer, fit_offer

HIDDEN = "a=candidate:1 1 udp 2113937151 5a1c7b6e-1.local 50000 typ host"


def picture(profile: str) -> Picture:
    return Picture("h264", 64, 64, b"\x00\x00\x00\x01\x67" + bytes.fromhex(profile) + b"\x01\x00\x00\x00\x01\x68\xce")


@pytest.fixture
async def offer() -> str:
    """As browsers make it: several codecs, and candidates behind mDNS names."""
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    peer.addTransceiver("video", direction="recvonly")
    await peer.setLocalDescription(await peer.createOffer())
    sdp = str(peer.localDescription.sdp)
    await peer.close()
    return sdp.replace("a=end-of-candidates", f"{HIDDEN}\r\na=end-of-candidates", 1)


@pytest.mark.parametrize(
    ("camera", "first"), [("64001f", "64001f"), ("4d001f", "4d001f"), ("42c01f", "42e01f"), ("f40028", "42e01f")]
)
async def test_only_h264_is_left_with_the_cameras_own_profile_first(offer: str, camera: str, first: str) -> None:
    assert "VP8" in offer and ".local" in offer
    fitted = SessionDescription.parse(fit_offer(offer, picture(camera)))
    codecs = [codec for codec in fitted.media[0].rtp.codecs if codec.name != "rtx"]
    assert {codec.name for codec in codecs} == {"H264"} and codecs[0].parameters["profile-level-id"] == first
    assert not [candidate for candidate in fitted.media[0].ice_candidates if candidate.ip.endswith(".local")]


async def test_an_offer_without_h264_or_without_end_is_refused(offer: str) -> None:
    with pytest.raises(BadOffer):
        fit_offer(offer.replace("H264/90000", "AV1/90000"), picture("42e01f"))
    with pytest.raises(BadOffer):
        fit_offer(offer + "a=x\r\n" * SDP_CHARACTERS_MAX, picture("42e01f"))
