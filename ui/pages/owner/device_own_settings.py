"""The settings that live on the device: what is asked of it beside what it says that it has."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from html import escape

from actions.people import Seat
from domain.access import Intent
from domain.commands import ASK_AGAIN, Kind, Stage
from domain.device_settings import Difference, differences
from storage.command_history import CommandRow
from storage.device_settings import SettingsRow
from storage.queries import DeviceRow
from ui.components import markup
from ui.components.markup import raw
from ui.components.pieces import Card, button
from ui.components.views import Tone
from ui.pages.owner.device_command_words import reason_text, why
from ui.pages.owner.device_setting_words import setting_value, setting_word
from ui.pages.owner.device_settings_form import change_settings
from ui.texts import _, moment

Changed = Callable[[], Awaitable[None]]


class OwnSettingsCard:
    """Stays while the page is open; `show` fills it again."""

    def __init__(self, seat: Seat, device: DeviceRow, changed: Changed) -> None:
        self._seat, self._device, self._changed = seat, device, changed
        self._row = SettingsRow()
        with Card(_("Settings")) as card:
            with card.header:
                self._chip = raw("", "span").classes("cluster")
                if seat.viewer.may(Intent.MANAGE_DEVICES):
                    button(_("Change"), self._change, kind="plain")
            self._body = raw("").classes("inside")
            self._note = raw("", "p").classes("note fine")
        self._chip.props["aria-live"] = "polite"

    def show(self, device: DeviceRow, row: SettingsRow, last: CommandRow | None) -> None:
        """`last` is the newest command that brought settings."""
        self._device, self._row = device, row
        under_way = last is not None and last.command.is_open
        self._chip.content = markup.chip(*_state(row, under_way))
        lines = "".join(_line(each) for each in differences(row.desired, row.reported))
        nothing = escape(_("It has not said yet what it has."))
        self._body.content = lines or f'<p class="quiet nothing">{nothing}</p>'
        self._note.content = escape(_note(row, last, self._seat.zone, datetime.now(UTC)))
        self._note.visible = row.desired is not None

    async def _change(self) -> None:
        if await change_settings(self._device, self._row):
            await self._changed()


def last_set(rows: list[CommandRow]) -> CommandRow | None:
    """The newest command that brings settings."""
    return next((row for row in rows if row.command.kind is Kind.SET), None)


def _state(row: SettingsRow, under_way: bool) -> tuple[Tone, str, str]:
    if row.reported is None and row.desired is None:
        return "unknown", _("Not said yet"), "help"
    if row.is_settled:
        return "ok", _("As asked") if row.desired is not None else _("Its own"), "check_circle"
    if under_way:
        return "brand", _("On its way"), "sync"
    return "warn", _("Differs"), "warning"


def _line(each: Difference) -> str:
    has = escape(setting_value(each.path, each.reported))
    if not each.is_settled:
        asked = escape(_("asked: {value}").format(value=setting_value(each.path, each.desired)))
        has = f'<span class="quiet">{has}</span>{markup.chip("warn", asked, "arrow_forward")}'
    return markup.key_value(setting_word(each.path), has)


def _note(row: SettingsRow, last: CommandRow | None, zone: str, now: datetime) -> str:
    """Who asked, and why the device has not taken it yet."""
    if row.desired_at is None:
        return ""
    at, by = moment(row.desired_at, zone, now), row.desired_by or "PitPilot"
    said = _("Asked {time} by {name}.").format(time=at, name=by)
    if row.is_settled or last is None or last.command.is_open:
        return said
    if last.command.stage is Stage.REFUSED:
        return f"{said} {reason_text(last.command.reason)}"
    if last.command.reason in ASK_AGAIN:
        return f"{said} {why(last.command)}"
    return said + " " + _("It did not answer. It is asked again when it is back.")
