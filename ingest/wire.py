"""The payloads of protocol v1 as devices send them, parsed once: forms, limits, and what is refused.

Telemetry comes in two forms, alike in meaning: a batch `{"boot_id", "up_ms", "readings": [{"seq", "ts", "up_ms", …}]}`
or a single reading with its fields beside `boot_id`. Unknown fields are ignored, so that newer devices can talk to
older servers; a field of the wrong type makes the message malformed.
"""

import json
from dataclasses import dataclass
from typing import Annotated

import msgspec

from domain.readings import BOOT_ID_MAX, Reject

PAYLOAD_BYTES_MAX = 8_192
READINGS_MAX = 200  # in one message; 8 KiB hold fewer
VERSION = "v1"


class WireReading(msgspec.Struct, gc=False):
    """One reading: `ts` Unix milliseconds at measuring if the clock was set, `up_ms` the monotonic clock then."""

    seq: int
    ts: int | None = None
    up_ms: int | None = None
    t_c: float | None = None
    rh_pct: float | None = None
    p_hpa: float | None = None
    pm1: float | None = None
    pm25: float | None = None
    pm10: float | None = None
    iaq: float | None = None

    @property
    def values(self) -> tuple[float | None, ...]:
        return (self.t_c, self.rh_pct, self.p_hpa, self.pm1, self.pm25, self.pm10, self.iaq)


class Telemetry(msgspec.Struct, gc=False):
    """A batch; `up_ms` is the device's monotonic clock at sending."""

    boot_id: int
    readings: list[WireReading]
    up_ms: int | None = None


class _Single(WireReading, kw_only=True, gc=False):
    boot_id: int


_Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class State(msgspec.Struct):
    """What a device says of itself: volatile, at most once. `ts` is Unix milliseconds by its own clock."""

    boot_id: Annotated[int, msgspec.Meta(ge=0, le=BOOT_ID_MAX)]
    seq: _Count
    fw: str | None = None
    ip: str | None = None
    rssi: Annotated[int, msgspec.Meta(ge=-150, le=20)] | None = None
    up_s: _Count | None = None
    ts: _Count | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a message was refused, in words for the device's page."""

    reason: Reject
    detail: str


_telemetry = msgspec.json.Decoder(Telemetry)
_single = msgspec.json.Decoder(_Single)
_state = msgspec.json.Decoder(State)
_whole = msgspec.json.Decoder(dict[str, object])
_UNREADABLE = (msgspec.DecodeError, ValueError, RecursionError)  # not JSON, not UTF-8, nested too deeply


def telemetry(payload: bytes) -> Telemetry | Refused:
    """Parses a telemetry message of either form. Never raises, whatever the payload."""
    if len(payload) > PAYLOAD_BYTES_MAX:
        return _oversized(payload)
    try:
        message = _telemetry.decode(payload) if b'"readings"' in payload else _one(payload)
        twice = _named_twice(payload, message)
    except _UNREADABLE as error:
        return Refused(Reject.MALFORMED, str(error))
    if twice is not None:
        return Refused(Reject.DUPLICATE_KEY, f"{twice!r} stands twice in one object")
    if not 0 <= message.boot_id <= BOOT_ID_MAX:
        return Refused(Reject.BAD_BOOT_ID, f"boot_id {message.boot_id}, allowed 0…{BOOT_ID_MAX}")
    if not message.readings:
        return Refused(Reject.NO_VALUE, "no readings in the message")
    if len(message.readings) > READINGS_MAX:
        return Refused(Reject.OVERSIZED, f"{len(message.readings)} readings, at most {READINGS_MAX}")
    return message


def _one(payload: bytes) -> Telemetry:
    one = _single.decode(payload)
    return Telemetry(one.boot_id, [one], one.up_ms)


def _named_twice(payload: bytes, message: Telemetry) -> str | None:
    """Returns a field that stands twice in one object, if any.

    A message with as many colons as distinct fields has no double, and nobody needs to look closer: that is the usual
    case, because neither nested objects nor text stand in the documented form.
    """
    whole = _whole.decode(payload)
    fields = len(whole)
    if type(message.readings[0] if message.readings else None) is not _Single:
        fields += sum(map(len, whole["readings"]))  # type: ignore[call-overload]  # decoded as Telemetry before
    if payload.count(b":") == fields:
        return None
    doubles: list[str] = []

    def note(pairs: list[tuple[str, object]]) -> None:
        names = [name for name, _ in pairs]
        doubles.extend(name for name in set(names) if names.count(name) > 1)

    json.loads(payload, object_pairs_hook=note)
    return min(doubles, default=None)


def state(payload: bytes) -> State | Refused:
    """Parses a state message. Never raises, whatever the payload."""
    if len(payload) > PAYLOAD_BYTES_MAX:
        return _oversized(payload)
    try:
        return _state.decode(payload)
    except _UNREADABLE as error:
        return Refused(Reject.MALFORMED, str(error))


def _oversized(payload: bytes) -> Refused:
    return Refused(Reject.OVERSIZED, f"{len(payload)} bytes, at most {PAYLOAD_BYTES_MAX}")


def got(boot_id: int, stored: list[tuple[int, int]], refused: list[tuple[int, int]]) -> bytes:
    """Builds `/got`: ranges of readings that are committed, and of those refused for good; a device drops both."""
    message: dict[str, object] = {"boot_id": boot_id, "readings": stored, "events": []}
    if refused:
        message["refused"] = refused
    return msgspec.json.encode(message)


def topic(tenant: str, device: str, leaf: str) -> str:
    return f"{VERSION}/{tenant}/{device}/{leaf}"
