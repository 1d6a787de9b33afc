"""A server that speaks the part of MediaMTX's documented HTTP API that PitPilot uses, and asks as it asks.

It is not MediaMTX: what is proved with it is what we send, and what we make of the answers that are documented.
"""

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from aiohttp import web

from ingest.video.mediamtx import MediaMtxPlaces
from ingest.video.mediamtx_http import PATH
from storage.embedded_ports import LOOPBACK, free_port


@dataclass
class MediaMtxServer:
    """What it was told, and what it has to say."""

    asks: httpx.AsyncClient
    paths: dict[str, dict[str, Any]] = field(default_factory=dict)
    running: dict[str, dict[str, Any]] = field(default_factory=dict)
    whep_sessions: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    """Of every stream, in place of an echo of what is asked."""
    requests: list[str] = field(default_factory=list)
    places: MediaMtxPlaces = field(init=False)

    def forget(self) -> None:
        """As after its restart: what came by the API is gone."""
        self.paths.clear()

    async def config(self, request: web.Request) -> web.StreamResponse:
        match request.match_info.get("what"), request.match_info.get("name"):
            case "list", _:
                items = [{"name": name, **conf} for name, conf in self.paths.items()]
                return web.json_response({"itemCount": len(items), "pageCount": 1, "items": items})
            case "add", str(name) if name not in self.paths:
                self.paths[name] = await request.json()
            case "replace", str(name):
                self.paths[name] = await request.json()
            case "delete", str(name) if name in self.paths:
                del self.paths[name]
            case _:
                return web.json_response({"status": "error", "error": "no such path"}, status=400)
        return web.json_response({"status": "ok"})

    async def listed(self, _: web.Request) -> web.StreamResponse:
        items = [{"name": name, **state} for name, state in self.running.items()]
        return web.json_response({"itemCount": len(items), "pageCount": 1, "items": items})

    async def whep(self, request: web.Request) -> web.StreamResponse:
        path, offer = request.match_info["path"], await request.text()
        if path not in self.running:
            return web.json_response({"error": "no stream is available on path"}, status=404)
        if not offer.startswith("v=0"):
            return web.json_response({"error": "invalid SDP"}, status=400)
        self.whep_sessions["s1"] = path
        headers = {"Location": f"/{path}/whep/s1", "Content-Type": "application/sdp"}
        return web.Response(status=201, headers=headers, text="v=0 answer")

    async def whep_session(self, request: web.Request) -> web.StreamResponse:
        if request.match_info["secret"] not in self.whep_sessions:
            return web.Response(status=404)
        if request.method == "DELETE":
            del self.whep_sessions[request.match_info["secret"]]
            return web.Response(status=200)
        return web.Response(status=204)

    async def hls(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        if request.match_info["path"] not in self.running or name == "gone.mp4":
            return web.Response(status=404)
        kind = "application/vnd.apple.mpegurl" if name.endswith(".m3u8") else "video/mp4"
        said = self.files.get(name, f"{name}?{request.query_string}")
        return web.Response(text=said, headers={"Content-Type": kind})


@asynccontextmanager
async def mediamtx(asks: httpx.AsyncClient, rtsp: str) -> AsyncIterator[MediaMtxServer]:
    """Runs it on one port for all; `asks` reaches the address of PitPilot that it is configured to ask."""
    server = MediaMtxServer(asks)

    @web.middleware
    async def asking(request: web.Request, handler: Any) -> web.StreamResponse:
        server.requests.append(f"{request.method} {request.path}")
        word = request.headers.get("Authorization", "").removeprefix("Basic ")
        user, _, password = base64.b64decode(word).decode().partition(":")
        action = "api" if request.path.startswith("/v3") else "read"
        question = {"user": user, "password": password, "token": "", "ip": LOOPBACK, "action": action, "id": "1"}
        said = await asks.post(PATH, json={**question, "path": "", "protocol": "hls", "query": ""})
        if not said.is_success:
            return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="mediamtx"'})
        answer: web.StreamResponse = await handler(request)
        return answer

    application = web.Application(middlewares=[asking])
    application.add_routes(
        [
            web.get("/v3/config/paths/{what:list}", server.config),
            web.post("/v3/config/paths/{what}/{name}", server.config),
            web.delete("/v3/config/paths/{what}/{name}", server.config),
            web.get("/v3/paths/list", server.listed),
            web.post("/{path}/whep", server.whep),
            web.route("*", "/{path}/whep/{secret}", server.whep_session),
            web.get("/{path}/{name}", server.hls),
        ]
    )
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    url = f"http://{LOOPBACK}:{(port := free_port())}"
    await web.TCPSite(runner, LOOPBACK, port).start()
    server.places = MediaMtxPlaces(url, url, url, rtsp)
    try:
        yield server
    finally:
        await runner.cleanup()
