"""The gateway's process on real RTSP: what viewers get, and what becomes of it when it is killed."""

import asyncio
import io
import os
import signal
import sys
from pathlib import Path
from uuid import uuid4

import av
import psutil

from domain.video import CameraSource, CameraState, HlsFile, HlsMoment, Probe, VideoRefusal
from ingest.supervisor import Supervisor
from ingest.video.cameras import Cameras
from ingest.video.gateway import EmbeddedGateway
from tests.ingest.video.parts import Viewer, cameras, embedded, small_film, until, until_started, until_status
from tools.virtual_camera.picture import read
from tools.virtual_camera.server import VirtualCameras

ROOT = Path(__file__).parents[3]


async def test_two_viewers_see_the_camera_move_and_it_is_fetched_once_and_passed_on() -> None:
    camera = uuid4()
    async with VirtualCameras({"pit": small_film()}) as source, embedded() as gateway:
        await gateway.configure([CameraSource(camera, source.url("pit"))])
        assert (await gateway.status())[camera].state is CameraState.IDLE and source.connections == 0
        one, other = Viewer(gateway, camera), Viewer(gateway, camera)
        assert await one.open() is None and await other.open() is None
        await one.sees_more(10)
        await other.sees_more(10)
        assert one.numbers == sorted(one.numbers) and one.numbers[-1] > one.numbers[0]
        status = (await gateway.status())[camera]
        assert (status.state, status.codec, status.width, status.height) == (CameraState.LIVE, "h264", 320, 176)
        assert status.viewers_whep == 2 and status.bit_rate > 0 and status.fps > 5 and source.connections == 1
        numbers = gateway.numbers()
        assert (numbers["video_viewers"], numbers["video_cameras_live"], numbers["video_gateway_starts"]) == (2, 1, 1)
        assert gateway.pid is not None
        assert source.password not in " ".join(psutil.Process(gateway.pid).cmdline())
        await gateway.whep_end(one.session_id)
        await gateway.end_viewer("viewer")
        await until_status(gateway, camera, lambda status: status.viewers_whep == 0)
        await one.close()
        await other.close()


async def test_hls_is_a_playlist_of_parts_that_decode_and_go_on() -> None:
    camera = uuid4()
    async with VirtualCameras({"pit": small_film()}) as source, embedded() as gateway:
        await gateway.configure([CameraSource(camera, source.url("pit"))])
        playlist = await gateway.hls(camera, "me", "index.m3u8", HlsMoment(1, 0))
        assert isinstance(playlist, HlsFile) and playlist.max_age_s == 0
        text = playlist.content.decode()
        assert '#EXT-X-MAP:URI="init1.mp4"' in text and 'URI="1.0.m4s",INDEPENDENT=YES' in text
        assert text.index("0.m4s\n") < text.index('"1.0.m4s"')
        files = [await gateway.hls(camera, "me", name) for name in ("init1.mp4", "0.m4s", "1.0.m4s")]
        content = b"".join(file.content for file in files if isinstance(file, HlsFile))
        with av.open(io.BytesIO(content), "r") as film:
            numbers = [reading.number for frame in film.decode(video=0) if (reading := read(frame))]
        assert len(numbers) >= 15 and numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        assert await gateway.hls(camera, "me", "../init1.mp4") is VideoRefusal.UNKNOWN_FILE
        assert await gateway.hls(camera, "me", "index.m3u8", HlsMoment(99)) is VideoRefusal.UNKNOWN_FILE
        assert (await gateway.status())[camera].viewers_hls == 1
        await gateway.end_viewer("me")
        assert (await gateway.status())[camera].viewers_hls == 0


async def test_a_killed_gateway_comes_back_with_its_cameras_whatever_its_exit_code() -> None:
    camera = uuid4()
    async with VirtualCameras({"pit": small_film()}) as source, embedded() as gateway:
        await gateway.configure([CameraSource(camera, source.url("pit"))])
        for number in (signal.SIGKILL, signal.SIGTERM):
            first, lives = gateway.pid, gateway.starts
            assert first is not None
            waiting = asyncio.create_task(gateway.hls(camera, "me", "index.m3u8", HlsMoment(1)))
            await asyncio.sleep(0.1)
            os.kill(first, number)
            assert await waiting is VideoRefusal.GATEWAY_DOWN
            assert await gateway.still(camera) is VideoRefusal.GATEWAY_DOWN
            down = (await gateway.status())[camera]
            assert (down.state, down.reason) == (CameraState.FAILED, VideoRefusal.GATEWAY_DOWN)
            await until_started(gateway, lives + 1)
            again = Viewer(gateway, camera)
            await until_status(gateway, camera, lambda status: status.reason is not VideoRefusal.GATEWAY_DOWN)
            assert await again.open() is None
            await again.sees_more()
            await again.close()
            assert not psutil.pid_exists(first)


async def test_it_ends_with_the_app_however_that_ends() -> None:
    program = (
        "import asyncio\n"
        "from ingest.video.gateway import EmbeddedGateway\n"
        "async def main():\n"
        "    gateway = EmbeddedGateway()\n"
        "    life = asyncio.create_task(gateway.run())\n"
        "    await asyncio.sleep(0)\n"
        "    await gateway.probe('')\n"
        "    print(gateway.pid, flush=True)\n"
        "    await life\n"
        "asyncio.run(main())\n"
    )
    app = await asyncio.create_subprocess_exec(sys.executable, "-c", program, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    assert app.stdout is not None
    words = (await app.stdout.readline()).split()
    while not words or not words[-1].isdigit():
        words = (await app.stdout.readline()).split()
    app.kill()
    await app.wait()
    await until(lambda: not psutil.pid_exists(int(words[-1])))


async def test_starting_and_stopping_leaves_nothing_behind() -> None:
    """A hundred connections to cameras by threads, and some processes; descriptors, threads and children as before."""
    own = psutil.Process()
    others = set(own.children())  # servers that other tests share
    ids = [uuid4() for _ in range(25)]
    async with VirtualCameras({"pit": small_film(fps=25)}) as source:
        sources = [CameraSource(camera, source.url("pit")) for camera in ids]
        async with cameras() as inner:
            await _fetch_all(inner, sources)  # the pool of threads for stills is there from now on
            before = own.num_threads(), own.num_fds()
            for _ in range(3):
                await _fetch_all(inner, sources)
            await until(lambda: own.num_threads() <= before[0] and own.num_fds() <= before[1])
        assert source.connections == 100
    for _ in range(3):
        async with embedded():
            pass
    assert not set(own.children()) - others


async def _fetch_all(inner: Cameras, sources: list[CameraSource]) -> None:
    await inner.configure(sources)
    stills = await asyncio.gather(*(inner.still(source.camera_id) for source in sources))
    assert all(isinstance(still, bytes) for still in stills)
    await inner.configure(())


async def test_a_probe_says_what_a_camera_sends_and_shows_it() -> None:
    films = {"pit": small_film(), "new": small_film(codec="hevc"), "old": small_film(codec="mjpeg")}
    async with VirtualCameras(films) as source, cameras() as inner:
        for path, codec in (("pit", "h264"), ("new", "hevc"), ("old", "mjpeg")):
            found = await inner.probe(source.url(path))
            assert isinstance(found, Probe) and (found.codec, found.width, found.height) == (codec, 320, 176)
            assert found.jpeg.startswith(b"\xff\xd8")
        refused = {
            source.url("nowhere"): VideoRefusal.NO_VIDEO,
            source.url("pit").replace(source.password, "guessed"): VideoRefusal.WRONG_PASSWORD,
            "rtsp://127.0.0.1:9/": VideoRefusal.UNREACHABLE,
            "file:///etc/hostname": VideoRefusal.BAD_ADDRESS,
            "rtsp://[": VideoRefusal.BAD_ADDRESS,
        }
        for url, reason in refused.items():
            assert await inner.probe(url) is reason, url


async def test_without_cameras_no_process_is_started() -> None:
    supervisor, gateway = Supervisor(), EmbeddedGateway()
    supervisor.keep("video gateway", gateway.run)
    await gateway.configure([])
    await asyncio.sleep(0.1)
    assert gateway.pid is None and await gateway.status() == {} and supervisor.is_well()
    await gateway.configure([CameraSource(uuid4(), "rtsp://127.0.0.1:9/")])
    await until_started(gateway, 1)
    await supervisor.stop()
    assert gateway.pid is None


async def test_without_its_process_every_question_gets_an_answer() -> None:
    gateway, camera = EmbeddedGateway(), uuid4()
    await gateway.configure([CameraSource(camera, "rtsp://127.0.0.1:9/")])
    assert await gateway.still(camera) is VideoRefusal.GATEWAY_DOWN
    assert await gateway.hls(camera, "me", "index.m3u8") is VideoRefusal.GATEWAY_DOWN
    assert await gateway.whep_patch("none", "") is VideoRefusal.GATEWAY_DOWN
    assert (await gateway.status())[camera].reason is VideoRefusal.GATEWAY_DOWN
    await gateway.end_viewer("me")
    assert "rtsp" not in repr(CameraSource(camera, "rtsp://user:secret@host/"))
