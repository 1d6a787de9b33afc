"""Why settings were refused, said beside the field that it is about."""

from collections.abc import Mapping
from typing import Any

from domain.device_settings import RESERVED_PINS, SettingsFault
from ui.components.field import Field
from ui.texts import _


def say_fault(
    fault: SettingsFault, fields: Mapping[str, Field], wanted: Mapping[str, Any], has: Mapping[str, float]
) -> None:
    """`fields` by their paths; `wanted` in the plain form, `has` by paths."""
    texts = {
        SettingsFault.EMPTY: _("Enter at least one setting."),
        SettingsFault.NUMBER: _("This device does not take that."),
        SettingsFault.THRESHOLD: _("The sensor can't measure that."),
        SettingsFault.CROSSED: _("Must be above the lower limit."),
        SettingsFault.PIN: _("The device needs GPIO 1, 3 and 6 to 11 for itself."),
        SettingsFault.PIN_TWICE: _("Something else hangs on this pin."),
    }
    path = _path_of(fault, wanted, has)
    fields.get(path, next(iter(fields.values()))).say(texts[fault])


def _path_of(fault: SettingsFault, wanted: Mapping[str, Any], has: Mapping[str, float]) -> str:
    """The path of the first setting that the fault is about; empty if it is about none."""
    pins: Mapping[str, int] = wanted.get("pins", {})
    if fault is SettingsFault.CROSSED:
        bounds: Mapping[str, Mapping[str, float]] = wanted["thresholds"]
        both = {watched: b for watched, b in bounds.items() if len(b) == 2}
        return next((f"thresholds.{watched}.high" for watched, b in both.items() if b["low"] >= b["high"]), "")
    if fault is SettingsFault.PIN:
        return next((f"pins.{name}" for name, pin in pins.items() if pin in RESERVED_PINS), "")
    if fault is SettingsFault.PIN_TWICE:
        taken = {path.removeprefix("pins."): pin for path, pin in has.items() if path.startswith("pins.")}
        used = list({**taken, **pins}.values())
        return next((f"pins.{name}" for name, pin in pins.items() if used.count(pin) > 1), "")
    return ""
