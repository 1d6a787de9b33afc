"""A device's own settings: what may be asked of it, and how that differs from what it says that it has.

In their plain form, as devices and the API have them:
`{"interval_s": 5, "thresholds": {"t_c": {"low": 15, "high": 30}}, "pins": {"relay": 25, "led": -1}}`.
Of a number or a pin that is left out the device keeps its own; thresholds are all of them or none.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from domain.readings import FACTS, METRICS, Metric

Range = tuple[float, float]

NUMBERS: Mapping[str, Mapping[str, tuple[int, int]]] = {
    "pit": {"interval_s": (2, 3_600)},  # a DHT22 needs 2 s between two measurements
    "pump": {
        "interval_s": (1, 5),  # between two states; three missed ones are silence
        "lease_cap_ms": (5_000, 60_000),
        "min_off_ms": (0, 600_000),
        "starts_per_hour": (1, 60),
        "grid_delay_min_ms": (0, 600_000),
        "grid_delay_max_ms": (0, 600_000),
        "watchdog_ms": (1_000, 3_000),
        "feedback_within_ms": (100, 10_000),
        "current_ua_per_count": (1, 1_000_000),
        "trip_delay_ms": (100, 60_000),
        "inrush_ms": (0, 30_000),
        "trip_rest_s": (1, 86_400),
    },
}
"""Whole numbers by kind of device, with their least and greatest value: those that the firmware takes. A name ends in
its unit."""

THRESHOLDS: Mapping[str, Mapping[str, Range]] = {
    "pit": {metric.value: (FACTS[metric].lowest, FACTS[metric].highest) for metric in METRICS},
    "pump": {"current_ma": (0, 100_000)},  # below it the pump runs dry, above it the motor is overloaded
}
"""What a device can watch by itself, with the range of its sensor."""

NOT_WIRED = -1
PIN_MOST = 39  # ESP32
RESERVED_PINS = frozenset({1, 3, *range(6, 12)})
"""An ESP32's console, and its flash memory: a node that used one would not boot again."""
PINS_MAX = 24
PIN_NAME = re.compile(r"[a-z][a-z0-9_]{0,23}")


class SettingsFault(StrEnum):
    """Why settings can't be asked of a device."""

    EMPTY = "settings_empty"
    NUMBER = "setting_out_of_range"
    """Outside what this kind of device takes, or nothing that it knows."""
    THRESHOLD = "threshold_out_of_range"
    """Outside what the sensor can measure, or of something that this kind of device does not watch."""
    CROSSED = "low_above_high"
    PIN = "pin_unusable"
    """Not a pin of an ESP32, one that it needs for itself, or of a name that no pin can have."""
    PIN_TWICE = "pin_used_twice"


@dataclass(frozen=True, slots=True)
class Difference:
    """One setting, by its path: `thresholds.t_c.high`. None: nothing was asked, or the device says nothing of it."""

    path: str
    desired: float | None
    reported: float | None

    @property
    def is_settled(self) -> bool:
        return self.desired is None or self.desired == self.reported


def check(kind: str, settings: Mapping[str, Any], has: Mapping[str, Any] | None = None) -> SettingsFault | None:
    """Says what is wrong with settings, in their plain form and of the right types, for a device of this kind (`pit` or
    `pump`), or None. `has`: what the device says that it has.
    """
    if not settings:
        return SettingsFault.EMPTY
    for name, value in settings.items():
        if name not in ("thresholds", "pins"):
            least, most = NUMBERS[kind].get(name, (1, 0))
            if not least <= value <= most:
                return SettingsFault.NUMBER
    for watched, bounds in settings.get("thresholds", {}).items():
        if fault := _fault_of_threshold(THRESHOLDS[kind].get(watched), bounds.get("low"), bounds.get("high")):
            return fault
    pins = settings.get("pins", {})
    if len(pins) > PINS_MAX or not all(_is_usable(name, pin) for name, pin in pins.items()):
        return SettingsFault.PIN
    taken = {path.removeprefix("pins."): pin for path, pin in flat(has).items() if path.startswith("pins.")}
    used = [pin for pin in {**taken, **pins}.values() if pin != NOT_WIRED]
    return SettingsFault.PIN_TWICE if pins and len(set(used)) < len(used) else None


def _fault_of_threshold(range_: Range | None, low: float | None, high: float | None) -> SettingsFault | None:
    if range_ is None or any(value is not None and not range_[0] <= value <= range_[1] for value in (low, high)):
        return SettingsFault.THRESHOLD
    return SettingsFault.CROSSED if low is not None and high is not None and low >= high else None


def _is_usable(name: str, pin: int) -> bool:
    wired = 0 <= pin <= PIN_MOST and pin not in RESERVED_PINS
    return PIN_NAME.fullmatch(name) is not None and (wired or pin == NOT_WIRED)


def without_nothing(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is None: as it is kept, compared and sent. Thresholds may be empty, which asks for none."""
    kept = {name: part for name, part in settings.items() if part is not None and not (name == "pins" and not part)}
    if "thresholds" in kept:
        sides = {
            watched: {side: value for side, value in bounds.items() if value is not None}
            for watched, bounds in kept["thresholds"].items()
        }
        kept["thresholds"] = {watched: bounds for watched, bounds in sides.items() if bounds}
    return kept


def flat(settings: Mapping[str, Any] | None) -> dict[str, float]:
    """Every setting by its path; what is None is left out."""
    return dict(_paths("", settings or {}))


def _paths(before: str, part: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for name, value in part.items():
        if isinstance(value, Mapping):
            yield from _paths(f"{before}{name}.", value)
        elif value is not None:
            yield before + name, value


def differences(desired: Mapping[str, Any] | None, reported: Mapping[str, Any] | None) -> list[Difference]:
    """Every setting that is asked for or reported, in the order in which people read them."""
    wanted, said = flat(desired), flat(reported)
    return [Difference(path, wanted.get(path), said.get(path)) for path in sorted({*wanted, *said}, key=_place)]


def _place(path: str) -> tuple[int, int, str]:
    """Numbers in their order, thresholds in that of METRICS and the lower one first, then pins by name."""
    group, _dot, rest = path.partition(".")
    watched, _dot, side = rest.partition(".")
    if group == "pins":
        return 2, 0, rest
    if group == "thresholds":
        return 1, METRICS.index(Metric(watched)) if watched in METRICS else len(METRICS), "01"[side == "high"]
    names = list(NUMBERS["pump"])
    return 0, names.index(group) if group in names else len(names), group
