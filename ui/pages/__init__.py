"""All pages. `install` adds them to the web application."""

from ui import links, open_pages
from ui.alert_feed import AlertFeed
from ui.pages import sign_in
from ui.pages.account import first_run, invitation, password, profile, register, reset, switching
from ui.pages.owner import alerts, audit, devices, overview, people, pit
from ui.pages.platform import accounts, tenants


def install(*, secure: bool, oidc_name: str = "") -> AlertFeed:
    """Adds every page. `secure`: browsers reach us by https. `oidc_name`: the outer provider's name, empty if there is
    none. Returns the feed that must be kept running.
    """
    feed = AlertFeed()
    links.install(secure=secure)
    open_pages.install()
    _install_account(secure, oidc_name)
    people.install()
    tenants.install()
    accounts.install()
    overview.install(feed)
    pit.install(feed)
    alerts.install(feed)
    devices.install()
    audit.install()
    return feed


def _install_account(secure: bool, oidc_name: str) -> None:
    sign_in.install(secure=secure, oidc_name=oidc_name)
    first_run.install(secure=secure)
    invitation.install(secure=secure, oidc_name=oidc_name)
    register.install()
    reset.install()
    password.install()
    profile.install(oidc_name=oidc_name)
    switching.install()
