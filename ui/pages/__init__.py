"""All pages. `install` adds them to the web application."""

from dataclasses import dataclass, field

from ui import installable, links, open_pages, passkeys
from ui.alert_feed import AlertFeed
from ui.job_feed import JobFeed
from ui.pages import sign_in
from ui.pages.account import (
    first_run,
    forgotten,
    invitation,
    passkey,
    password,
    profile,
    register,
    reset,
    second_step,
    switching,
)
from ui.pages.customer import passport, tracking
from ui.pages.member import ledger, minutes, pump
from ui.pages.owner import (
    alerts,
    audit,
    cameras,
    device_page,
    devices,
    integrations,
    job_link_sheet,
    jobs,
    members,
    messages,
    overview,
    people,
    pit,
    pump_rules,
    timelapse,
    wall,
)
from ui.pages.owner import pump as owner_pump
from ui.pages.platform import accounts, motors, releases, tenants
from ui.pages.staff import work
from ui.pump_feed import PumpFeed
from ui.track_feed import TrackFeed


@dataclass(frozen=True)
class Feeds:
    """What keeps open pages right; each has a `run` that the wiring supervises."""

    alerts: AlertFeed = field(default_factory=AlertFeed)
    pumps: PumpFeed = field(default_factory=PumpFeed)
    tracked: TrackFeed = field(default_factory=TrackFeed)
    """Needs no run."""
    jobs: JobFeed = field(default_factory=JobFeed)


def install(*, secure: bool, oidc_name: str = "", public_url: str = "") -> Feeds:
    """Adds every page. `secure`: browsers reach us by https. `oidc_name`: the outer provider's name, empty if there is
    none. `public_url`: by which address they reach us, empty: as they ask. Returns the feeds that must be kept running.
    """
    feeds = Feeds()
    feed = feeds.alerts
    links.install(secure=secure)
    passkeys.install(public_url=public_url)
    open_pages.install()
    _install_account(secure, oidc_name)
    people.install()
    tenants.install()
    accounts.install()
    releases.install()
    overview.install(feed, feeds.jobs)
    pit.install(feed)
    work.install(feed)
    alerts.install(feed)
    devices.install()
    integrations.install()
    cameras.install()
    timelapse.install()
    wall.install()
    device_page.install()
    messages.install()
    audit.install()
    tracking.install(feeds.tracked)
    passport.install(public_url)
    job_link_sheet.install(public_url)
    jobs.install(feeds.jobs)
    _install_pump(feeds)
    return feeds


def _install_pump(feeds: Feeds) -> None:
    feed = feeds.pumps
    installable.install()
    pump.install(feed)
    owner_pump.install(feed, feeds.alerts)
    pump_rules.install()
    members.install(feed)
    motors.install(feed)
    minutes.install(feed)
    ledger.install()


def _install_account(secure: bool, oidc_name: str) -> None:
    sign_in.install(secure=secure, oidc_name=oidc_name)
    forgotten.install()
    second_step.install(secure=secure)
    passkey.install(secure=secure)
    first_run.install(secure=secure)
    invitation.install(secure=secure, oidc_name=oidc_name)
    register.install()
    reset.install()
    password.install()
    profile.install(oidc_name=oidc_name)
    switching.install()
