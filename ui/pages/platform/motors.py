"""Every tenant's motors at a glance, and what was measured against the rules; for who runs the platform."""

from datetime import UTC, datetime
from html import escape

from nicegui.element import Element
from starlette.requests import Request
from starlette.responses import Response

from actions.people import Seat
from domain.access import Intent
from domain.pump.words import Alarm
from storage import pump_lists, pump_reads
from storage.pump_views import IncidentRow, MotorView, MotorWord, TenantMotors
from storage.session import EVERY_TENANT, transaction
from ui.components.markup import chip, raw
from ui.components.pieces import Card, empty
from ui.components.rows import row
from ui.page import page
from ui.pages import shell
from ui.pages.owner.pump_motor import motor_look, why_text
from ui.texts import _, moment, ngettext, number

INCIDENTS_MAX = 20
WRONG = (MotorWord.FAULT, MotorWord.UNKNOWN)


def install() -> None:
    @page(shell.MOTORS)
    async def motors(request: Request) -> Response | None:
        seat = await shell.admit(request, Intent.SEE_ALL_PUMPS)
        if not isinstance(seat, Seat):
            return seat
        now = datetime.now(UTC)
        async with transaction(EVERY_TENANT) as tx:
            tenants = await pump_reads.all_tenants(tx, now)
            incidents = await pump_lists.incidents(tx, limit=INCIDENTS_MAX)
        async with shell.framed(seat, current=shell.MOTORS, title=_title(tenants)):
            _show(tenants, incidents, seat.zone, now)
        return None


def _show(tenants: list[TenantMotors], incidents: list[IncidentRow], zone: str, now: datetime) -> None:
    if not tenants:
        empty("water_pump", _("No motor yet"), _("Motors of all tenants appear here once they are set up."))
        return
    with Element("div").classes("columns"):
        with Element("div").classes("two stack wide"):
            for tenant in sorted(tenants, key=lambda each: not _wrong(each)):
                _tenant(tenant)
        with Card(_("Against the rules")):
            for incident in incidents:
                _incident(incident, zone, now)
            if not incidents:
                row("verified_user", _("Nothing"), _("No motor was measured ON without permission."))


def _tenant(tenant: TenantMotors) -> None:
    with Card(tenant.name) as card:
        with card.header:
            waiting = ngettext("{n} is waiting", "{n} are waiting", tenant.waiting).format(n=number(tenant.waiting))
            raw(escape(waiting) if tenant.waiting else "", "span").classes("fine num")
        for motor in tenant.motors:
            _motor(motor)


def _motor(motor: MotorView) -> None:
    tone, word, mark = motor_look(motor.word)
    row("water_pump", motor.name, why_text(motor), chip=chip(tone, word, mark))


def _incident(incident: IncidentRow, zone: str, now: datetime) -> None:
    what = {
        Alarm.ON_AFTER_LEASE: _("ON after its permission was over"),
        Alarm.ON_WITHOUT_RUN: _("ON though nobody started it"),
    }[incident.alarm]
    span = moment(incident.began_at, zone, now)
    if incident.ended_at is None:
        span = _("since {time}").format(time=span)
    row("error" if incident.ended_at is None else "history", f"{incident.tenant_name}, {incident.motor_name}",
        f"{what}, {span}")  # fmt: skip


def _wrong(tenant: TenantMotors) -> int:
    return sum(motor.word in WRONG for motor in tenant.motors)


def _title(tenants: list[TenantMotors]) -> str:
    count = sum(len(tenant.motors) for tenant in tenants)
    wrong = sum(map(_wrong, tenants))
    if wrong:
        return ngettext("{n} motor needs a look", "{n} motors need a look", wrong).format(n=number(wrong))
    return ngettext("{n} motor", "{n} motors", count).format(n=number(count)) if count else _("Motors")
