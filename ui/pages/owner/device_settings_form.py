"""The dialog in which somebody says how a device is to be set."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from nicegui import ui
from nicegui.element import Element

from actions import device_settings
from actions.devices import Kind
from domain.access import Intent
from domain.device_settings import NOT_WIRED, NUMBERS, PIN_MOST, THRESHOLDS, SettingsFault, flat, without_nothing
from domain.readings import Metric
from domain.refusals import Refusal
from storage.device_settings import SettingsRow
from storage.queries import DeviceRow
from ui.components.dialog import answer_of, confirm
from ui.components.field import Field, number_field
from ui.components.markup import Text
from ui.components.pieces import button
from ui.components.toast import toast
from ui.pages.account.asking import permitted
from ui.pages.owner.device_setting_words import setting_unit, setting_value, setting_word
from ui.pages.owner.device_settings_fault import say_fault
from ui.pages.owner.device_words import refusal_text
from ui.texts import _, number

OFTEN_WATCHED: Mapping[str, tuple[str, ...]] = {
    Kind.PIT: (Metric.T_C, Metric.RH_PCT, Metric.PM25),
    Kind.PUMP: ("current_ma",),
}
CLEAN_AT_NOTHING = (Metric.PM1, Metric.PM25, Metric.PM10, Metric.IAQ)
"""Of these too little is no matter."""


async def change_settings(device: DeviceRow, row: SettingsRow) -> bool:
    """Asks how the device is to be set, and asks the device; returns whether something may have changed."""
    asked, has = flat(row.desired), flat(row.reported)
    with ui.dialog() as dialog, Element("div").classes("dialog broad"):
        title = Text("h2", _("Settings of {name}").format(name=device.name))
        Text("p", _("What is left empty stays as the device has it."))
        fields = _fields(device.kind, asked, has)

        async def save() -> None:
            wrong = [field for field in fields.values() if not field.is_right()]  # each says what is wrong with it
            if wrong:
                wrong[0].focus()
            elif await _save(device, row, fields):
                dialog.submit(True)

        with Element("footer"):
            button(_("Cancel"), dialog.close)
            button(_("Save settings"), save, kind="primary")
    dialog.props["aria-labelledby"] = title.html_id
    return bool(await answer_of(dialog))


def _fields(kind: str, asked: Mapping[str, float], has: Mapping[str, float]) -> dict[str, Field]:
    """A field a setting, by its path: numbers, thresholds in pairs, and the pins that the device told of. Thresholds
    are all of them, so the device's own stand there as long as nobody asked for any.
    """
    fields: dict[str, Field] = {}

    def add(path: str, range_: tuple[float, float], value: float | None) -> None:
        help = _("has {value}").format(value=setting_value(path, has[path])) if path in has else ""
        whole = not path.startswith("thresholds.")
        check = _between(*range_, whole=whole)
        fields[path] = number_field(setting_word(path), value, unit=setting_unit(path), help=help, check=check)

    with Element("div").classes("form-grid"):
        for name, range_ in NUMBERS[kind].items():
            add(name, range_, asked.get(name))
    shown = {path.split(".")[1] for path in (*asked, *has) if path.startswith("thresholds.")}
    were_asked = any(path.startswith("thresholds.") for path in asked)
    Text("h3", _("Speaks up at once beyond") if kind == Kind.PIT else _("Trips beyond"))
    with Element("div").classes("form-grid"):
        for watched, limits in THRESHOLDS[kind].items():
            for side in ("low", "high") if watched not in CLEAN_AT_NOTHING else ("high",):
                if watched in shown or watched in OFTEN_WATCHED[kind]:
                    path = f"thresholds.{watched}.{side}"
                    add(path, limits, (asked if were_asked else has).get(path))
    pins = sorted(path for path in {*asked, *has} if path.startswith("pins."))
    if pins:
        Text("h3", _("Pins (GPIO)"))
        with Element("div").classes("form-grid"):
            for path in pins:
                add(path, (NOT_WIRED, PIN_MOST), asked.get(path))
    return fields


async def _save(device: DeviceRow, row: SettingsRow, fields: Mapping[str, Field]) -> bool:
    known = flat(row.reported) | flat(row.desired)
    wanted = _nested({path: field.value for path, field in fields.items()})
    if not wanted.get("thresholds") and not any(path.startswith("thresholds.") for path in known):
        wanted.pop("thresholds", None)  # there are none, and none are asked for
    pins = flat({"pins": wanted.get("pins", {})})
    if any(known.get(path) != pin for path, pin in pins.items()):
        question = _("Change the pins of {name}?").format(name=device.name)
        effect = _("With a wrong pin it measures nothing, or its motor does not start. It restarts for this.")
        if not await confirm(question, effect, _("Change pins")):
            return False
    seat = await permitted(Intent.MANAGE_DEVICES)
    if seat is None:
        return False
    answer = await device_settings.ask(device.id, wanted, seat.viewer, datetime.now(UTC))
    if isinstance(answer, SettingsFault):
        say_fault(answer, fields, wanted, flat(row.reported))
        return False
    if isinstance(answer, Refusal):
        toast("warn", _("It has these settings already.") if answer is Refusal.ALREADY_SO else refusal_text(answer))
    return True


def _nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """Back from paths to the plain form; whole numbers where the protocol wants them."""
    settings: dict[str, Any] = {}
    for path, value in values.items():
        *groups, last = path.split(".")
        place = settings
        for group in groups:
            place = place.setdefault(group, {})
        if value is not None:
            place[last] = value if groups[:1] == ["thresholds"] else int(value)
    return without_nothing(settings)


def _between(lowest: float, highest: float, *, whole: bool) -> Callable[[Any], str | None]:
    def check(value: Any) -> str | None:
        if value is None or value == "":
            return None
        if not lowest <= float(value) <= highest:
            return _("Enter {low} to {high}, or nothing.").format(low=number(lowest), high=number(highest))
        return _("Enter a whole number.") if whole and float(value) % 1 else None

    return check
