"""A page that plays what a gateway hands out with the product's own player, and reads the frames' cells, for tests and
bench: see player.html.

Nothing here asks for rights: it is for loopback only.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

from aiohttp import web

from actions.video import Gateway
from domain.video import HlsMoment, VideoRefusal
from storage.embedded_ports import LOOPBACK, free_port

ROOT = Path(__file__).parents[2]
PAGE = Path(__file__).with_name("player.html")
STATIC = ROOT / "ui" / "static"

NO_WEBRTC = "delete window.RTCPeerConnection"
"""Makes a browser's pages do without WebRTC, as its first script."""

BLOCKED_WEBRTC = """
    const Open = RTCPeerConnection;
    window.RTCPeerConnection = class extends Open {
        constructor(wanted) { super({ ...wanted, iceTransportPolicy: "relay" }); }
    };
"""
"""What a firewall does to media: a browser that may use relays only, of which there is none, finds no way."""


@asynccontextmanager
async def player(gateway: Gateway) -> AsyncIterator[str]:
    """Serves the page; yields its address."""
    application = web.Application()
    application.add_routes([web.get("/", _page), web.static("/static", STATIC), *_routes(gateway)])
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, LOOPBACK, port).start()
    try:
        yield f"http://{LOOPBACK}:{port}"
    finally:
        await runner.cleanup()


def _routes(gateway: Gateway) -> list[web.RouteDef]:
    """The product's own addresses (api/video.py), for anybody."""

    async def token(_: web.Request) -> web.StreamResponse:
        return web.json_response({"token": "any", "sound": True})

    async def whep(request: web.Request) -> web.StreamResponse:
        answer = await gateway.whep_offer(_camera(request), "player", await request.text(), hears=True)
        if isinstance(answer, VideoRefusal):
            return _refused(answer)
        headers = {"Location": f"{request.path}/{answer.session_id}"}
        return web.Response(status=201, text=answer.sdp, content_type="application/sdp", headers=headers)

    async def end(request: web.Request) -> web.StreamResponse:
        await gateway.whep_end(request.match_info["session"])
        return web.Response(status=204)

    async def hls(request: web.Request) -> web.StreamResponse:
        segment, part = request.query.get("_HLS_msn"), request.query.get("_HLS_part")
        moment = HlsMoment(int(segment), int(part) if part else None) if segment else None
        file = await gateway.hls(_camera(request), "player", request.match_info["name"], moment, hears=True)
        if isinstance(file, VideoRefusal):
            return _refused(file)
        return web.Response(body=file.content, content_type=file.content_type)

    return [
        web.post("/api/v1/cameras/{camera}/tokens", token),
        web.post("/video/{camera}/whep", whep),
        web.delete("/video/{camera}/whep/{session}", end),
        web.get("/video/{camera}/hls/{name}", hls),
    ]


async def _page(_: web.Request) -> web.StreamResponse:
    return web.FileResponse(PAGE)


def _refused(refusal: VideoRefusal) -> web.Response:
    return web.json_response({"code": refusal.value}, status=409)


def _camera(request: web.Request) -> UUID:
    return UUID(request.match_info["camera"])
