"""Cameras: what the gateway fetches, who looks, and the watcher; in every process with pages, where the gateway is."""

from actions.cameras import reach, stills
from actions.cameras.watch import Watcher
from ingest.timelapses import make_for_ever
from settings import Settings
from storage import still_files
from wiring.product import Product


def open_cameras(settings: Settings, *, with_demo: bool) -> None:
    reach.open(loopback=settings.video_loopback or with_demo)
    still_files.open(settings.data / "stills")


def start_cameras(product: Product) -> None:
    supervisor = product.supervisor
    supervisor.keep("cameras", product.sources.run)
    supervisor.keep("looking at cameras", product.viewing.run)
    supervisor.keep("watch over cameras", Watcher(product.sources).run)
    supervisor.keep("sweep of stills", stills.sweep_for_ever)
    supervisor.keep("time-lapses", make_for_ever)
