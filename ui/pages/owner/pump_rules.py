"""The rules of a tenant's pumps: its limits with their defaults, and the groups in which motors exclude each other."""

from collections.abc import Mapping
from dataclasses import dataclass

from nicegui.element import Element
from starlette.requests import Request
from starlette.responses import Response

from actions.people import Seat
from actions.pumps import motors
from actions.pumps.motors import WrongLimits
from domain.access import Intent
from domain.pump.limit_ranges import RANGES, LimitFault
from domain.pump.limits import DEFAULTS, HOUR_MS, MINUTE_MS
from domain.refusals import Refusal
from storage import pump_motors
from storage.session import transaction
from ui.components.field import Field, number_field
from ui.components.markup import Text
from ui.components.pieces import Card, button
from ui.components.toast import toast
from ui.page import page
from ui.pages import shell
from ui.pages.account.asking import permitted
from ui.pages.owner.pump_groups import GroupsCard
from ui.pages.pump_refusals import refusal_text
from ui.texts import _, number


@dataclass(frozen=True, slots=True)
class _Shown:
    """How a limit is asked for: `per` of the domain's units are one of the field's."""

    label: str
    unit: str
    per: int
    help: str


def install() -> None:
    @page(shell.PUMP_RULES)
    async def rules(request: Request) -> Response | None:
        seat = await shell.admit(request, Intent.MANAGE_PUMPS)
        if not isinstance(seat, Seat):
            return seat
        if not seat.has_pump:
            await shell.no_pump(seat)
            return None
        async with transaction(seat.viewer.tenant_id) as tx:
            said = await pump_motors.limits(tx)
        async with shell.framed(seat, current=shell.PUMP, title=_("Rules of the pump"), back=shell.PUMP):
            with Element("div").classes("columns"):
                with Element("div").classes("two"):
                    LimitsCard(said)
                groups = GroupsCard(seat)
            await groups.show()
        return None


def shown_limits() -> Mapping[str, _Shown]:
    """In the order of the form; what is only for the protocol is not asked for."""
    s, minutes, hours = _("s"), _("min"), _("h")
    return {
        "minimum_run_s": _Shown(_("Shortest turn"), minutes, 60, _("Nobody starts for less.")),
        "longest_run_s": _Shown(_("Longest turn"), minutes, 60, _("With all that is added to it.")),
        "wait_limit_ms": _Shown(
            _("Longest wait in line"), hours, HOUR_MS, _("Then the place is lost. Power cuts don't count.")
        ),
        "line_max": _Shown(_("People in line"), _("people"), 1, _("More are refused.")),
        "slot_kept_ms": _Shown(
            _("Turn kept at a fault"), s, 1_000, _("Then others go first; the place in line is kept.")
        ),
        "own_hold_limit_ms": _Shown(
            _("Longest hold by a fault"), minutes, MINUTE_MS, _("Then the turn ends and its rest goes back.")
        ),
        "grid_hold_limit_ms": _Shown(
            _("Longest hold by power cuts"), hours, HOUR_MS, _("Then the turn ends and its rest goes back.")
        ),
        "stable_for_ms": _Shown(
            _("Steady before a start"), s, 1_000, _("So long power, motor and connection must be good.")
        ),
        "restart_spread_ms": _Shown(
            _("Spread after a power cut"), s, 1_000, _("Motors start one by one within this time.")
        ),
        "start_timeout_ms": _Shown(
            _("Time to start"), s, 1_000, _("A motor that is not measured ON by then has failed.")
        ),
        "off_time_max_ms": _Shown(
            _("Longest rest of a motor"), minutes, MINUTE_MS, _("So long its rest is waited for.")
        ),
        "silent_after_ms": _Shown(
            _("Silent after"), s, 1_000, _("A controller that says nothing for so long is away.")
        ),
    }


class LimitsCard:
    """One form; an empty field takes the default. What is wrong stands below its field."""

    def __init__(self, said: Mapping[str, int]) -> None:
        self._shown = shown_limits()
        with Card(_("Limits")), Element("div").classes("inside stack wide limits"):
            Text("p", _("An empty field takes the default.")).classes("quiet")
            with Element("div").classes("form-grid"):
                self._fields = {name: self._field(name, said.get(name)) for name in self._shown}
            with Element("footer").classes("cluster"):
                button(_("Save limits"), self._save, kind="primary")

    def _field(self, name: str, value: int | None) -> Field:
        shown = self._shown[name]
        default = getattr(DEFAULTS, name) / shown.per
        usual = _("Default {value}.").format(value=f"{_plain(default)} {shown.unit}")
        given = None if value is None else value / shown.per
        return number_field(
            shown.label, given, unit=shown.unit, help=f"{usual} {shown.help}", check=lambda v: self._fault(name, v)
        )

    def _fault(self, name: str, value: float | str | None) -> str | None:
        if value is None or value == "":
            return None
        shown, (least, most) = self._shown[name], RANGES[name]
        if least <= float(value) * shown.per <= most and (float(value) * shown.per).is_integer():
            return None
        low, high = _plain(least / shown.per), _plain(most / shown.per)
        return _("Enter {low} to {high}, or nothing.").format(low=low, high=high)

    async def _save(self) -> None:
        wrong = [field for field in self._fields.values() if not field.is_right()]  # each says what is wrong with it
        if wrong:
            return
        seat = await permitted(Intent.MANAGE_PUMPS)
        if seat is None:
            return
        changes = {
            name: None if field.value in (None, "") else round(float(field.value) * self._shown[name].per)
            for name, field in self._fields.items()
        }
        answer = await motors.change_limits(changes, seat.viewer)
        if isinstance(answer, WrongLimits):
            for name, fault in answer.faults.items():
                self._fields[name].say(_fault_text(fault))
        elif isinstance(answer, Refusal):
            toast("warn", refusal_text(answer))
        else:
            toast("ok", _("Saved. It holds from now on, also for turns that run."))


def _fault_text(fault: LimitFault) -> str:
    texts = {
        LimitFault.TOO_SMALL: _("That is too small."),
        LimitFault.TOO_LARGE: _("That is too large."),
        LimitFault.ABOVE_LONGEST: _("The shortest turn is longer than the longest one."),
        LimitFault.SLOT_BEYOND_HOLD: _("That is longer than a turn may stand still by a fault."),
    }
    return texts[fault]


def _plain(value: float) -> str:
    """At most two digits after the point, none where they say nothing."""
    digits = next(digits for digits in (0, 1, 2) if digits == 2 or round(value, digits) == value)
    return number(value, digits)
