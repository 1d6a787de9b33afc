"""What somebody wants to be told outside of open pages, and when not to be."""

from datetime import UTC, datetime, time

from nicegui import ui
from nicegui.element import Element

from actions.people import Seat
from actions.people.profile import set_notify
from domain.access import Intent
from domain.notify import AlertsWanted, NotifyPrefs, QuietHours
from domain.refusals import Refusal
from ui.components.field import Field, select_field, text_field
from ui.components.markup import Text
from ui.components.pieces import Card
from ui.components.toast import toast
from ui.pages.account.asking import permitted
from ui.pages.account.words import refusal_text
from ui.texts import _

USUAL_QUIET = QuietHours(time(22), time(7))


class NotificationsCard:
    """Saved with each change."""

    def __init__(self, seat: Seat, prefs: NotifyPrefs) -> None:
        self._has_alerts = seat.viewer.may(Intent.SEE_ALERTS)
        wanted = {
            AlertsWanted.CRITICAL: _("Critical alerts only"),
            AlertsWanted.ALL: _("Every alert"),
            AlertsWanted.NONE: _("No alerts"),
        }
        quiet = prefs.quiet or USUAL_QUIET
        with Card(_("Notifications"), pad=True), Element("div").classes("stack wide"):
            with Element("div").classes("stack wide") as alerts:
                self._alerts = select_field(
                    _("Tell me about"), wanted, prefs.alerts, help=_("Outside of open pages, in this workshop or pump.")
                )
                self._over = ui.checkbox(_("That an alert is over, if I was told of it"), value=prefs.over)
                self._is_quiet = ui.checkbox(_("Quiet hours"), value=prefs.quiet is not None)
                with Element("div").classes("stack wide") as self._hours:
                    with Element("div").classes("pair"):
                        self._begin = _time_field(_("From"), quiet.begin)
                        self._end = _time_field(_("Until"), quiet.end)
                    zone = _("By the clock of {zone}. What is still open then comes when they end.")
                    Text("p", zone.format(zone=seat.zone)).classes("quiet")
                    self._wakes = ui.checkbox(_("Critical alerts come in quiet hours too"), value=prefs.critical_wakes)
            alerts.visible = self._has_alerts
            self._account = ui.checkbox(_("Sign-ins from new places and changed passwords"), value=prefs.account)
        self._hours.visible = self._is_quiet.value
        for box in (self._over, self._is_quiet, self._wakes, self._account):
            box.on_value_change(self._save)
        for field in (self._alerts, self._begin, self._end):
            field.input.on_value_change(self._save)

    async def _save(self) -> None:
        self._hours.visible = bool(self._is_quiet.value)
        quiet = QuietHours.of((self._begin.value, self._end.value)) if self._is_quiet.value else None
        if self._is_quiet.value and quiet is None:
            return  # half typed
        seat = await permitted(Intent.CHANGE_OWN_ACCOUNT)
        if seat is None:
            return
        prefs = NotifyPrefs(
            alerts=AlertsWanted(self._alerts.value),
            account=bool(self._account.value),
            over=bool(self._over.value),
            quiet=quiet,
            critical_wakes=bool(self._wakes.value),
        )
        answer = await set_notify(seat, prefs, datetime.now(UTC))
        if isinstance(answer, Refusal):
            toast("warn", refusal_text(answer))
        else:
            toast("ok", _("Saved."))


def _time_field(label: str, value: time) -> Field:
    field = text_field(label, value.isoformat("minutes"))
    field.input.props["type"] = "time"
    return field
