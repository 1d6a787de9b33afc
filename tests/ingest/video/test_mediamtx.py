"""MediaMTX as the gateway, against a server that speaks its documented API (see mediamtx_server.py)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from uuid import uuid4

import httpx
from fastapi import FastAPI

from domain.video import CameraSource, CameraState, HlsFile, HlsMoment, VideoRefusal, WhepAnswer
from ingest.supervisor import Supervisor
from ingest.video import mediamtx_http
from ingest.video.gateway import EmbeddedGateway
from ingest.video.mediamtx import USER, MediaMtxGateway
from tests.ingest.video.mediamtx_server import MediaMtxServer, mediamtx
from tests.ingest.video.parts import small_film, until
from tools.virtual_camera.film import Film
from tools.virtual_camera.server import VirtualCameras

PASSWORD = "follows from the secret"


def auth() -> httpx.AsyncClient:
    """The address that MediaMTX asks."""
    api = FastAPI()
    mediamtx_http.mount(api, PASSWORD)
    return httpx.AsyncClient(transport=httpx.ASGITransport(api), base_url="http://pitpilot")


@asynccontextmanager
async def gateway(films: dict[str, Film]) -> AsyncIterator[tuple[MediaMtxGateway, MediaMtxServer, VirtualCameras]]:
    """With our own process for stills, running if there are films to take them from."""
    supervisor, own = Supervisor(), EmbeddedGateway()
    async with (
        auth() as asks,
        VirtualCameras(films, USER, PASSWORD) as rtsp,
        mediamtx(asks, f"rtsp://127.0.0.1:{rtsp.port}") as server,
    ):
        made = MediaMtxGateway(server.places, PASSWORD, own)
        supervisor.keep("video gateway", made.run)
        try:
            assert not films or await made.probe("") is VideoRefusal.BAD_ADDRESS
            yield made, server, rtsp
        finally:
            await supervisor.stop()


async def test_it_is_told_of_cameras_and_told_again_when_it_has_forgotten() -> None:
    one, other = uuid4(), uuid4()
    async with gateway({}) as (made, server, _):
        server.paths["somebody's own"] = {"source": "publisher"}
        sources = [CameraSource(one, "rtsp://a/1"), CameraSource(other, "rtsp://a/2", enabled=False)]
        await made.configure(sources)
        assert server.paths.keys() == {"somebody's own", str(one)}
        assert server.paths[str(one)]["source"] == "rtsp://a/1" and server.paths[str(one)]["sourceOnDemand"] is True
        server.requests.clear()
        await made.configure(sources)
        assert not [asked for asked in server.requests if not asked.startswith("GET")], "the same again is free"
        await made.configure([CameraSource(one, "rtsp://a/new"), CameraSource(other, "rtsp://a/2")])
        assert server.paths[str(one)]["source"] == "rtsp://a/new" and str(other) in server.paths
        server.forget()
        await until(lambda: server.paths.keys() == {str(one), str(other)})
        await made.configure([])
        assert not server.paths


async def test_webrtc_and_hls_are_handed_on_and_a_viewer_can_be_ended() -> None:
    camera = uuid4()
    async with gateway({}) as (made, server, _):
        await made.configure([CameraSource(camera, "rtsp://127.0.0.1:9/")])
        server.running[str(camera)] = {
            "ready": True,
            "tracks": ["H264"],
            "bytesReceived": 1_000,
            "readers": [{"type": "webRTCSession", "id": "1"}, {"type": "hlsMuxer", "id": ""}],
        }
        answer = await made.whep_offer(camera, "anna", "v=0 offer")
        assert isinstance(answer, WhepAnswer) and answer.sdp == "v=0 answer" and answer.session_id != "s1"
        assert await made.whep_patch(answer.session_id, "a=candidate:1") is None
        assert await made.whep_offer(camera, "anna", "nonsense") is VideoRefusal.BAD_OFFER
        await made.end_viewer("somebody else")
        assert server.whep_sessions
        await made.end_viewer("anna")
        assert not server.whep_sessions
        assert await made.whep_patch(answer.session_id, "") is VideoRefusal.UNKNOWN_SESSION
        playlist = await made.hls(camera, "anna", "video1_stream.m3u8", HlsMoment(7, 2))
        assert isinstance(playlist, HlsFile) and playlist.max_age_s == 0
        assert playlist.content == b"video1_stream.m3u8?_HLS_msn=7&_HLS_part=2\n"
        assert await made.hls(camera, "anna", "gone.mp4") is VideoRefusal.UNKNOWN_FILE
        assert await made.hls(camera, "anna", "../v3/paths/list") is VideoRefusal.UNKNOWN_FILE
        status = (await made.status())[camera]
        assert (status.state, status.codec, status.viewers_whep, status.viewers_hls) == (
            CameraState.LIVE,
            "h264",
            1,
            1,
        )


async def test_sound_is_handed_to_who_may_hear_it_and_times_of_day_to_nobody() -> None:
    camera, loud = uuid4(), uuid4()
    async with gateway({}) as (made, server, _):
        source = CameraSource(camera, "rtsp://127.0.0.1:9/")
        await made.configure([source, replace(source, camera_id=loud, sound=True)])
        for each in (camera, loud):
            server.running[str(each)] = {"ready": True, "tracks": ["H264", "MPEG-4 Audio"]}
        with_sound = "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\nm=audio 9 UDP/TLS/RTP/SAVPF 8\r\n"
        assert await made.whep_offer(camera, "anna", with_sound, hears=True) is VideoRefusal.BAD_OFFER
        assert await made.whep_offer(loud, "a customer", with_sound) is VideoRefusal.BAD_OFFER
        assert not server.whep_sessions
        assert isinstance(await made.whep_offer(loud, "anna", with_sound, hears=True), WhepAnswer)
        assert len(server.whep_sessions) == 1
        await made.configure([source, replace(source, camera_id=loud)])
        assert not server.whep_sessions, "who hears is cut off when the owner switches sound off"
        server.files["index.m3u8"] = (
            "#EXTM3U\n#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-PROGRAM-DATE-TIME:2026-11-29T03:10:58Z\n"
            '#EXT-X-MEDIA:TYPE="AUDIO",GROUP-ID="audio",NAME="audio2",AUTOSELECT=YES,URI="audio2_stream.m3u8"\n'
            '#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS="avc1.42c01f,mp4a.40.2",RESOLUTION=1280x720,AUDIO="audio"\n'
            "video1_stream.m3u8\n"
        )
        playlist = await made.hls(camera, "anna", "index.m3u8")
        assert isinstance(playlist, HlsFile)
        assert playlist.content.decode().splitlines() == [
            "#EXTM3U",
            "#EXT-X-INDEPENDENT-SEGMENTS",
            '#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS="avc1.42c01f",RESOLUTION=1280x720',
            "video1_stream.m3u8",
        ]
        for name in ("audio2_stream.m3u8", "a1b2_audio2_seg1.mp4", "a1b2_audio2_init.mp4"):
            assert await made.hls(camera, "anna", name) is VideoRefusal.UNKNOWN_FILE, name


async def test_why_there_is_no_picture_is_found_out_and_stills_are_our_own() -> None:
    camera, unknown, off = uuid4(), uuid4(), uuid4()
    async with gateway({str(camera): small_film()}) as (made, _, rtsp):
        wrong = CameraSource(camera, rtsp.url(str(camera)).replace(PASSWORD, "guessed"))
        await made.configure([wrong, CameraSource(off, "rtsp://a/", enabled=False)])
        assert await made.whep_offer(unknown, "anna", "v=0") is VideoRefusal.UNKNOWN_CAMERA
        assert await made.hls(off, "anna", "index.m3u8") is VideoRefusal.DISABLED
        assert await made.whep_offer(camera, "anna", "v=0") is VideoRefusal.WRONG_PASSWORD
        status = (await made.status())[camera]
        assert (status.state, status.reason) == (CameraState.FAILED, VideoRefusal.WRONG_PASSWORD)
        still = await made.still(camera)  # as MediaMTX hands it out, with the right password
        assert isinstance(still, bytes) and still.startswith(b"\xff\xd8")


async def test_while_it_is_away_every_question_gets_an_answer() -> None:
    camera = uuid4()
    async with auth() as asks, mediamtx(asks, "rtsp://127.0.0.1:9") as server:
        made = MediaMtxGateway(server.places, PASSWORD, EmbeddedGateway())
    await made.configure([CameraSource(camera, "rtsp://127.0.0.1:9/")])
    assert await made.whep_offer(camera, "anna", "v=0") is VideoRefusal.GATEWAY_DOWN
    assert await made.hls(camera, "anna", "index.m3u8") is VideoRefusal.GATEWAY_DOWN
    assert (await made.status())[camera].reason is VideoRefusal.GATEWAY_DOWN


async def test_mediamtx_lets_in_nobody_but_us_and_us_only_to_read_and_configure() -> None:
    async with auth() as asks:
        for user, password, action, code in (
            (USER, PASSWORD, "read", 204),
            (USER, PASSWORD, "api", 204),
            (USER, PASSWORD, "publish", 401),
            (USER, "guessed", "read", 401),
            ("", "", "read", 401),
            ("somebody", PASSWORD, "read", 401),
        ):
            said = await asks.post(
                mediamtx_http.PATH, json={"user": user, "password": password, "action": action, "path": "x"}
            )
            assert said.status_code == code, (user, action)
