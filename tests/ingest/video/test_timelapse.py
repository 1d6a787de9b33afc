"""A job's time-lapse from stills, as the process of low priority makes it."""

import asyncio
from pathlib import Path

import av
import pytest
from PIL import Image

from ingest.video import timelapse


def stills(folder: Path, shades: list[int], size: tuple[int, int] = (320, 240)) -> list[Path]:
    made = []
    for at, shade in enumerate(shades):
        made.append(folder / f"{at}.jpg")
        Image.new("RGB", size, (shade, shade, shade)).save(made[-1])
    return made


async def test_the_stills_follow_each_other_and_what_is_no_picture_is_left_out(tmp_path: Path) -> None:
    pictures = stills(tmp_path, [0, 60, 120, 180, 240])
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8 no picture")
    listed = [*pictures[:2], tmp_path / "broken.jpg", tmp_path / "missing.jpg", *pictures[2:]]
    target = tmp_path / "job.mp4"
    assert await timelapse.make(listed, target) == 5
    with av.open(str(target), "r") as film:
        shown = list(film.decode(video=0))
        assert film.streams.video[0].codec_context.name == "h264"
    shades = [bytes(frame.planes[0])[frame.planes[0].line_size * 360 + 640] for frame in shown]
    assert len(shades) == 5 and shades == sorted(shades)
    assert (shown[0].width, shown[0].height) == (timelapse.WIDTH, timelapse.HEIGHT)
    assert list(tmp_path.glob("*.part")) == []


async def test_without_a_picture_or_a_place_there_is_no_film_and_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    with pytest.raises(timelapse.TimeLapseFailed, match="none of the stills"):
        await timelapse.make([tmp_path / "broken.jpg"], tmp_path / "job.mp4")
    with pytest.raises(timelapse.TimeLapseFailed):
        await timelapse.make(stills(tmp_path, [9]), tmp_path / "nowhere" / "job.mp4")
    assert not list(tmp_path.glob("job*"))


async def test_giving_up_ends_the_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timelapse, "MADE_WITHIN_S", 0.05)
    with pytest.raises(timelapse.TimeLapseFailed, match="not made"):
        await timelapse.make(stills(tmp_path, [9]), tmp_path / "job.mp4")
    await asyncio.sleep(0.1)
    assert not (tmp_path / "job.mp4").exists()
