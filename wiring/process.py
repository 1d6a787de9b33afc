"""Everything but the web server: started in order, stopped in reverse."""

import asyncio
import contextlib
import gc
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from actions import keys, release_key
from actions.announce import hear
from actions.follow import follow_for_ever
from actions.jobs import photos
from actions.live import hub
from actions.passports import make_for_ever
from actions.people.first_run import offer_first_run
from actions.people.housekeeping import sweep_for_ever
from actions.pumps import relay
from actions.refresh import AlertRefresher
from actions.warm import warm
from ingest.device_addresses import DeviceAddresses
from settings import Settings
from storage import migrate, partitions, photo_files, session
from storage.embedded import EmbeddedPostgres
from storage.secret import derive, load_or_make
from storage.session import EVERY_TENANT, transaction
from tools.demo_files import DemoRefused
from ui import live
from ui.pages import Feeds
from wiring.cameras import open_cameras, start_cameras
from wiring.devices import start_broker, start_ingest
from wiring.outbox import offer_ways, start_outbox
from wiring.product import Product
from wiring.video import start_video

if TYPE_CHECKING:
    from tools.demo import Demo

log = structlog.get_logger("main")

GC_YOUNG, GC_MIDDLE, GC_OLD = 20_000, 20, 20  # new objects, then collections of the generation below


@contextlib.asynccontextmanager
async def running(settings: Settings, with_demo: bool, feeds: Feeds) -> AsyncIterator[Product]:
    """Starts everything but the web server, in order, and stops it in reverse."""
    async with contextlib.AsyncExitStack() as stack:
        secret = await asyncio.to_thread(load_or_make, settings.data, settings.secret.get_secret_value())
        owner_url = settings.database_url or await _embedded_database(stack, settings, secret)
        keys.open(secret)
        offer_ways(settings)
        release_key.open(settings.release_key, settings.data)
        open_cameras(settings, with_demo=with_demo)
        photo_files.open(settings.data / "photos")
        session.open(await migrate.prepare(owner_url, secret), settings.database_pool)
        stack.push_async_callback(session.close)
        async with transaction(EVERY_TENANT) as tx:
            await partitions.make_partitions(tx, datetime.now(UTC))
        shown = await _seed_demo(settings) if with_demo else None
        product = Product(settings, addresses=DeviceAddresses.of(settings.devices_mqtt_url, settings.devices_mtls_url))
        stack.callback(product.directory.close)
        await product.directory.load()
        await warm(hub, datetime.now(UTC))
        broker = await start_broker(stack, product, shown) if settings.role != "web" else None
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
            start_ingest(product, broker)
            if product.commander is not None:
                stack.callback(product.commander.close)
            if product.pumps is not None:
                stack.callback(product.pumps.close)
        else:
            product.supervisor.keep("readings of other processes", lambda: follow_for_ever(hub, live.watched_tenants))
        if settings.role != "ingest":
            if shown:
                stack.push_async_callback(await shown.run_cameras())
            start_video(stack, product)
            stack.callback(relay.use())
            product.supervisor.keep("live pages", lambda: live.flush_for_ever(hub))
            product.supervisor.keep("alert pages", feeds.alerts.run)
            product.supervisor.keep("pump pages", feeds.pumps.run)
            product.supervisor.keep("job pages", feeds.jobs.run)
            product.supervisor.keep("housekeeping", sweep_for_ever)
            product.supervisor.keep("passports", make_for_ever)
            start_cameras(product)
            product.supervisor.keep("sweep of photos", photos.sweep_for_ever)
            start_outbox(product)
            await _offer_first_run()
        if shown:
            _print_logins(settings, shown)
        _calm_the_collector()
        yield product


def _calm_the_collector() -> None:
    """Keeps Python's collector of cycles from walking what lives as long as the process with every few batches.

    Readings hold no cycles; pages do, and still go. See docs/decisions/0009 for what it saves.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_YOUNG, GC_MIDDLE, GC_OLD)


async def _offer_first_run() -> None:
    """Says in the log how somebody becomes the first super_admin, as long as there is none."""
    code = await offer_first_run(datetime.now(UTC))
    if code is not None:
        log.warning("nobody runs the platform yet: open /first-run and enter this code", code=code)


async def _seed_demo(settings: Settings) -> "Demo":
    """
    Raises:
        DemoRefused: as tools.demo.seed, and where there is no demo.
    """
    try:
        from tools import demo  # brings the virtual devices along, which a real installation does not have
    except ModuleNotFoundError as missing:
        raise DemoRefused("This installation has no virtual devices. Run the demo from the repository.") from missing
    return await demo.seed(datetime.now(UTC), settings.data)


async def _embedded_database(stack: contextlib.AsyncExitStack, settings: Settings, secret: bytes) -> str:
    server = EmbeddedPostgres(settings.data / "postgres", derive(secret, "postgres superuser"))
    address = await stack.enter_async_context(server)
    superuser_url = address.url("postgres", address.superuser, address.password)
    return await migrate.make_owned_database(superuser_url, "pitpilot", secret)


def _print_logins(settings: Settings, shown: "Demo") -> None:
    print(f"\n  PitPilot is at {settings.public_url or f'http://{settings.host}:{settings.port}'}\n", flush=True)
    for login in shown.logins:
        print(f"  {login.tenant:<24} {login.role:<12} {login.login:<28} {login.password}", flush=True)
    print(flush=True)
