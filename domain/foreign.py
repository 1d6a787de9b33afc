"""Sensors of other makes: JSON messages of any form, and the rules by which values of ours are read out of them.

A rule names a metric, the path to its value (domain/json_paths.py), and the unit that it comes in. Everything here is
pure: the same message gives the same reading whenever it is read, so that one that comes twice is stored once.
"""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

from domain.json_paths import parse_path, path_text, value_at, values_in
from domain.readings import METRICS, Metric, Reject

ROOT = KIND = "foreign"
"""The first level of their topics, and the kind of device that one is."""
PAYLOAD_BYTES_MAX = 8_192
TOPIC_CHARS_MAX = 200
LEAVES_MAX = 60
MILLISECONDS_FROM = 100_000_000_000
"""A Unix time from here on counts milliseconds: in seconds it would be the year 5138."""


@dataclass(frozen=True, slots=True)
class Unit:
    """How a value in this unit becomes one in the metric's own: `value * factor + offset`."""

    factor: float = 1.0
    offset: float = 0.0


_DUST = {"µg/m³": Unit(), "mg/m³": Unit(1_000.0)}
UNITS: Mapping[Metric, Mapping[str, Unit]] = {
    Metric.T_C: {"°C": Unit(), "°F": Unit(5 / 9, -160 / 9), "K": Unit(1.0, -273.15)},
    Metric.RH_PCT: {"%": Unit(), "0…1": Unit(100.0)},
    Metric.P_HPA: {
        "hPa": Unit(), "Pa": Unit(0.01), "kPa": Unit(10.0),
        "mmHg": Unit(1.333224), "inHg": Unit(33.86389),  # conventional, at 0 °C (NIST SP 811)
    },
    Metric.PM1: _DUST,
    Metric.PM25: _DUST,
    Metric.PM10: _DUST,
    Metric.IAQ: {"index": Unit()},
}  # fmt: skip
"""The first of each is the metric's own."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Where a metric stands in a message, and in which unit."""

    metric: Metric
    path: str
    unit: str

    @property
    def fault(self) -> bool:
        return parse_path(self.path) is None or self.unit not in UNITS[self.metric]


@dataclass(frozen=True, slots=True)
class Found:
    """What a message says: one value for each of METRICS; its own moment in microseconds since 1970 UTC, if any."""

    values: tuple[float | None, ...]
    at_us: int | None


@dataclass(frozen=True, slots=True)
class Unread:
    """Why a message says nothing that can be stored."""

    reason: Reject
    detail: str


def topic_fault(topic: str) -> bool:
    """Whether this can't be one topic below the tenant's branch."""
    wild = any(c in topic for c in "+#") or not topic.isprintable()
    return wild or not 0 < len(topic) <= TOPIC_CHARS_MAX or topic.startswith(("/", "$")) or topic.endswith("/")


def read(payload: bytes, rules: Sequence[Rule], time_path: str, zone: tzinfo) -> Found | Unread:
    """Reads a message by its rules. `zone` is meant where its time says none."""
    if len(payload) > PAYLOAD_BYTES_MAX:
        return Unread(Reject.OVERSIZED, f"{len(payload)} bytes, at most {PAYLOAD_BYTES_MAX}")
    message = decode(payload)
    if isinstance(message, Unread):
        return message
    values: dict[Metric, float] = {}
    for rule in rules:
        said = value_at(message, parse_path(rule.path) or ())
        if said is None:
            continue
        value = _number(said)
        if value is None:
            return Unread(Reject.MALFORMED, f"{rule.path} is no number")
        unit = UNITS[rule.metric][rule.unit]
        values[rule.metric] = round(value * unit.factor + unit.offset, 6)
    if not values:
        return Unread(Reject.NO_VALUE, ", ".join(rule.path for rule in rules))
    at_us = None
    if time_path:
        at_us = _moment_us(value_at(message, parse_path(time_path) or ()), zone)
        if at_us is None:
            return Unread(Reject.NO_TIME, time_path)
    return Found(tuple(values.get(metric) for metric in METRICS), at_us)


def decode(payload: bytes) -> Any:
    """The message as JSON, or Unread."""
    try:
        return json.loads(payload, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        return Unread(Reject.MALFORMED, str(error)[:200])


def fingerprint(topic: str, payload: bytes) -> int:
    """0…2³¹−1, the same for the same message: it stands in the place of a boot's number."""
    return int.from_bytes(hashlib.sha256(topic.encode() + b"\x00" + payload).digest()[:4]) >> 1


def leaves(message: Any) -> list[tuple[str, float]]:
    """Every number in a message with its path, as far as they are few."""
    found = []
    for path, value in values_in(message):
        number = _number(value)
        if number is not None and parse_path(path_text(path)) == path:
            found.append((path_text(path), number))
        if len(found) >= LEAVES_MAX:
            break
    return found


_NAMES: Mapping[Metric, frozenset[str]] = {
    Metric.T_C: frozenset({"temperature", "temp", "t"}),
    Metric.RH_PCT: frozenset({"humidity", "hum", "rh"}),
    Metric.P_HPA: frozenset({"pressure"}),
    Metric.PM1: frozenset({"pm1", "pm1.0", "pm1_0"}),
    Metric.PM25: frozenset({"pm25", "pm2.5", "pm2_5"}),
    Metric.PM10: frozenset({"pm10"}),
    Metric.IAQ: frozenset({"iaq", "aqi"}),
}
_TIMES = frozenset({"time", "last_seen", "timestamp", "ts"})


def guess(message: Any) -> tuple[tuple[Rule, ...], str]:
    """The rules that the names in a message suggest, and where its time seems to stand."""
    fahrenheit = isinstance(message, Mapping) and message.get("TempUnit") == "F"  # as Tasmota says it
    rules: dict[Metric, Rule] = {}
    for path, _ in leaves(message):
        last = (parse_path(path) or ("",))[-1]
        for metric, names in _NAMES.items():
            if str(last).lower() in names and metric not in rules:
                unit = "°F" if metric is Metric.T_C and fahrenheit else next(iter(UNITS[metric]))
                rules[metric] = Rule(metric, path, unit)
    times = [key for key in message if str(key).lower() in _TIMES] if isinstance(message, Mapping) else []
    usable = [key for key in times if _moment_us(message[key], UTC) is not None]
    return tuple(rules[metric] for metric in Metric if metric in rules), path_text((usable[0],)) if usable else ""


def _number(said: Any) -> float | None:
    """A finite number; also one that is written as a text, as some devices do."""
    if isinstance(said, bool) or not isinstance(said, int | float | str):
        return None
    try:
        value = float(said)
    except (ValueError, OverflowError):
        return None
    return value if math.isfinite(value) else None


def _moment_us(said: Any, zone: tzinfo) -> int | None:
    """A text in ISO 8601, or a Unix time in seconds or milliseconds."""
    number = _number(said)
    if number is not None:
        seconds = number / 1_000 if abs(number) >= MILLISECONDS_FROM else number
        return round(seconds * 1_000_000) if abs(seconds) < MILLISECONDS_FROM else None
    try:
        at = datetime.fromisoformat(said)
    except (TypeError, ValueError):
        return None
    at = at if at.tzinfo is not None else at.replace(tzinfo=zone)
    try:
        return round(at.timestamp() * 1_000_000)
    except (OverflowError, ValueError):
        return None


def _no_number(said: str) -> float:
    raise ValueError(f"{said} is no number")
