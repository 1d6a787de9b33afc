"""A camera's sound: for whoever may hear it, beside the picture, and without a hole."""

import asyncio
import io
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby, pairwise
from typing import cast
from uuid import uuid4

import av
import pytest
from av.audio.codeccontext import AudioCodecContext
from av.audio.stream import AudioStream
from av.container import InputContainer

from domain.video import CameraSource, CameraState, HlsFile, Probe
from ingest.video import source as source_module
from ingest.video.picture import CLOCK_HZ, Frame, Track
from ingest.video.sound import JUMP, LATE, RATE_HZ, Sound
from tests.ingest.video.parts import Viewer, cameras, small_film, until, until_status
from tools.virtual_camera.film import SOUND
from tools.virtual_camera.server import VirtualCameras

PIECE = 320  # samples of G.711 in a packet
G711_HZ = 8_000
FRAME_S = {Track.OPUS: 0.02, Track.AAC: 1024 / RATE_HZ}
LOUD = 4_000


def said(at_s: float) -> "av.Packet[AudioStream]":
    """Forty milliseconds of G.711: the loudest square wave."""
    packet = av.Packet(b"\xaa\x2a" * (PIECE // 2))
    packet.pts = packet.dts = round(at_s * G711_HZ)
    packet.time_base = Fraction(1, G711_HZ)
    return cast("av.Packet[AudioStream]", packet)


@dataclass
class Decoded:
    """In place of a packet: what a decoder makes of it, which no camera at hand can be made to send."""

    frames: list[av.AudioFrame] | None

    def decode(self) -> list[av.AudioFrame]:
        if self.frames is None:
            raise av.InvalidDataError(0, "what came is no sound")
        return self.frames


def piece_of(rate_hz: int, layout: str, at_s: float) -> av.AudioFrame:
    frame = av.AudioFrame("s16", layout, rate_hz // 25)
    for plane in frame.planes:
        plane.update(bytes(plane.buffer_size))
    frame.sample_rate, frame.pts, frame.time_base = rate_hz, round(at_s * rate_hz), Fraction(1, rate_hz)
    return frame


class Heard:
    """A `Sound` of a stream of G.711, and the frames that came of it."""

    def __init__(self) -> None:
        container = av.open(io.BytesIO(b"\xd5" * 4_000), format="alaw", options={"sample_rate": str(G711_HZ)})
        self.stream = container.streams.audio[0]
        self.sound = Sound(self.stream)
        self.frames: list[Frame] = []

    def picture(self, at_s: float) -> None:
        self.frames += self.sound.keep_up(round(at_s * CLOCK_HZ))

    def piece(self, at_s: float) -> None:
        packet = said(at_s)
        packet.stream = self.stream
        self.frames += self.sound.hear(packet)

    def decoded(self, packet: Decoded) -> None:
        self.frames += self.sound.hear(cast("av.Packet[AudioStream]", packet))

    def is_loud(self) -> list[bool]:
        """Of each frame of Opus, whether it is more than silence."""
        decoder = av.CodecContext.create("libopus", "r")
        assert isinstance(decoder, AudioCodecContext)
        pieces = [decoder.decode(av.Packet(frame.data))[0] for frame in self.of(Track.OPUS)]
        return [max(memoryview(bytes(piece.planes[0])).cast("h")) > LOUD for piece in pieces]

    def of(self, track: Track) -> list[Frame]:
        return [frame for frame in self.frames if frame.track is track]

    def end_s(self, track: Track) -> float:
        return self.of(track)[-1].dts / CLOCK_HZ + FRAME_S[track]

    def holes(self) -> list[float]:
        """Distances between frames other than their length, in seconds."""
        found = []
        for track, lasts_s in FRAME_S.items():
            times = [frame.dts / CLOCK_HZ for frame in self.of(track)]
            steps = [after - before for before, after in pairwise(times)]
            found += [step for step in steps if abs(step - lasts_s) > 0.001]
        return found


def test_sound_stands_beside_the_picture_in_both_codings_whatever_its_own_clock_says() -> None:
    for clock_s in (0.0, 3_600.0):
        heard = Heard()
        for at in range(100):
            heard.picture(50 + at * 0.04)
            heard.piece(clock_s + at * 0.04)
        assert heard.holes() == []
        for track in FRAME_S:
            assert heard.of(track)[0].dts / CLOCK_HZ == pytest.approx(50, abs=0.03)
            assert heard.end_s(track) == pytest.approx(54, abs=0.1)


def test_what_does_not_come_in_time_is_silence_and_later_sound_follows_in_its_place() -> None:
    heard = Heard()
    for at in range(200):
        heard.picture(at * 0.04)
        if not 50 <= at < 150:
            heard.piece(at * 0.04)
        assert at < 20 or heard.end_s(Track.AAC) > at * 0.04 - LATE / RATE_HZ - 0.1, "a player would stand still"
    assert heard.holes() == []
    assert heard.end_s(Track.OPUS) == pytest.approx(8, abs=0.3)


def test_sound_that_comes_when_silence_has_taken_its_place_is_left_out() -> None:
    heard = Heard()
    heard.picture(0)
    heard.piece(0)
    heard.picture(3)  # 2.75 s of it are filled up
    ended_s = heard.end_s(Track.OPUS)
    heard.piece(1.5)
    assert heard.end_s(Track.OPUS) == ended_s
    heard.piece(2.9)
    assert heard.end_s(Track.OPUS) > ended_s
    assert heard.holes() == []


def test_a_camera_whose_clock_is_set_goes_on() -> None:
    heard = Heard()
    for start_s in (1_000.0, 10.0, 1_000.0 + 2 * JUMP / RATE_HZ):
        for at in range(50):
            heard.picture(start_s + at * 0.04)
            heard.piece(start_s + at * 0.04)
        assert heard.end_s(Track.AAC) == pytest.approx(start_s + 2, abs=0.1)


@pytest.mark.parametrize("by_s", [-3.0, -1.9, -0.9, 0.9, 3.0])
def test_sound_whose_own_clock_is_set_is_heard_again_soon(by_s: float) -> None:
    heard = Heard()
    for at in range(150):
        heard.picture(at * 0.04)
        heard.piece(at * 0.04 + (by_s if at >= 50 else 0))
    assert all(heard.is_loud()[-75:]), "more than a second later"
    assert heard.holes() == []


@pytest.mark.parametrize("pace", [0.99, 1.01])
def test_sound_whose_clock_drifts_is_heard_all_but_all_the_time(pace: float) -> None:
    heard = Heard()
    for at in range(150 * 25):
        heard.picture(at * 0.04)
        heard.piece(at * 0.04 * pace)
    loud = heard.is_loud()
    assert sum(loud) / len(loud) > 0.95
    assert max(len(list(run)) for is_loud, run in groupby(loud) if not is_loud) < 75, "a second and a half at most"
    assert heard.holes() == []


def test_sound_that_changes_its_shape_or_can_not_be_decoded_goes_on_afterwards() -> None:
    heard = Heard()
    for at in range(100):
        heard.picture(at * 0.04)
        if at % 20 == 7:
            heard.decoded(Decoded(None))
        elif at < 50:
            heard.decoded(Decoded([piece_of(8_000, "mono", at * 0.04)]))
        else:
            heard.decoded(Decoded([piece_of(16_000, "stereo", at * 0.04)]))
    assert heard.holes() == []
    assert heard.end_s(Track.OPUS) == pytest.approx(4, abs=0.1)


def test_nothing_is_heard_before_the_first_picture() -> None:
    heard = Heard()
    heard.piece(0)
    assert heard.frames == []


@pytest.mark.parametrize("codec", ["pcm_alaw", "aac"])
async def test_only_who_may_hear_a_camera_does_by_webrtc(codec: str) -> None:
    camera, quiet = uuid4(), uuid4()
    async with VirtualCameras({"pit": small_film(sound=codec)}) as source, cameras() as inner:
        url = source.url("pit")
        await inner.configure([CameraSource(camera, url, sound=True), CameraSource(quiet, url)])
        hears = Viewer(inner, camera, "may, and asks", offers_sound=True, hears=True)
        others = [
            Viewer(inner, camera, "may, and does not ask", hears=True),
            Viewer(inner, camera, "asks, and may not, as a customer", offers_sound=True),
            Viewer(inner, quiet, "asks where there is none", offers_sound=True, hears=True),
        ]
        assert await asyncio.gather(*(viewer.open() for viewer in (hears, *others))) == [None] * 4
        await until(lambda: hears.loudest > LOUD)
        await asyncio.gather(*(viewer.sees_more(20) for viewer in others))  # more than a second: there is a tone
        assert [viewer.loudest for viewer in others] == [0, 0, 0]
        asked = [session.track_states[SOUND].rtp_channel is not None for session in source.sessions]
        assert sorted(asked) == [False, True], "a camera whose sound nobody wants is not even asked for it"
        await asyncio.gather(*(viewer.close() for viewer in (hears, *others)))


async def test_hls_has_sound_for_who_may_hear_it_only() -> None:
    camera = uuid4()
    async with VirtualCameras({"pit": small_film(sound="pcm_alaw")}) as source, cameras() as inner:
        await inner.configure([CameraSource(camera, source.url("pit"), sound=True)])
        for hears in (True, False):
            viewer = f"hears {hears}"

            async def file(name: str, viewer: str = viewer, hears: bool = hears) -> bytes:
                answer = await inner.hls(camera, viewer, name, None, hears)
                assert isinstance(answer, HlsFile), name
                return answer.content

            lines: list[str] = []
            while sum(line.endswith(".m4s") for line in lines) < 3:
                await asyncio.sleep(0.1)
                lines = (await file("index.m3u8")).decode().splitlines()
            segments = [await file(line) for line in lines if line.endswith(".m4s")]
            with av.open(io.BytesIO(await file("init1.mp4") + b"".join(segments)), "r") as film:
                kinds = {stream.type for stream in film.streams}
                loudest = max(loudness(film), default=0) if hears else 0
            assert kinds == ({"video", "audio"} if hears else {"video"})
            assert not hears or loudest > LOUD


def loudness(film: InputContainer) -> Iterator[int]:
    resampler = av.AudioResampler("s16", "mono", RATE_HZ)
    for frame in film.decode(audio=0):
        for piece in resampler.resample(frame):
            yield max(memoryview(bytes(piece.planes[0])).cast("h"))


async def test_the_test_of_a_camera_says_whether_it_has_a_microphone() -> None:
    films = {"heard": small_film(sound="pcm_alaw"), "mute": small_film()}
    async with VirtualCameras(films) as source, cameras() as inner:
        found = [await inner.probe(source.url(path), hears) for path, hears in TRIED]
        assert [probe.sound for probe in found if isinstance(probe, Probe)] == ["pcm_alaw", "", ""]


TRIED = (("heard", True), ("mute", True), ("heard", False))


async def test_a_picture_that_stops_while_sound_goes_on_is_frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_module, "READ_WITHIN_S", 1.5)
    camera, film = uuid4(), small_film(sound="pcm_alaw")
    async with VirtualCameras({"pit": film}) as source, cameras() as inner:
        await inner.configure([CameraSource(camera, source.url("pit"), sound=True)])
        assert isinstance(await inner.hls(camera, "me", "index.m3u8"), HlsFile)
        film.blind = True
        await until_status(inner, camera, lambda status: status.state is CameraState.FROZEN)
        film.blind = False
        await until_status(inner, camera, lambda status: status.state is CameraState.LIVE)
