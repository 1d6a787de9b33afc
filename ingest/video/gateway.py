"""The embedded gateway: a child process of ours that fetches cameras, and this app's side of it.

The child (ingest/video/child.py) is asked through its pipes (ingest/video/wire.py) and ends with them. A supervisor
keeps `run` running: any end of the child is a fall, also one with exit code 0.
"""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import structlog

from actions.video import Gateway, GatewayOff
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
from ingest.video.wire import RESULTS, Answer, Call, encode, packed, read_frame
from storage.embedded_child import stop_child

__all__ = ["EmbeddedGateway", "Gateway", "GatewayEnded", "GatewayOff"]

PING_EVERY_S, PINGS_MISSED_MAX = 5.0, 3
FIRST_START_WITHIN_S = 10.0
WAITING_MAX = 512  # calls without an answer; more than all viewers that it serves can have open
ANSWER_WITHIN_S: Mapping[str, float] = {"probe": 20.0, "still": 15.0, "whep_offer": 12.0, "hls": 12.0}
_ANSWER_WITHIN_S = 6.0  # of all other methods
_ROOT = Path(__file__).parents[2]
_STOPS = ((signal.SIGTERM, 0.8), (signal.SIGKILL, 1.0))  # it has nothing to save
_PIPE_BYTES = 1024**2

log = structlog.get_logger(__name__)


class GatewayEnded(Exception):
    """The gateway's process ended, or does not answer any more."""


class EmbeddedGateway:
    """One child process, as `actions.video.Gateway`; see there what each method does."""

    def __init__(self) -> None:
        self._sources: list[CameraSource] = []
        self._process: Process | None = None
        self._numbers = count()
        self._waiting: dict[int, asyncio.Future[Answer]] = {}
        self._needed, self._up = asyncio.Event(), asyncio.Event()
        self._is_told = True  # whether the process knows the sources
        self.starts = 0
        self.last_status: Mapping[UUID, CameraStatus] = {}
        """As of the last question, at most `PING_EVERY_S` old while the process is well."""

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    def numbers(self) -> dict[str, float]:
        """For watchers: how much goes on, as of the last question, by the metric's name."""
        status = self.last_status.values()
        return {
            "video_cameras_live": sum(camera.state is CameraState.LIVE for camera in status),
            "video_viewers": sum(camera.viewers_whep + camera.viewers_hls for camera in status),
            "video_camera_restarts": sum(camera.restarts for camera in status),
            "video_camera_cores": sum(camera.cpu_share for camera in status),
            "video_buffer_bytes": sum(camera.memory_bytes for camera in status),
            "video_gateway_starts": self.starts,
        }

    async def run(self) -> None:
        """One life of the child process, which begins with the first camera or test.

        Raises:
            GatewayEnded: always, unless it is cancelled.
        """
        await self._needed.wait()
        process = await _spawn()
        self._process, self.starts = process, self.starts + 1
        reading = asyncio.create_task(self._read(process), name="answers of the video gateway")
        try:
            await self._tell_sources()
            self._up.set()
            log.info("the video gateway is ready", pid=process.pid, cameras=len(self._sources))
            await self._ping(reading)
            reading.result()
            raise GatewayEnded(f"the video gateway ended ({await process.wait()})")
        finally:
            self._process, self.last_status = None, {}
            reading.cancel()
            await asyncio.shield(_end(process))
            for waiting in self._waiting.values():
                if not waiting.done():
                    waiting.set_result(_refused(VideoRefusal.GATEWAY_DOWN))

    async def configure(self, sources: Sequence[CameraSource]) -> None:
        self._sources = list(sources)
        if self._sources:
            self._needed.set()
        if self._process is not None:
            await self._tell_sources()

    async def whep_offer(
        self, camera_id: UUID, viewer_id: str, sdp: str, *, hears: bool = False
    ) -> WhepAnswer | VideoRefusal:
        answer: WhepAnswer | VideoRefusal = await self._call("whep_offer", (camera_id, viewer_id, sdp, hears))
        return answer

    async def whep_patch(self, session_id: str, fragment: str) -> VideoRefusal | None:
        answer: VideoRefusal | None = await self._call("whep_patch", (session_id, fragment))
        return answer

    async def whep_end(self, session_id: str) -> None:
        await self._call("whep_end", (session_id,))

    async def hls(
        self, camera_id: UUID, viewer_id: str, name: str, wait_for: HlsMoment | None = None, *, hears: bool = False
    ) -> HlsFile | VideoRefusal:
        answer: HlsFile | VideoRefusal = await self._call("hls", (camera_id, viewer_id, name, wait_for, hears))
        return answer

    async def still(self, camera_id: UUID) -> bytes | VideoRefusal:
        answer: bytes | VideoRefusal = await self._call("still", (camera_id,))
        return answer

    async def probe(self, rtsp_url: str, *, hears: bool = False) -> Probe | VideoRefusal:
        if not self._up.is_set():  # nobody needed it before
            self._needed.set()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._up.wait(), FIRST_START_WITHIN_S)
        answer: Probe | VideoRefusal = await self._call("probe", (rtsp_url, hears))
        return answer

    async def status(self) -> Mapping[UUID, CameraStatus]:
        if await self._refresh_status() is None:
            return self.last_status
        down = CameraStatus(CameraState.FAILED, VideoRefusal.GATEWAY_DOWN)
        return {source.camera_id: down for source in self._sources}

    async def end_viewer(self, viewer_id: str) -> None:
        await self._call("end_viewer", (viewer_id,))

    async def _tell_sources(self) -> None:
        self._is_told = False
        self._is_told = await self._call("configure", (self._sources,)) is None

    async def _ping(self, reading: asyncio.Task[None]) -> None:
        """Asks how it is until it ends; what it was not told in time it is told again.

        Raises:
            GatewayEnded: it runs, but does not answer any more.
        """
        missed = 0
        while not reading.done():
            await asyncio.wait({reading}, timeout=PING_EVERY_S)
            missed = missed + 1 if await self._refresh_status() is VideoRefusal.TIMED_OUT else 0
            if missed >= PINGS_MISSED_MAX:
                raise GatewayEnded("the video gateway does not answer")
            if not self._is_told:
                await self._tell_sources()

    async def _refresh_status(self) -> VideoRefusal | None:
        status: Mapping[UUID, CameraStatus] | VideoRefusal = await self._call("status", ())
        if isinstance(status, VideoRefusal):
            return status
        for camera, now in status.items():
            before = self.last_status.get(camera)
            if now.reason is not None and (before is None or before.reason is not now.reason):
                log.info("a camera has no picture", camera=str(camera), reason=now.reason.value)
        self.last_status = status
        return None

    async def _call(self, method: str, arguments: tuple[object, ...]) -> Any:
        """What the child answers: a result of the type that `RESULTS` says, or a refusal."""
        process = self._process
        if process is None or process.stdin is None:
            return VideoRefusal.GATEWAY_DOWN
        if len(self._waiting) >= WAITING_MAX:
            return VideoRefusal.BUSY
        number = next(self._numbers)
        waiting = self._waiting[number] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S.get(method, _ANSWER_WITHIN_S)):
                process.stdin.write(encode(Call(number, method, packed(arguments))))
                await process.stdin.drain()
                answer = await waiting
        except TimeoutError:
            return VideoRefusal.TIMED_OUT
        except ConnectionError:
            return VideoRefusal.GATEWAY_DOWN
        finally:
            del self._waiting[number]
        if answer.fault:
            log.error("the video gateway failed", method=method, where=answer.fault)
        if answer.refusal is not None or method not in RESULTS:
            return answer.refusal
        return msgspec.msgpack.decode(answer.result, type=RESULTS[method])

    async def _read(self, process: Process) -> None:
        """Hands answers to who waits for them, until the child ends."""
        assert process.stdout is not None  # noqa: S101  # for the type checker: it was asked for
        while (body := await read_frame(process.stdout)) is not None:
            answer = msgspec.msgpack.decode(body, type=Answer)
            waiting = self._waiting.get(answer.number)
            if waiting is not None and not waiting.done():
                waiting.set_result(answer)


def _refused(refusal: VideoRefusal) -> Answer:
    return Answer(-1, msgspec.Raw(b"\xc0"), refusal)


async def _spawn() -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "ingest.video.child",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=_PIPE_BYTES,
        cwd=_ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith("PITPILOT_")},
        start_new_session=True,  # Ctrl-C in a terminal is for us, who then end it in order
    )


async def _end(process: Process) -> None:
    if process.stdin is not None:
        process.stdin.close()  # tells it to end
    with suppress(TimeoutError):
        await asyncio.wait_for(process.wait(), 0.5)
        return
    await stop_child(process, _STOPS)
