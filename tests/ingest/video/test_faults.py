"""What goes wrong with cameras: it is named, and the picture comes back by itself."""

import asyncio
from uuid import uuid4

import pytest

from domain.video import CameraSource, CameraState, HlsFile, VideoRefusal
from ingest.video import camera as camera_module
from ingest.video import hls_audience
from ingest.video import source as source_module
from ingest.video.same_picture import LOOK_EVERY_S, SAME_FOR_S, SamePicture
from tests.ingest.video.parts import Viewer, cameras, small_film, until, until_status
from tools.virtual_camera.server import VirtualCameras


async def test_a_wrong_password_is_named_and_not_tried_again_until_it_is_changed() -> None:
    camera = uuid4()
    async with VirtualCameras({"pit": small_film()}) as source, cameras() as inner:
        right = source.url("pit")
        await inner.configure([CameraSource(camera, right.replace(source.password, "guessed"))])
        for _ in range(3):
            assert await inner.still(camera) is VideoRefusal.WRONG_PASSWORD
        await asyncio.sleep(2 * camera_module.PAUSE_FIRST_S)
        status = (await inner.status())[camera]
        assert (status.state, status.reason) == (CameraState.FAILED, VideoRefusal.WRONG_PASSWORD)
        assert status.restarts == 1, "a camera locks out who guesses"
        await inner.configure([CameraSource(camera, right)])
        assert isinstance(await inner.still(camera), bytes)


async def test_a_viewer_sees_the_picture_again_when_a_dead_camera_is_back() -> None:
    camera = uuid4()
    async with VirtualCameras({"pit": small_film()}) as source, cameras() as inner:
        await inner.configure([CameraSource(camera, source.url("pit"))])
        viewer = Viewer(inner, camera)
        assert await viewer.open() is None
        await viewer.sees_more()
        await source.stop()
        gone = await until_status(inner, camera, lambda status: status.state is CameraState.FAILED)
        assert gone.reason is VideoRefusal.UNREACHABLE
        assert await Viewer(inner, camera).open() is VideoRefusal.UNREACHABLE
        await source.start()
        await viewer.sees_more()
        assert viewer.is_connected and (await inner.status())[camera].restarts >= 1
        await viewer.close()


async def test_a_camera_that_falls_silent_is_frozen_and_goes_on_when_it_speaks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(source_module, "READ_WITHIN_S", 1.5)
    camera, film = uuid4(), small_film()
    async with VirtualCameras({"pit": film}) as source, cameras() as inner:
        await inner.configure([CameraSource(camera, source.url("pit"))])
        assert isinstance(await inner.hls(camera, "me", "index.m3u8"), HlsFile)
        film.silent = True
        frozen = await until_status(inner, camera, lambda status: status.state is CameraState.FROZEN)
        assert frozen.reason is VideoRefusal.FROZEN and frozen.codec == "h264"
        film.silent = False
        await until_status(inner, camera, lambda status: status.state is CameraState.LIVE)
        later = await inner.hls(camera, "me", "index.m3u8")
        while isinstance(later, HlsFile) and b"init2.mp4" not in later.content:
            await asyncio.sleep(0.2)
            later = await inner.hls(camera, "me", "index.m3u8")
        assert isinstance(later, HlsFile) and b"#EXT-X-DISCONTINUITY\n#EXT-X-MAP" in later.content


async def test_another_codec_is_named_shown_as_a_still_and_converted_when_asked_for() -> None:
    camera = uuid4()
    async with VirtualCameras({"pit": small_film(codec="hevc")}) as source, cameras() as inner:
        await inner.configure([CameraSource(camera, source.url("pit"))])
        assert await Viewer(inner, camera).open() is VideoRefusal.WRONG_CODEC
        status = (await inner.status())[camera]
        assert (status.state, status.reason, status.codec) == (CameraState.FAILED, VideoRefusal.WRONG_CODEC, "hevc")
        still = await inner.still(camera)
        assert isinstance(still, bytes) and still.startswith(b"\xff\xd8")
        assert await inner.still(camera) is still, "many who ask cost the camera one connection"
        await inner.configure([CameraSource(camera, source.url("pit"), transcode=True)])
        viewer = Viewer(inner, camera)
        assert await viewer.open() is None
        await viewer.sees_more()
        assert (await inner.status())[camera].codec == "hevc"
        await viewer.close()


async def test_a_camera_that_changes_to_h264_plays_without_anybody_doing_anything() -> None:
    camera = uuid4()
    async with VirtualCameras({"pit": small_film(codec="mjpeg")}) as source, cameras() as inner:
        await inner.configure([CameraSource(camera, source.url("pit"))])
        assert await inner.hls(camera, "me", "index.m3u8") is VideoRefusal.WRONG_CODEC
        await source.change_codec("pit", "h264")
        await until_status(inner, camera, lambda status: status.state is CameraState.LIVE)
        assert isinstance(await inner.hls(camera, "me", "index.m3u8"), HlsFile)


async def test_nobody_watching_means_nothing_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    camera = uuid4()
    async with VirtualCameras({"pit": small_film()}) as source, cameras() as inner:
        await inner.configure([CameraSource(camera, source.url("pit"))])
        assert isinstance(await inner.hls(camera, "me", "index.m3u8"), HlsFile)
        monkeypatch.setattr(camera_module, "LINGER_S", 0.3)
        monkeypatch.setattr(hls_audience, "VIEWER_FOR_S", 0.5)
        await until_status(inner, camera, lambda status: status.state is CameraState.IDLE)
        await until(lambda: not source.sessions)
        status = (await inner.status())[camera]
        assert (status.viewers_hls, status.memory_bytes, status.fps) == (0, 0, 0.0)
        assert isinstance(await inner.still(camera), bytes) and source.connections == 2


async def test_what_may_not_be_watched_is_refused_and_a_removed_camera_ends_its_viewers() -> None:
    camera, off = uuid4(), uuid4()
    async with VirtualCameras({"pit": small_film()}) as source, cameras() as inner:
        on = CameraSource(camera, source.url("pit"))
        await inner.configure([on, CameraSource(off, source.url("pit"), enabled=False)])
        assert await inner.still(off) is VideoRefusal.DISABLED
        assert await inner.still(uuid4()) is VideoRefusal.UNKNOWN_CAMERA
        assert await inner.whep_offer(camera, "me", "v=0") is VideoRefusal.BAD_OFFER
        assert await inner.whep_offer(camera, "me", "\x00 no SDP") is VideoRefusal.BAD_OFFER
        viewer = Viewer(inner, camera)
        assert await viewer.open() is None
        await viewer.sees_more()
        assert await inner.whep_patch(viewer.session_id, "a=candidate:nonsense") is VideoRefusal.BAD_OFFER
        assert await inner.whep_patch("unknown", "") is VideoRefusal.UNKNOWN_SESSION
        await inner.configure([on])
        await viewer.sees_more()  # the same again changes nothing
        await inner.configure([])
        await until(lambda: not viewer.is_connected)
        assert await inner.still(camera) is VideoRefusal.UNKNOWN_CAMERA
        await viewer.close()


async def test_more_converted_cameras_than_allowed_are_busy() -> None:
    ids = [uuid4() for _ in range(3)]
    async with VirtualCameras({"pit": small_film(codec="mjpeg")}) as source, cameras() as inner:
        await inner.configure([CameraSource(camera, source.url("pit"), transcode=True) for camera in ids])
        stills = [await inner.still(camera) for camera in ids]
        assert isinstance(stills[0], bytes) and isinstance(stills[1], bytes)
        assert stills[2] is VideoRefusal.BUSY


def test_the_very_same_picture_for_long_is_frozen_until_it_moves(monkeypatch: pytest.MonkeyPatch) -> None:
    class Plane:
        def __init__(self, shade: int) -> None:
            self.planes = [bytes([shade]) * 16]

    shown = [1]
    monkeypatch.setattr("ingest.video.same_picture.decode", lambda codec, data: Plane(shown[0]))
    same, now_s, said = SamePicture(), 0.0, []
    for shade, turns in ((1, 3), (2, round(SAME_FOR_S / LOOK_EVERY_S) + 2), (3, 2)):
        shown[0] = shade
        for _ in range(turns):
            now_s += LOOK_EVERY_S
            said.append(same.look(b"", now_s))
    assert [word for word in said if word is not None] == [True, False]
