"""A job's time-lapse: stills in their order to an MP4 that browsers play.

`make` runs a process of low priority, because encoding takes a core for some seconds and nobody waits for it.
"""

import asyncio
import os
import sys
import threading
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
from av.video.stream import VideoStream
from PIL import Image, UnidentifiedImageError

FPS = 25
WIDTH, HEIGHT = 1280, 720
"""Stills of other shapes are fitted in, with black beside them."""
STILLS_MAX = 7 * 24 * 60  # one a minute for a week
MADE_WITHIN_S = 1_800
_ROOT = Path(__file__).parents[2]
_NICEST = 19


class TimeLapseFailed(Exception):
    """There is no time-lapse; the text says why."""


async def make(stills: Sequence[Path], target: Path, fps: int = FPS) -> int:
    """Writes `target` (MP4, H.264, `WIDTH` × `HEIGHT`) whole or not at all; returns how many stills are in it.

    Stills that can't be read are left out. Of more than `STILLS_MAX` the last ones are taken.

    Raises:
        TimeLapseFailed: no still can be read, or it takes longer than `MADE_WITHIN_S`, or the disk is full.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "ingest.video.timelapse",
        str(target),
        str(fps),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=_ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith("PITPILOT_")},
        start_new_session=True,
    )
    listed = "".join(f"{still.resolve()}\n" for still in stills[-STILLS_MAX:])
    try:
        said, fault = await asyncio.wait_for(process.communicate(listed.encode()), MADE_WITHIN_S)
    except TimeoutError:
        raise TimeLapseFailed(f"not made in {MADE_WITHIN_S} s") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        raise TimeLapseFailed(fault.decode(errors="replace").strip()[-300:] or f"ended with {process.returncode}")
    return int(said)


def write(stills: Sequence[Path], target: Path, fps: int) -> int:
    """Encodes in this process; see `make`.

    Raises:
        ValueError: no still can be read.
        OSError, av.FFmpegError: the file can't be written.
    """
    growing = target.with_name(target.name + ".part")
    written = 0
    try:
        with av.open(str(growing), "w", format="mp4", options={"movflags": "faststart"}) as film:
            stream = film.add_stream("libx264", rate=fps, options={"preset": "veryfast", "crf": "25"})
            stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
            stream.codec_context.thread_count = 1
            for still in stills:
                picture = _fitted(still)
                if picture is None:
                    continue
                frame = av.VideoFrame.from_image(picture)  # type: ignore[no-untyped-call]
                frame.pts, frame.time_base = written, Fraction(1, fps)
                film.mux(stream.encode(frame))
                written += 1
            _finish(film, stream, written)
        growing.replace(target)
    finally:
        growing.unlink(missing_ok=True)
    return written


def _finish(film: av.container.OutputContainer, stream: VideoStream, written: int) -> None:
    if not written:
        raise ValueError("none of the stills can be read")
    film.mux(stream.encode(None))


def _fitted(still: Path) -> Image.Image | None:
    """The picture in the film's size; None if it is none."""
    try:
        with Image.open(still, formats=["JPEG"]) as picture:
            picture.draft("RGB", (WIDTH, HEIGHT))
            shown = picture.convert("RGB")
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError):
        return None
    shown.thumbnail((WIDTH, HEIGHT))
    ground = Image.new("RGB", (WIDTH, HEIGHT))
    ground.paste(shown, ((WIDTH - shown.width) // 2, (HEIGHT - shown.height) // 2))
    return ground


def main() -> None:
    os.nice(_NICEST)
    target, fps = Path(sys.argv[1]), int(sys.argv[2])
    parent = os.getppid()
    threading.Thread(target=_end_without_parent, args=(parent,), daemon=True).start()
    stills = [Path(line) for line in sys.stdin.read().splitlines()]
    try:
        print(write(stills, target, fps))
    except (ValueError, OSError) as fault:  # libav's errors are either
        sys.exit(str(fault))


def _end_without_parent(parent: int) -> None:
    stopped = threading.Event()
    while not stopped.wait(1.0):
        if os.getppid() != parent:
            os._exit(1)


if __name__ == "__main__":
    main()
