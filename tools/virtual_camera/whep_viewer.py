"""A viewer by WHEP that is no browser: it decodes and reads the frames' numbers, for tests and bench."""

import asyncio
from typing import Any
from uuid import UUID

from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError

from actions.video import Gateway
from domain.video import VideoRefusal, WhepAnswer
from tools.virtual_camera.picture import read


class WhepViewer:
    """A WHEP client that decodes; `numbers` are those of the frames that it has seen, `loudest` what it has heard.

    `offers_sound`: it asks for sound; `hears`: its right to it, as the gateway is told.
    """

    def __init__(
        self,
        gateway: Gateway,
        camera: UUID,
        viewer_id: str = "viewer",
        *,
        offers_sound: bool = False,
        hears: bool = False,
    ) -> None:
        self._gateway, self._camera, self._viewer_id = gateway, camera, viewer_id
        self._peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._watching: list[asyncio.Task[None]] = []
        self._offers_sound, self._hears = offers_sound, hears
        self.loudest = 0
        self.numbers: list[int] = []
        self.session_id = ""

    async def open(self) -> VideoRefusal | None:
        for kind in ("video", "audio") if self._offers_sound else ("video",):
            self._peer.addTransceiver(kind, direction="recvonly")
        self._peer.on("track", self._watch)
        await self._peer.setLocalDescription(await self._peer.createOffer())
        offer = self._peer.localDescription.sdp
        answer = await self._gateway.whep_offer(self._camera, self._viewer_id, offer, hears=self._hears)
        if not isinstance(answer, WhepAnswer):
            return answer
        self.session_id = answer.session_id
        await self._peer.setRemoteDescription(RTCSessionDescription(answer.sdp, "answer"))
        return None

    async def close(self) -> None:
        await self._peer.close()
        for watching in self._watching:
            await watching

    @property
    def is_connected(self) -> bool:
        return bool(self._peer.connectionState == "connected")

    def _watch(self, track: Any) -> None:
        self._watching.append(asyncio.create_task(self._note(track)))

    async def _note(self, track: Any) -> None:
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                return
            if track.kind == "audio":
                self.loudest = max(self.loudest, *memoryview(bytes(frame.planes[0])).cast("h"))
                continue
            reading = read(frame)
            if reading is not None:
                self.numbers.append(reading.number)
