"""Every tenant's motors at a glance, live, and what needed somebody; for who runs the platform."""

from datetime import UTC, datetime
from html import escape

from nicegui.element import Element
from starlette.requests import Request
from starlette.responses import Response

from actions.people import Seat
from domain.access import Intent
from domain.limits import Level
from storage.pump_views import IncidentRow, MotorView, MotorWord, TenantMotors
from ui import motor_alert_words
from ui.components.markup import chip, raw
from ui.components.pieces import Card, empty
from ui.components.rows import row
from ui.components.views import Tone
from ui.frame import Frame
from ui.page import page
from ui.pages import shell
from ui.pages.owner.pump_motor import motor_look, why_text
from ui.pump_feed import PumpFeed, every_tenant
from ui.texts import _, moment, ngettext, number

WRONG = (MotorWord.FAULT, MotorWord.UNKNOWN)


def install(feed: PumpFeed) -> None:
    @page(shell.MOTORS)
    async def motors(request: Request) -> Response | None:
        seat = await shell.admit(request, Intent.SEE_ALL_PUMPS)
        if not isinstance(seat, Seat):
            return seat
        async with shell.framed(seat, current=shell.MOTORS, title=_("Motors")) as frame:
            shown = _Motors(seat, frame)
            await shown.show(*await every_tenant())
        feed.follow_all(shown.show)
        return None


class _Motors:
    """Drawn anew when something of it reads differently."""

    def __init__(self, seat: Seat, frame: Frame) -> None:
        self._seat, self._frame = seat, frame
        self._drawn: object = None
        self._place = Element("div")

    async def show(self, tenants: list[TenantMotors], incidents: list[IncidentRow]) -> None:
        self._frame.set_title(_title(tenants))
        reads = [(each.name, each.waiting, [_reads(motor) for motor in each.motors]) for each in tenants]
        if (reads, incidents) == self._drawn:
            return
        self._drawn = (reads, incidents)
        self._place.clear()
        with self._place:
            self._draw(tenants, incidents)

    def _draw(self, tenants: list[TenantMotors], incidents: list[IncidentRow]) -> None:
        if not tenants:
            empty("water_pump", _("No motor yet"), _("Motors of all tenants appear here once they are set up."))
            return
        with Element("div").classes("columns"):
            with Element("div").classes("two stack wide"):
                for tenant in sorted(tenants, key=lambda each: not _wrong(each)):
                    _tenant(tenant)
            with Card(_("What needed somebody")):
                for incident in incidents:
                    _incident(incident, self._seat.zone, datetime.now(UTC))
                if not incidents:
                    row("verified_user", _("Nothing"), _("No motor has called for anybody."))


def _tenant(tenant: TenantMotors) -> None:
    with Card(tenant.name) as card:
        with card.header:
            waiting = ngettext("{n} is waiting", "{n} are waiting", tenant.waiting).format(n=number(tenant.waiting))
            raw(escape(waiting) if tenant.waiting else "", "span").classes("fine num")
        for motor in tenant.motors:
            name, why, word = _reads(motor)
            row("water_pump", name, why, chip=chip(*word))


def _reads(motor: MotorView) -> tuple[str, str, tuple[Tone, str, str]]:
    return motor.name, why_text(motor), motor_look(motor.word)


def _incident(incident: IncidentRow, zone: str, now: datetime) -> None:
    span = moment(incident.began_at, zone, now)
    if incident.ended_at is None:
        span = _("since {time}").format(time=span)
    is_open = incident.ended_at is None
    icon = "history" if not is_open else "error" if incident.level is Level.CRITICAL else "warning"
    what = motor_alert_words.what(incident.rule, incident.detail)
    row(icon, f"{incident.tenant_name}, {incident.motor_name}", f"{what[:1].upper()}{what[1:]}, {span}")


def _wrong(tenant: TenantMotors) -> int:
    return sum(motor.word in WRONG for motor in tenant.motors)


def _title(tenants: list[TenantMotors]) -> str:
    count = sum(len(tenant.motors) for tenant in tenants)
    wrong = sum(map(_wrong, tenants))
    if wrong:
        return ngettext("{n} motor needs a look", "{n} motors need a look", wrong).format(n=number(wrong))
    return ngettext("{n} motor", "{n} motors", count).format(n=number(count)) if count else _("Motors")
