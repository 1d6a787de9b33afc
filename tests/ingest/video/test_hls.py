"""Low-latency HLS from frames whose times are given."""

import re
from collections.abc import Iterator
from fractions import Fraction

import av
import pytest
from av.video.codeccontext import VideoCodecContext

from domain.video import HlsFile, HlsMoment
from ingest.video import hls as hls_module
from ingest.video.h264 import parameter_sets, profile_level, units
from ingest.video.hls import PART_S, SEGMENTS_KEPT, HlsStream
from ingest.video.picture import CLOCK_HZ, Frame, Picture

FPS = 25


@pytest.fixture(scope="module")
def one_second() -> list[bytes]:
    """A group of pictures, a key frame and what follows it."""
    encoder = av.CodecContext.create("libx264", "w")
    assert isinstance(encoder, VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = 64, 64, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, FPS), Fraction(FPS)
    encoder.options = {"preset": "ultrafast", "tune": "zerolatency"}
    coded = []
    for at in range(FPS):
        frame = av.VideoFrame(64, 64, "yuv420p")
        for plane in frame.planes:
            plane.update(bytes([at * 9]) * plane.buffer_size)
        frame.pts = at
        coded += [bytes(packet) for packet in encoder.encode(frame)]
    return coded


def frames(group: list[bytes], seconds: int, *, from_s: float = 0.0, key_every_s: int = 1) -> Iterator[Frame]:
    for second in range(seconds):
        for at, data in enumerate(group):
            moment = round((from_s + second + at / FPS) * CLOCK_HZ)
            is_key = at == 0 and second % key_every_s == 0
            yield Frame(data, moment, moment, is_key)


def stream(group: list[bytes]) -> HlsStream:
    made = HlsStream()
    made.begin(Picture("h264", 64, 64, parameter_sets(group[0])))
    return made


def playlist(made: HlsStream) -> str:
    file = made.file("index.m3u8")
    assert isinstance(file, HlsFile)
    return file.content.decode()


def content(made: HlsStream, name: str) -> bytes:
    file = made.file(name)
    assert isinstance(file, HlsFile), name
    return file.content


def test_segments_begin_with_key_frames_and_are_the_sum_of_their_parts(one_second: list[bytes]) -> None:
    made = stream(one_second)
    for frame in frames(one_second, 4):
        made.push(frame)
    text = playlist(made)
    assert re.findall(r"^\d+\.m4s$", text, re.MULTILINE) == ["0.m4s", "1.m4s", "2.m4s"]
    assert re.findall(r"#EXTINF:(\S+),", text) == ["1.00000"] * 3
    parts = re.findall(r'#EXT-X-PART:DURATION=(\S+?),URI="(2\.\d\.m4s)"(,INDEPENDENT=YES)?', text)
    assert [independent != "" for _, _, independent in parts] == [True, False, False]
    assert all(float(duration) <= PART_S for duration, _, _ in parts)
    assert b"".join(content(made, name) for _, name, _ in parts) == content(made, "2.m4s")


def test_the_window_slides_and_names_only_what_it_still_has(one_second: list[bytes]) -> None:
    made = stream(one_second)
    for frame in frames(one_second, 30):
        made.push(frame)
    text = playlist(made)
    named = re.findall(r"^(\d+)\.m4s$", text, re.MULTILINE)
    assert 0 < len(named) <= SEGMENTS_KEPT and f"#EXT-X-MEDIA-SEQUENCE:{named[0]}\n" in text
    for name in [*re.findall(r'URI="([^"]+)"', text), *(f"{number}.m4s" for number in named)]:
        assert content(made, name)
    assert not isinstance(made.file("0.m4s"), HlsFile) and not isinstance(made.file("0.0.m4s"), HlsFile)


def test_the_window_is_bounded_in_bytes_too(one_second: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hls_module, "BYTES_MAX", 1)
    made = stream(one_second)
    for frame in frames(one_second, 10):
        made.push(frame)
    assert len(re.findall(r"^\d+\.m4s$", playlist(made), re.MULTILINE)) == 2


def test_a_camera_with_rare_key_frames_has_long_segments_but_short_parts(one_second: list[bytes]) -> None:
    made = stream(one_second)
    for frame in frames(one_second, 9, key_every_s=4):
        made.push(frame)
    text = playlist(made)
    assert "#EXT-X-TARGETDURATION:4\n" in text and re.findall(r"#EXTINF:(\S+),", text) == ["4.00000"] * 2
    assert max(float(duration) for duration in re.findall(r"PART:DURATION=(\S+?),", text)) <= PART_S


@pytest.mark.parametrize("jump_s", [600.0, -3.0], ids=["forward", "back"])
def test_a_jump_in_time_is_a_discontinuity_with_a_head_of_its_own(one_second: list[bytes], jump_s: float) -> None:
    made = stream(one_second)
    for frame in [*frames(one_second, 3), *frames(one_second, 3, from_s=3 + jump_s)]:
        made.push(frame)
    text = playlist(made)
    assert text.count("#EXT-X-DISCONTINUITY\n") == 1 and 'MAP:URI="init2.mp4"' in text
    for number in (0, 3):
        head = content(made, f"init{1 if number < 2 else 2}.mp4")
        assert head[4:8] == b"ftyp" and content(made, f"{number}.m4s")[4:8] == b"moof"


def test_a_playlist_says_no_time_of_day_by_which_hls_js_would_align_it(one_second: list[bytes]) -> None:
    made = stream(one_second)
    for frame in frames(one_second, 3):
        made.push(frame)
    assert "#EXTINF" in playlist(made) and "#EXT-X-PROGRAM-DATE-TIME" not in playlist(made)


async def test_a_playlist_is_waited_for_until_it_has_come_so_far(one_second: list[bytes]) -> None:
    made = stream(one_second)
    for frame in frames(one_second, 2):
        made.push(frame)
    assert await made.reach(HlsMoment(0), 0.01) and await made.reach(HlsMoment(1, 0), 0.01)
    assert not await made.reach(HlsMoment(1), 0.01) and not await made.reach(HlsMoment(2, 0), 0.01)
    assert made.is_ahead(HlsMoment(50)) and not made.is_ahead(HlsMoment(2))


async def test_a_part_behind_the_last_of_its_segment_is_the_first_of_the_next(one_second: list[bytes]) -> None:
    made = stream(one_second)
    sent = list(frames(one_second, 3))
    for frame in sent[: FPS + 2]:
        made.push(frame)
    last = sum(f'URI="0.{part}.m4s"' in playlist(made) for part in range(10))
    assert await made.reach(HlsMoment(0, last - 1), 0.01)
    assert not await made.reach(HlsMoment(0, last), 0.01), "nothing is new yet"
    for frame in sent[FPS + 2 : 2 * FPS]:
        made.push(frame)
    assert await made.reach(HlsMoment(0, last), 0.01)


async def test_after_everybody_left_numbers_go_on(one_second: list[bytes]) -> None:
    made = stream(one_second)
    for frame in frames(one_second, 3):
        made.push(frame)
    made.reset()
    assert made.size == 0 and not made.is_ready
    made.begin(Picture("h264", 64, 64, parameter_sets(one_second[0])))
    assert not await made.reach(None, 0.01), "a player can't begin with nothing"
    for frame in frames(one_second, 2):
        made.push(frame)
    assert "#EXT-X-MEDIA-SEQUENCE:3\n" in playlist(made) and await made.reach(None, 0.01)


def test_units_and_parameter_sets_are_found_with_long_and_short_separators() -> None:
    sps, pps, key = b"\x67\x42\xe0\x1f\x01", b"\x68\xce", b"\x65\x88\x80"
    data = b"\x00\x00\x00\x01" + sps + b"\x00\x00\x01" + pps + b"\x00\x00\x00\x01" + key
    assert list(units(data)) == [sps, pps, key]
    assert parameter_sets(data) == b"\x00\x00\x00\x01" + sps + b"\x00\x00\x00\x01" + pps
    assert profile_level(data) == "42e01f" and profile_level(b"") == ""
    assert parameter_sets(b"\x00\x00\x01" + sps) == b""
