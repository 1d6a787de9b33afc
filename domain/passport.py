"""An environment passport: under which climate a car got its film, as a record that is signed and can be checked.

The record is JSON of texts, whole numbers and decimals as texts, so that its canonical form (sorted keys, no spaces,
UTF-8) is the same bytes wherever and whenever it is written.
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from domain.jobs.climate import Excursion, Minute, StageClimate, StageSpan
from domain.limits import Level, Limits
from domain.readings import FACTS, METRICS, Metric

FORMAT = "pitpilot-environment-passport/1"
PLOT_POINTS = 120
"""Of one metric over the whole work: what the plot of a page can show."""
VIN_SHOWN = 4
TRAILER = b"%PitPilot-signature "
"""Begins the last line of a signed PDF: a comment to readers of PDF, the signature of all bytes before it to us."""
ENVELOPE_BYTES_MAX = 1 << 20


class Verdict(StrEnum):
    GENUINE = "genuine"
    CHANGED = "changed"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


def as_json(record: Mapping[str, Any]) -> str:
    return json.dumps(record, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))


def canonical(record: Mapping[str, Any]) -> bytes:
    """What is signed."""
    return as_json(record).encode()


def decimal(value: float, metric: Metric) -> str:
    """With one digit more than pages show: fixed, so that it is the same text everywhere."""
    return f"{value:.{FACTS[metric].digits + 1}f}"


def vin_end(vin: str) -> str:
    """The last characters, which a registration shows too; empty: none is known."""
    return vin[-VIN_SHOWN:].upper() if len(vin) > VIN_SHOWN else ""


def initials(name: str) -> str:
    """`Ravi Kumar Sharma` is `RS`: of the first and the last word."""
    words = [word for word in name.split() if word[0].isalnum()]
    if not words:
        return ""
    return (words[0][0] + words[-1][0] if len(words) > 1 else words[0][0]).upper()


@dataclass(frozen=True, slots=True)
class Measured:
    """One span of work, with what was measured in it."""

    span: StageSpan
    judged: StageClimate
    limits: Mapping[Metric, Limits]
    minutes: Sequence[Minute]
    extremes: Mapping[Metric, tuple[float, float]]


def stage_record(measured: Measured) -> dict[str, Any]:
    judged = measured.judged
    return {
        "stage": measured.span.stage.value,
        "since": measured.span.since.isoformat(timespec="seconds"),
        "until": measured.span.until.isoformat(timespec="seconds"),
        "minutes": judged.whole_min,
        "minutes_measured": judged.known_min,
        "minutes_in_spec": judged.in_spec_min,
        "climate": {metric.value: said for metric in METRICS if (said := _metric_record(measured, metric))},
    }


def _metric_record(measured: Measured, metric: Metric) -> dict[str, Any] | None:
    values = [minute.values[metric] for minute in measured.minutes if metric in minute.values]
    if not values or metric not in measured.extremes:
        return None
    lowest, highest = measured.extremes[metric]
    low, high = measured.limits[metric].range_of(Level.WARNING)
    return {
        "mean": decimal(sum(values) / len(values), metric),
        "min": decimal(lowest, metric),
        "max": decimal(highest, metric),
        "allowed_from": None if low is None else decimal(low, metric),
        "allowed_to": None if high is None else decimal(high, metric),
        "unit": FACTS[metric].unit,
    }


def excursion_record(excursion: Excursion) -> dict[str, Any]:
    return {
        "metric": excursion.metric.value,
        "since": excursion.since.isoformat(timespec="seconds"),
        "minutes": excursion.minutes,
        "worst": decimal(excursion.worst, excursion.metric),
        "unit": FACTS[excursion.metric].unit,
    }


def plot_record(spans: Sequence[Measured], metrics: Iterable[Metric]) -> dict[str, list[list[str | None]]]:
    """For each metric and each span of work its means, thinned out; None where nobody measured."""
    whole = sum(max(1, each.judged.whole_min) for each in spans)
    found: dict[str, list[list[str | None]]] = {}
    for metric in metrics:
        lines = [_thinned(each, metric, max(2, PLOT_POINTS * max(1, each.judged.whole_min) // whole)) for each in spans]
        if any(value is not None for line in lines for value in line):
            found[metric.value] = lines
    return found


def _thinned(measured: Measured, metric: Metric, most: int) -> list[str | None]:
    span = measured.span
    count = max(1, min(most, measured.judged.whole_min))
    buckets: list[list[float]] = [[] for _ in range(count)]
    length = (span.until - span.since).total_seconds() or 1.0
    for minute in measured.minutes:
        if metric in minute.values:
            at = int((minute.at - span.since).total_seconds() / length * count)
            buckets[min(max(0, at), count - 1)].append(minute.values[metric])
    return [decimal(sum(values) / len(values), metric) if values else None for values in buckets]


@dataclass(frozen=True, slots=True)
class Envelope:
    """A passport as a file: the record with its signature. What the file says of itself is not believed."""

    passport_id: UUID
    record: dict[str, Any]
    signature: bytes


class Unreadable(ValueError):
    """No passport, or one in which something was changed."""


def envelope(passport_id: UUID, record: Mapping[str, Any], signature: bytes) -> bytes:
    """The JSON file: canonical as a whole, so that no byte of it can be another one."""
    signed = base64.b64encode(signature).decode()
    return canonical({"passport": str(passport_id), "record": dict(record), "signature": signed}) + b"\n"


def open_envelope(content: bytes) -> Envelope:
    """
    Raises:
        Unreadable: see there.
    """
    try:
        said = json.loads(content)
        found = Envelope(UUID(said["passport"]), said["record"], base64.b64decode(said["signature"], validate=True))
        if envelope(found.passport_id, found.record, found.signature) != content:
            raise Unreadable("not in the form in which it was written")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as fault:
        raise Unreadable(str(fault)) from fault
    return found


@dataclass(frozen=True, slots=True)
class SignedFile:
    """A signed PDF, taken apart."""

    passport_id: UUID
    body: bytes
    signature: bytes


def file_digest(passport_id: UUID, body: bytes) -> bytes:
    """What the signature of a PDF is over: never the same as that of a record."""
    return b"pdf\0" + passport_id.bytes + hashlib.sha256(body).digest()


def sign_file(passport_id: UUID, body: bytes, signature: bytes) -> bytes:
    return body + TRAILER + str(passport_id).encode() + b" " + base64.b64encode(signature) + b"\n"


def open_file(content: bytes) -> SignedFile:
    """
    Raises:
        Unreadable: no signed PDF of ours, or its last line was changed.
    """
    body, found, last = content.rpartition(TRAILER)
    try:
        if not found:
            raise Unreadable("no signature")
        passport_id, _, signed = last.removesuffix(b"\n").decode("ascii").partition(" ")
        opened = SignedFile(UUID(passport_id), body, base64.b64decode(signed, validate=True))
    except ValueError as fault:
        raise Unreadable(str(fault)) from fault
    if sign_file(opened.passport_id, body, opened.signature) != content:
        raise Unreadable("not in the form in which it was written")
    return opened
