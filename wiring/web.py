"""The web server: pages, API and health on one port, with everything else behind it."""

import contextlib
import os
import sys
from collections.abc import AsyncIterator, Callable

from fastapi import FastAPI
from nicegui import Client, app, core, ui
from nicegui.server import Server
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from actions.live import hub
from actions.release_key import WrongReleaseKey
from api import health, oidc, rest
from api import video as camera_video
from ingest import claim_http, firmware_http, poll_http
from ingest import http as http_ingest
from ingest.broker import BrokerError, WrongBrokerUrl
from settings import Settings
from storage import migrate
from storage.embedded import EmbeddedPostgresError, FolderInUse
from storage.secret import WrongSecret
from tools.demo_files import DemoRefused
from ui import faults, pages, theme, web_guard
from ui.pages import Feeds
from wiring.process import running
from wiring.product import Product
from wiring.video import mount_video, video_numbers

START_FAULTS = (
    DemoRefused,
    FolderInUse, EmbeddedPostgresError, BrokerError, WrongBrokerUrl, WrongSecret, migrate.DatabaseTooOld,
    WrongReleaseKey,
)  # fmt: skip
RECONNECT_TIMEOUT_S = 20.0  # a phone that changes from Wi-Fi to mobile data takes longer than the default 3 s
STOP_WITHIN_S = 3
SOCKET_MESSAGE_BYTES_MAX = 1 << 20  # as much as any other request may send (ui/web_guard.py); files come by POST


def serve(settings: Settings, with_demo: bool) -> None:
    """Runs the web server with everything behind it until a signal stops it."""
    inner = app.router.lifespan_context
    product: list[Product] = []

    @contextlib.asynccontextmanager
    async def lifespan(served: object) -> AsyncIterator[None]:
        try:
            async with running(settings, with_demo, feeds) as started:
                product.append(started)
                started.intake = http_ingest.mount(
                    rest_api, started.directory, hub, started.presence, started.supervisor
                )
                claim_http.mount(rest_api, started.addresses)
                if settings.role != "ingest":
                    camera_video.mount(app, started.viewing)
                firmware_http.mount(rest_api)
                mount_video(rest_api, settings)
                if started.consumer is not None:
                    poll_http.mount(
                        rest_api, started.directory, started.presence, started.consumer.reject, started.commander
                    )
                _take_the_lighter_websocket()
                async with inner(served):  # NiceGUI's own lifespan of the same app
                    yield
        except START_FAULTS as fault:
            print(f"PitPilot can't start: {fault}", file=sys.stderr, flush=True)
            os._exit(1)  # all is stopped by now; raising would only bury the sentence under the server's trace

    app.router.lifespan_context = lifespan
    rest_api, feeds = install(settings, lambda: product[0])
    ui.run(
        host=settings.host,
        port=settings.port,
        title="PitPilot",
        favicon=theme.FAVICON,
        show=False,
        reload=False,
        tailwind=False,
        dark=None,
        reconnect_timeout=RECONNECT_TIMEOUT_S,
        binding_refresh_interval=None,
        show_welcome_message=False,
        timeout_graceful_shutdown=STOP_WITHIN_S,
        loop="uvloop" if sys.platform != "win32" else "asyncio",
        access_log=False,
        server_header=False,
        log_config=None,  # the server's own words go where all others go
        ws_per_message_deflate=False,
        ws_max_size=SOCKET_MESSAGE_BYTES_MAX,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies,
    )


def _take_the_lighter_websocket() -> None:
    """Lets the server speak WebSocket by `websockets` instead of NiceGUI's fixed choice; see docs/decisions/0009."""
    Server.instance.config.ws_protocol_class = WebSocketsSansIOProtocol


def is_stopping() -> bool:
    """Whether a signal has told the server to stop."""
    return hasattr(Server, "instance") and Server.instance.should_exit


def install(settings: Settings, product: Callable[[], Product]) -> tuple[FastAPI, Feeds]:
    """Adds pages, API and health to the web application; returns the API and what keeps open pages right."""
    core.sio.eio.cors_allowed_origins = [settings.public_url] if settings.public_url else None
    web_guard.install(app, settings.public_url, is_stopping)
    theme.install()
    faults.install(app)
    rest_api = rest.mount(app, settings.public_url, with_people=settings.role != "ingest")
    live = getattr(rest_api.state, "socket", None)  # who serves devices alone has none
    health.mount_health(
        app,
        product,
        gauges=lambda: {
            "pages": len(Client.instances),
            "sockets": live.clients if live else 0,
            **video_numbers(product()),
        },
    )
    if settings.oidc_issuer:
        secret = settings.oidc_client_secret.get_secret_value()
        provider = oidc.Provider(settings.oidc_issuer, settings.oidc_client_id, secret)
        oidc.mount(app, provider, settings.public_url)
    name = settings.oidc_name if settings.oidc_issuer else ""
    secure = settings.public_url.startswith("https://")
    return rest_api, pages.install(secure=secure, oidc_name=name, public_url=settings.public_url)
