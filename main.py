"""PitPilot's only wiring: settings, database, broker, tasks, API and pages. `python main.py --help` lists commands."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from socket import gethostname
from typing import TYPE_CHECKING, Annotated

import structlog
import typer
from fastapi import FastAPI
from nicegui import Client, app, core, ui

import settings as settings_module
from actions import keys
from actions.announce import hear
from actions.directory import Directory
from actions.follow import follow_for_ever
from actions.live import hub
from actions.people.first_run import offer_first_run
from actions.people.housekeeping import sweep_for_ever
from actions.refresh import AlertRefresher
from actions.warm import warm
from api import health, oidc, rest
from ingest import claim_http
from ingest import http as http_ingest
from ingest.broker import BrokerAddress, BrokerError, EmbeddedBroker, WrongBrokerUrl
from ingest.consumer import SUBSCRIPTION, Consumer
from ingest.device_addresses import DeviceAddresses
from ingest.http_intake import HttpIntake
from ingest.mqtt import MqttLink
from ingest.presence import Presence
from ingest.rights_keeper import (
    EMBEDDED_SETTLE_S,
    MOSQUITTO_SETTLE_S,
    EmbeddedRights,
    MosquittoRights,
    RightsKeeper,
)
from ingest.supervisor import Supervisor
from ingest.ticker import Ticker
from ingest.words import DeviceWords
from logs import set_up_logs
from settings import Settings, WrongSettings
from storage import migrate, partitions, session
from storage.embedded import EmbeddedPostgres, EmbeddedPostgresError, FolderInUse
from storage.secret import WrongSecret, derive, load_or_make
from storage.session import EVERY_TENANT, transaction
from tools import assets, audit
from tools.demo_files import DemoRefused
from ui import live, pages, theme, web_guard
from ui.alert_feed import AlertFeed

if TYPE_CHECKING:
    from tools.demo import Demo

commands = typer.Typer(no_args_is_help=False, add_completion=False, help="PitPilot: workshops' climate, shared pumps.")
commands.add_typer(audit.commands, name="audit")
log = structlog.get_logger("main")

START_FAULTS = (
    DemoRefused,
    FolderInUse, EmbeddedPostgresError, BrokerError, WrongBrokerUrl, WrongSecret, migrate.DatabaseTooOld,
)  # fmt: skip
RECONNECT_TIMEOUT_S = 20.0  # a phone that changes from Wi-Fi to mobile data takes longer than the default 3 s
STOP_WITHIN_S = 3


@dataclass
class Product:
    """The running parts, as `/healthz` and `/metrics` see them."""

    settings: Settings
    supervisor: Supervisor = field(default_factory=Supervisor)
    directory: Directory = field(default_factory=Directory)
    presence: Presence = field(default_factory=Presence)
    consumer: Consumer | None = None
    intake: HttpIntake | None = None
    link: MqttLink | None = None
    ticker: Ticker | None = None
    rights: RightsKeeper | None = None
    addresses: DeviceAddresses = field(default_factory=DeviceAddresses)

    async def catch_up(self) -> None:
        """Reads again what announcements may have told while nobody listened."""
        await self.directory.load()
        if self.rights is not None:
            self.rights.look()


@contextlib.asynccontextmanager
async def running(settings: Settings, with_demo: bool, feed: AlertFeed) -> AsyncIterator[Product]:
    """Starts everything but the web server, in order, and stops it in reverse."""
    async with contextlib.AsyncExitStack() as stack:
        secret = await asyncio.to_thread(load_or_make, settings.data, settings.secret.get_secret_value())
        owner_url = settings.database_url or await _embedded_database(stack, settings, secret)
        keys.open(secret)
        session.open(await migrate.prepare(owner_url, secret), settings.database_pool)
        stack.push_async_callback(session.close)
        async with transaction(EVERY_TENANT) as tx:
            await partitions.make_partitions(tx, datetime.now(UTC))
        shown = await _seed_demo(settings) if with_demo else None
        product = Product(settings, addresses=DeviceAddresses.of(settings.devices_mqtt_url, settings.devices_mtls_url))
        stack.callback(product.directory.close)
        await product.directory.load()
        await warm(hub, datetime.now(UTC))
        broker = await _broker(stack, product, shown) if settings.role != "web" else None
        stack.push_async_callback(product.supervisor.stop)  # tasks end before what they talk to
        if product.rights is not None:
            stack.callback(product.rights.close)
            product.supervisor.keep("broker's rights", product.rights.run)
        product.supervisor.keep("announcements", lambda: hear(product.catch_up))
        product.supervisor.keep("directory", product.directory.keep_fresh)
        refresher = AlertRefresher(hub)
        stack.callback(refresher.close)
        product.supervisor.keep("alerts", refresher.run)
        product.supervisor.keep("presence", product.presence.write_for_ever)
        if broker is not None:
            _start_ingest(product, broker)
        else:
            product.supervisor.keep("readings of other processes", lambda: follow_for_ever(hub, live.watched_tenants))
        if settings.role != "ingest":
            product.supervisor.keep("live pages", lambda: live.flush_for_ever(hub))
            product.supervisor.keep("alert pages", feed.run)
            product.supervisor.keep("housekeeping", sweep_for_ever)
            await _offer_first_run()
        if shown:
            _print_logins(settings, shown)
        yield product


async def _offer_first_run() -> None:
    """Says in the log how somebody becomes the first super_admin, as long as there is none."""
    code = await offer_first_run(datetime.now(UTC))
    if code is not None:
        log.warning("nobody runs the platform yet: open /first-run and enter this code", code=code)


async def _seed_demo(settings: Settings) -> "Demo":
    from tools import demo  # brings the virtual devices along, which a real installation does not have

    return await demo.seed(datetime.now(UTC), settings.data)


async def _embedded_database(stack: contextlib.AsyncExitStack, settings: Settings, secret: bytes) -> str:
    server = EmbeddedPostgres(settings.data / "postgres", derive(secret, "postgres superuser"))
    address = await stack.enter_async_context(server)
    superuser_url = address.url("postgres", address.superuser, address.password)
    return await migrate.make_owned_database(superuser_url, "pitpilot", secret)


async def _broker(stack: contextlib.AsyncExitStack, product: Product, shown: "Demo | None") -> BrokerAddress:
    """Starts the embedded broker, and the demo's devices on it, unless there is a broker already."""
    settings = product.settings
    if settings.mqtt_url:
        address = BrokerAddress.from_url(settings.mqtt_url)
        if settings.mqtt_rights is not None:
            files = MosquittoRights(settings.mqtt_rights, address)
            product.rights = RightsKeeper(files.apply, MOSQUITTO_SETTLE_S)
        return address
    embedded = EmbeddedBroker()
    stack.push_async_callback(embedded.stop)
    users = EmbeddedRights(embedded, shown.broker_users() if shown else {})
    address = await users.start()
    product.rights = RightsKeeper(users.apply, EMBEDDED_SETTLE_S)
    product.addresses = DeviceAddresses(settings.devices_mqtt_url or embedded.devices_url, None)
    if shown:
        stack.push_async_callback(await shown.run_fleet(embedded.device_address))
    return address


def _start_ingest(product: Product, address: BrokerAddress) -> None:
    settings, supervisor = product.settings, product.supervisor
    consumer = product.consumer = Consumer(product.directory, hub, product.presence)
    shared = f"$share/ingest/{SUBSCRIPTION}" if settings.role == "ingest" else SUBSCRIPTION
    client_id = f"pitpilot-{settings.role}" + (f"-{gethostname()}" if settings.role == "ingest" else "")
    link = product.link = consumer.link = MqttLink(address, client_id, [(shared, 1)], consumer.take)
    words = DeviceWords(address, f"{client_id}-words", product.directory, product.presence, consumer.reject)
    ticker = product.ticker = Ticker(lambda: consumer.listening_since, product.presence.write)
    supervisor.keep("readings", consumer.run)
    supervisor.keep("confirmations", consumer.publish_got)
    supervisor.keep("telemetry link", link.run)
    supervisor.keep("device states", words.run)
    supervisor.keep("ticker", ticker.run)


def _print_logins(settings: Settings, shown: "Demo") -> None:
    print(f"\n  PitPilot is at {settings.public_url or f'http://{settings.host}:{settings.port}'}\n", flush=True)
    for login in shown.logins:
        print(f"  {login.tenant:<24} {login.role:<12} {login.login:<28} {login.password}", flush=True)
    print(flush=True)


def serve(settings: Settings, with_demo: bool) -> None:
    """Runs the web server with everything behind it until a signal stops it."""
    inner = app.router.lifespan_context
    product: list[Product] = []

    @contextlib.asynccontextmanager
    async def lifespan(served: object) -> AsyncIterator[None]:
        try:
            async with running(settings, with_demo, feed) as started:
                product.append(started)
                started.intake = http_ingest.mount(
                    rest_api, started.directory, hub, started.presence, started.supervisor
                )
                claim_http.mount(rest_api, started.addresses)
                async with inner(served):  # NiceGUI's own lifespan of the same app
                    yield
        except START_FAULTS as fault:
            print(f"PitPilot can't start: {fault}", file=sys.stderr, flush=True)
            os._exit(1)  # all is stopped by now; raising would only bury the sentence under the server's trace

    app.router.lifespan_context = lifespan
    rest_api, feed = install(settings, lambda: product[0])
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
    )


def install(settings: Settings, product: Callable[[], Product]) -> tuple[FastAPI, AlertFeed]:
    """Adds pages, API and health to the web application; returns the API and what keeps open pages' alerts right."""
    core.sio.eio.cors_allowed_origins = [settings.public_url] if settings.public_url else None
    web_guard.install(app, settings.public_url)
    theme.install()
    rest_api = rest.mount(app, settings.public_url, with_people=settings.role != "ingest")
    health.mount_health(
        app, product, gauges=lambda: {"pages": len(Client.instances), "sockets": rest_api.state.socket.clients}
    )
    if settings.oidc_issuer:
        secret = settings.oidc_client_secret.get_secret_value()
        provider = oidc.Provider(settings.oidc_issuer, settings.oidc_client_id, secret)
        oidc.mount(app, provider, settings.public_url)
    name = settings.oidc_name if settings.oidc_issuer else ""
    return rest_api, pages.install(secure=settings.public_url.startswith("https://"), oidc_name=name)


@commands.callback(invoke_without_command=True)
def run(
    context: typer.Context,
    with_demo: Annotated[bool, typer.Option("--demo", help="Add demo tenants and run virtual devices.")] = False,
    role: Annotated[str, typer.Option(help="all, web or ingest; overrides PITPILOT_ROLE.")] = "",
) -> None:
    """Runs PitPilot until it is stopped (the default command)."""
    if context.invoked_subcommand is not None:
        context.obj = _settings_of_a_command
        return
    if role:
        os.environ["PITPILOT_ROLE"] = role
    settings = _settings()
    set_up_logs(settings.log_format, settings.log_level)
    missing = assets.missing()
    if missing and settings.role != "ingest":
        sys.exit(f"Browser assets are missing ({', '.join(map(str, missing))}). Run: make assets")
    serve(settings, with_demo)


@commands.command("settings")
def show_settings() -> None:
    """Lists every setting with its default and meaning."""
    for name, info in Settings.model_fields.items():
        print(f"PITPILOT_{name.upper()}  (default: {str(info.get_default() or '') or 'empty'})\n    {info.description}")


def _settings_of_a_command() -> Settings:
    settings = _settings()
    set_up_logs(settings.log_format, "warning")  # a command prints its own answer
    return settings


def _settings() -> Settings:
    try:
        return settings_module.load()
    except WrongSettings as error:
        sys.exit(f"Wrong settings:\n{error}")


if __name__ in {"__main__", "__mp_main__"}:
    sys.path.insert(0, str(Path(__file__).parent))
    commands()
