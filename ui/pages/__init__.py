"""All pages. `install` adds them to the web application."""

from ui.alert_feed import AlertFeed
from ui.pages import sign_in
from ui.pages.owner import alerts, devices, overview, pit


def install(*, secure: bool) -> AlertFeed:
    """Adds every page; `secure` says that browsers reach us by https. Returns the feed that must be kept running."""
    feed = AlertFeed()
    sign_in.install(secure=secure)
    overview.install(feed)
    pit.install(feed)
    alerts.install(feed)
    devices.install()
    return feed
