"""A gateway on virtual cameras, and a viewer of it that is no browser."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError

from actions.video import Gateway
from domain.video import CameraStatus, VideoRefusal, WhepAnswer
from ingest.supervisor import Supervisor
from ingest.video.cameras import Cameras
from ingest.video.gateway import EmbeddedGateway
from tools.virtual_camera.film import Film
from tools.virtual_camera.picture import read

PATIENCE_S = 20.0  # many founders share a machine; nothing here measures time


def small_film(**changes: Any) -> Film:
    """Cheap to encode, and its cells can still be read."""
    return Film(**{"width": 320, "height": 176, "fps": 15, "bit_rate": 400_000, **changes})


@asynccontextmanager
async def embedded() -> AsyncIterator[EmbeddedGateway]:
    """The child process, kept running as the product does it."""
    supervisor, gateway = Supervisor(), EmbeddedGateway()
    supervisor.keep("video gateway", gateway.run)
    try:
        await until(lambda: gateway.pid is not None)
        yield gateway
    finally:
        await supervisor.stop()


@asynccontextmanager
async def cameras() -> AsyncIterator[Cameras]:
    """What runs in the child process, without one."""
    inner = Cameras()
    looking = asyncio.create_task(inner.run())
    try:
        yield inner
    finally:
        looking.cancel()
        await asyncio.wait({looking})


async def until(condition: Callable[[], object], within_s: float = PATIENCE_S) -> None:
    until_s = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < until_s, "it did not come to that"
        await asyncio.sleep(0.02)


async def until_started(gateway: EmbeddedGateway, times: int) -> None:
    await until(lambda: gateway.starts == times and gateway.pid is not None)


async def until_status(gateway: Gateway, camera: UUID, is_so: Callable[[CameraStatus], bool]) -> CameraStatus:
    until_s = time.monotonic() + PATIENCE_S
    while not is_so(status := (await gateway.status())[camera]):
        assert time.monotonic() < until_s, f"it stays {status}"
        await asyncio.sleep(0.05)
    return status


class Viewer:
    """A WHEP client that decodes; `numbers` are those of the frames that it has seen."""

    def __init__(self, gateway: Gateway, camera: UUID, viewer_id: str = "viewer") -> None:
        self._gateway, self._camera, self._viewer_id = gateway, camera, viewer_id
        self._peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._watching: asyncio.Task[None] | None = None
        self.numbers: list[int] = []
        self.session_id = ""

    async def open(self) -> VideoRefusal | None:
        self._peer.addTransceiver("video", direction="recvonly")
        self._peer.on("track", self._watch)
        await self._peer.setLocalDescription(await self._peer.createOffer())
        offer = self._peer.localDescription.sdp
        answer = await self._gateway.whep_offer(self._camera, self._viewer_id, offer)
        if not isinstance(answer, WhepAnswer):
            return answer
        self.session_id = answer.session_id
        await self._peer.setRemoteDescription(RTCSessionDescription(answer.sdp, "answer"))
        return None

    async def sees_more(self, frames: int = 5) -> None:
        """Waits until so many further frames have come."""
        seen = len(self.numbers)
        await until(lambda: len(self.numbers) >= seen + frames)

    async def close(self) -> None:
        await self._peer.close()
        if self._watching is not None:
            await self._watching

    @property
    def is_connected(self) -> bool:
        return bool(self._peer.connectionState == "connected")

    def _watch(self, track: Any) -> None:
        self._watching = asyncio.create_task(self._note(track))

    async def _note(self, track: Any) -> None:
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                return
            reading = read(frame)
            if reading is not None:
                self.numbers.append(reading.number)
