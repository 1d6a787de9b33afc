"""A page that plays what a gateway hands out and reads the frames' cells, for tests and bench: see player.html.

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
HLS_JS = ROOT / "node_modules" / "hls.js" / "dist" / "hls.min.js"


@asynccontextmanager
async def player(gateway: Gateway) -> AsyncIterator[str]:
    """Serves the page; yields its address."""

    async def page(_: web.Request) -> web.StreamResponse:
        return web.FileResponse(PAGE)

    async def hls_js(_: web.Request) -> web.StreamResponse:
        return web.FileResponse(HLS_JS)

    async def whep(request: web.Request) -> web.StreamResponse:
        answer = await gateway.whep_offer(_camera(request), "player", await request.text())
        if isinstance(answer, VideoRefusal):
            return web.Response(status=409, text=answer.value)
        return web.Response(status=201, text=answer.sdp, content_type="application/sdp")

    async def hls(request: web.Request) -> web.StreamResponse:
        segment, part = request.query.get("_HLS_msn"), request.query.get("_HLS_part")
        moment = HlsMoment(int(segment), int(part) if part else None) if segment else None
        file = await gateway.hls(_camera(request), "player", request.match_info["name"], moment)
        if isinstance(file, VideoRefusal):
            return web.Response(status=404, text=file.value)
        return web.Response(body=file.content, content_type=file.content_type)

    application = web.Application()
    application.add_routes(
        [
            web.get("/", page),
            web.get("/hls.js", hls_js),
            web.post("/{camera}/whep", whep),
            web.get("/{camera}/hls/{name}", hls),
        ]
    )
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, LOOPBACK, port).start()
    try:
        yield f"http://{LOOPBACK}:{port}"
    finally:
        await runner.cleanup()


def _camera(request: web.Request) -> UUID:
    return UUID(request.match_info["camera"])
