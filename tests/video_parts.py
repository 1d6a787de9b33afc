"""A gateway at the edge of the tests: it says what it is told to, and remembers what it was asked."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import pytest

from actions import video
from domain.video import CameraSource, CameraState, CameraStatus, HlsFile, HlsMoment, Probe, VideoRefusal, WhepAnswer
from tools.virtual_camera.microphone import TONE_HZ

JPEG = b"\xff\xd8\xff\xe0 a picture \xff\xd9"
ANSWER = "v=0\r\ns=answer\r\n"
# Leaves `tone()`: how loud the microphone's tone is in what the page plays, 0 to 255; 0 while it is muted.
LISTEN = f"""() => {{
    const video = document.querySelector(".player video");
    const context = new AudioContext(), analyser = context.createAnalyser();
    const stream = video.srcObject ?? video.captureStream();
    context.createMediaStreamSource(stream).connect(analyser);
    const bins = new Uint8Array(analyser.frequencyBinCount);
    const at = Math.round({TONE_HZ} / context.sampleRate * analyser.fftSize);
    window.tone = () => {{
        context.resume();
        analyser.getByteFrequencyData(bins);
        return video.muted ? 0 : Math.max(...bins.slice(at - 1, at + 2));
    }};
}}"""


@dataclass
class ScriptedGateway:
    """`says` is the answer to every picture that is asked for; None: all is well."""

    says: VideoRefusal | None = None
    probes: dict[str, Probe | VideoRefusal] = field(default_factory=dict)
    """By the path of the address; others have no video."""
    sources: list[CameraSource] = field(default_factory=list)
    states: dict[UUID, CameraStatus] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    heard: list[bool] = field(default_factory=list)
    """Of each offer and file: whether sound may come with it."""
    ended: list[str] = field(default_factory=list)

    async def configure(self, sources: Sequence[CameraSource]) -> None:
        self.sources = list(sources)

    async def whep_offer(
        self, camera_id: UUID, viewer_id: str, sdp: str, *, hears: bool = False
    ) -> WhepAnswer | VideoRefusal:
        self.asked.append(viewer_id)
        self.heard.append(hears)
        return self.says or WhepAnswer(f"session-{len(self.asked)}", ANSWER)

    async def whep_patch(self, session_id: str, fragment: str) -> VideoRefusal | None:
        return self.says

    async def whep_end(self, session_id: str) -> None:
        self.ended.append(session_id)

    async def hls(
        self, camera_id: UUID, viewer_id: str, name: str, wait_for: HlsMoment | None = None, *, hears: bool = False
    ) -> HlsFile | VideoRefusal:
        self.asked.append(viewer_id)
        self.heard.append(hears)
        return self.says or HlsFile(b"#EXTM3U\n", "application/vnd.apple.mpegurl", 0)

    async def still(self, camera_id: UUID) -> bytes | VideoRefusal:
        return self.says or JPEG

    async def probe(self, rtsp_url: str, *, hears: bool = False) -> Probe | VideoRefusal:
        self.asked.append(rtsp_url)
        return self.probes.get("/" + rtsp_url.split("/", 3)[3], VideoRefusal.NO_VIDEO)

    async def status(self) -> Mapping[UUID, CameraStatus]:
        return self.states

    async def end_viewer(self, viewer_id: str) -> None:
        self.ended.append(viewer_id)

    def goes(self, camera_id: UUID, state: CameraState, reason: VideoRefusal | None = None) -> None:
        self.states[camera_id] = CameraStatus(state, reason, "h264", 1280, 720, 25.0)


@pytest.fixture
def gateway() -> Iterator[ScriptedGateway]:
    scripted = ScriptedGateway()
    video.open(scripted)
    yield scripted
    video.close()
