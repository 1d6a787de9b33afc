"""What every framed page starts with: who asks, what they may open, and the frame around it."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import cast
from urllib.parse import urlsplit
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from actions.people import Seat, set_look
from domain.access import Intent, Role, Viewer
from storage import queries
from storage.session import transaction
from ui import guard, open_pages
from ui.components.pieces import empty
from ui.frame import Frame, FrameView, NavGroup, NavItem, PersonWays, TenantWay, frame
from ui.pages.account.words import role_word
from ui.texts import Language, _
from ui.theme import Theme, apply

OVERVIEW, ALERTS, DEVICES, PEOPLE, TENANTS, ACCOUNT = "/", "/alerts", "/devices", "/people", "/tenants", "/account"
AUDIT, ACCOUNTS, RELEASES = "/audit", "/accounts", "/releases"
INTEGRATIONS = "/integrations"
JOBS = "/jobs"
CAMERAS, WALL = "/cameras", "/wall"
WORKSHOP = "/workshop"
MESSAGES = "/messages"
WORK = "/work"
PUMP, MEMBERS, MOTORS = "/pump", "/members", "/motors"
PUMP_RULES = "/pump/rules"
MY_PUMP, MY_MINUTES, MY_LEDGER = "/my-pump", "/my-minutes", "/my-ledger"
INSIDE = (WORK, JOBS, ALERTS, DEVICES, ACCOUNT, PUMP, "/pits/")
"""Where staff's pages begin; those before the sign-in, by invitation and by reset, are others."""
SWITCH, LEAVE_SUPPORT = "/switch", "/leave-support"


async def admit(request: Request, intent: Intent) -> Seat | Response | None:
    """Returns who opens the page. If nobody is signed in: the way to the sign-in page. If it is not theirs: None, and
    the page says so. A page function returns at once what is not a Seat.

    From here on the page closes by itself when its person loses the right to see it.
    """
    seat = await guard.seat(request)
    if seat is None:
        return RedirectResponse(guard.sign_in_href(request.url.path), status_code=303)
    if request.url.path == OVERVIEW and home(seat) != OVERVIEW and not _wants_overview(request, seat):
        return RedirectResponse(home(seat), status_code=303)
    open_pages.follow(seat)
    apply(cast(Theme, seat.theme), cast(Language, seat.language), own_digits=seat.own_digits)
    if not seat.viewer.may(intent):
        async with framed(seat, current="", title=_("This page is not yours")):
            empty(
                "lock",
                _("Your role can't open this page"),
                _("Ask the owner of {tenant} if you need it.").format(tenant=seat.tenant_name),
            )
        return None
    return seat


def home(seat: Seat) -> str:
    """Where this person begins: the first page that is theirs."""
    if seat.is_platform:
        return TENANTS
    if seat.has_workshop and seat.viewer.role is Role.STAFF:
        return WORK
    if seat.viewer.may(Intent.SEE_PITS):
        return OVERVIEW if seat.has_workshop or not seat.has_pump else PUMP
    return MY_PUMP if seat.has_pump and seat.viewer.may(Intent.SEE_OWN_PUMP) else ACCOUNT


def _wants_overview(request: Request, seat: Seat) -> bool:
    """Staff begin at their work; who comes from another of our pages has asked for the overview."""
    came_from = urlsplit(request.headers.get("referer", ""))
    is_ours = came_from.netloc == request.headers.get("host")
    is_inside = came_from.path == OVERVIEW or came_from.path.startswith(INSIDE)
    return home(seat) == WORK and is_ours and is_inside


@asynccontextmanager
async def framed(
    seat: Seat,
    *,
    current: str,
    title: str,
    live: bool = False,
    back: str | None = None,
    title_on_phone: bool = True,
) -> AsyncIterator[Frame]:
    """The frame of a signed-in person's page, with the number of open alerts in its navigation."""
    alerts = 0
    if seat.viewer.may(Intent.SEE_ALERTS):
        async with transaction(seat.viewer.tenant_id) as tx:
            alerts = await queries.count_open_alerts(tx, datetime.now(UTC))
    with frame(
        frame_view(seat, alerts),
        current=current,
        title=title,
        live=live,
        back=back,
        title_on_phone=title_on_phone,
        on_theme=lambda theme: set_look(seat.viewer, theme, None),
        on_lang=lambda lang: set_look(seat.viewer, None, lang),
    ) as opened:
        yield opened


def frame_view(seat: Seat, open_alerts: int) -> FrameView:
    """What the frame shows this person: only what they may open, only the halves their tenant uses."""
    viewer = seat.viewer
    if seat.is_platform:
        halves = [NavGroup(_("Platform"), tuple(_of_platform(viewer)))]
    else:
        halves = [
            NavGroup(_("Workshop"), tuple(_of_workshop(seat, open_alerts))),
            NavGroup(_("Pump"), tuple(_of_pump(seat, open_alerts))),
        ]
    groups = (*halves, NavGroup(_("Manage"), tuple(_to_manage(seat))))
    return FrameView(
        person_name=viewer.name,
        role_word=role_word(viewer.role),
        tenant_name=seat.tenant_name,
        groups=tuple(group for group in groups if group.items),
        theme=cast(Theme, seat.theme),
        lang=cast(Language, seat.language),
        own_digits=seat.own_digits,
        ways=PersonWays(
            account=ACCOUNT,
            switch=SWITCH,
            tenants=tuple(
                TenantWay(str(t.tenant_id), t.name, role_word(t.role), t.tenant_id == viewer.tenant_id)
                for t in seat.memberships
            ),
        ),
        leave_support_href=LEAVE_SUPPORT if seat.is_support else "",
    )


def _of_platform(viewer: Viewer) -> Iterator[NavItem]:
    if viewer.may(Intent.SEE_TENANTS):
        yield NavItem("domain", _("Tenants"), TENANTS, tab=_("Tenants"))
        yield NavItem("manage_search", _("Accounts"), ACCOUNTS, tab=_("Accounts"))
    if viewer.may(Intent.SEE_ALL_PUMPS):
        yield NavItem("water_pump", _("Motors"), MOTORS, tab=_("Motors"))
    if viewer.may(Intent.SEE_RELEASES):
        yield NavItem("deployed_code", _("Firmware"), RELEASES, tab=_("Firmware"))


def _of_workshop(seat: Seat, open_alerts: int) -> Iterator[NavItem]:
    viewer = seat.viewer
    if not seat.has_workshop or not viewer.may(Intent.SEE_PITS):
        return
    if viewer.role is Role.STAFF:
        yield NavItem("garage", _("My work"), WORK, tab=_("My work"))
    yield NavItem("dashboard", _("Overview"), OVERVIEW, tab=_("Overview"))
    if viewer.may(Intent.SEE_JOBS):
        yield NavItem("assignment", _("Jobs"), JOBS, tab=_("Jobs"))
    if viewer.may(Intent.SEE_VIDEO):
        yield NavItem("live_tv", _("Camera wall"), WALL)
    yield _alerts(open_alerts)


def _of_pump(seat: Seat, open_alerts: int) -> Iterator[NavItem]:
    viewer = seat.viewer
    if not seat.has_pump:
        return
    if viewer.may(Intent.SEE_PUMPS):
        yield NavItem("water_pump", _("Motor and line"), PUMP, tab=_("Pump"))
        if not seat.has_workshop and viewer.may(Intent.SEE_ALERTS):
            yield _alerts(open_alerts)
    elif viewer.may(Intent.SEE_OWN_PUMP):
        yield NavItem("water_pump", _("Pump"), MY_PUMP, tab=_("Pump"))
        yield NavItem("timer", _("Minutes"), MY_MINUTES, tab=_("Minutes"))
        yield NavItem("receipt_long", _("Ledger"), MY_LEDGER, tab=_("Ledger"))
    if viewer.may(Intent.SEE_WALLETS):
        yield NavItem("wallet", _("Members"), MEMBERS, tab=_("Members"))


def _to_manage(seat: Seat) -> Iterator[NavItem]:
    viewer, is_tenant = seat.viewer, not seat.is_platform
    if is_tenant and viewer.may(Intent.SEE_DEVICES):
        yield NavItem("router", _("Devices"), DEVICES, tab=_("Devices"))
    if is_tenant and viewer.may(Intent.MANAGE_DEVICES):
        yield NavItem("hub", _("Integrations"), INTEGRATIONS)
    if seat.has_workshop and is_tenant and viewer.may(Intent.MANAGE_CAMERAS):
        yield NavItem("videocam", _("Cameras"), CAMERAS)
    if seat.has_workshop and is_tenant and viewer.may(Intent.MANAGE_WORKSHOP):
        yield NavItem("settings", _("Workshop settings"), WORKSHOP)
    if viewer.may(Intent.SEE_PEOPLE):
        yield NavItem("group", _("People"), PEOPLE, tab=_("People"))
    if viewer.may(Intent.SEE_MESSAGES):
        yield NavItem("outgoing_mail", _("Messages"), MESSAGES)
    if viewer.may(Intent.SEE_AUDIT):
        yield NavItem("history", _("Audit trail"), AUDIT)


def _alerts(count: int) -> NavItem:
    return NavItem("notifications", _("Alerts"), ALERTS, count=count, tab=_("Alerts"))


def parse_id(text: str) -> UUID | None:
    """An id out of an address; None if it is none."""
    try:
        return UUID(text)
    except ValueError:
        return None


async def no_such(seat: Seat, title: str, text: str, back: str) -> None:
    """A page that says that there is no such thing here."""
    async with framed(seat, current="", title=title, back=back):
        empty("search_off", title, text)


async def no_workshop(seat: Seat, current: str) -> None:
    """A page that says that this tenant has no workshop."""
    async with framed(seat, current=current, title=seat.tenant_name):
        empty("water_pump", _("No workshop here"), _("This tenant shares a pump. It has no pits to watch."))


async def no_pump(seat: Seat) -> None:
    """A page that says that this tenant shares no pump."""
    async with framed(seat, current="", title=_("No pump here")):
        text = _("{tenant} uses PitPilot for its workshop only.").format(tenant=seat.tenant_name)
        empty("water_pump", _("There is no shared pump here"), text)
