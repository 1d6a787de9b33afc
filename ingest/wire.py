"""The payloads of protocol v1 as devices send them, parsed once: forms, limits, and what is refused.

Telemetry comes in two forms, alike in meaning: a batch `{"boot_id", "up_ms", "readings": [{"seq", "ts", "up_ms", …}]}`
or a single reading with its fields beside `boot_id`. Unknown fields are ignored, so that newer devices can talk to
older servers; a field of the wrong type makes the message malformed.
"""

import json
import math
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec.structs import astuple

from domain.commands import Command
from domain.pump.effects import SendGrant, SendStop
from domain.readings import BOOT_ID_MAX, METRICS, Reject

PAYLOAD_BYTES_MAX = 8_192
READINGS_MAX = 200  # in one message; 8 KiB hold fewer
REASON_CHARS_MAX = 80
WITH_STATE_MAX = 8  # answers, and events, that a poll may carry
FAULT_CHARS_MAX = 80
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
        """What was measured, in the order of METRICS."""
        return astuple(self)[_FIRST_VALUE:_AFTER_VALUES]


_FIRST_VALUE = 3  # after seq, ts and up_ms
_AFTER_VALUES = _FIRST_VALUE + len(METRICS)


class Telemetry(msgspec.Struct, gc=False):
    """A batch; `up_ms` is the device's monotonic clock at sending."""

    boot_id: int
    readings: list[WireReading]
    up_ms: int | None = None


class _Single(WireReading, kw_only=True, gc=False):
    boot_id: int


_DAY_MS = 86_400_000
_Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
_Name = Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9_]{0,23}$")]
_Number = Annotated[int, msgspec.Meta(ge=-(10**9), le=10**9)] | Annotated[float, msgspec.Meta(ge=-1e9, le=1e9)]
_Bounds = Annotated[dict[_Name, _Number | None], msgspec.Meta(max_length=2)]
_Group = Annotated[dict[_Name, _Number | _Bounds], msgspec.Meta(max_length=32)]
Settings = Annotated[dict[_Name, _Number | _Group], msgspec.Meta(max_length=32)]
"""A device's own settings as it says that they are: numbers, thresholds, pins; see domain/device_settings.py."""


class State(msgspec.Struct):
    """What a device says of itself: volatile, at most once. `ts` is Unix milliseconds by its own clock."""

    boot_id: Annotated[int, msgspec.Meta(ge=0, le=BOOT_ID_MAX)]
    seq: _Count
    fw: str | None = None
    ip: str | None = None
    rssi: Annotated[int, msgspec.Meta(ge=-150, le=20)] | None = None
    up_s: _Count | None = None
    ts: _Count | None = None
    settings: Settings | None = None
    settings_version: Annotated[int, msgspec.Meta(ge=0, le=BOOT_ID_MAX)] | None = None


class PumpState(State, kw_only=True):
    """What a pump's controller says beside that. `motor_on` is measured; `run_id` and `on_ms` are of this boot."""

    motor_on: bool
    grid: bool
    ready: bool
    fence: _Count
    run_id: UUID | None = None
    on_ms: _Count = 0
    lease_left_ms: _Count = 0
    off_left_ms: Annotated[int, msgspec.Meta(ge=0, le=_DAY_MS)] = 0
    fault: Annotated[str, msgspec.Meta(max_length=FAULT_CHARS_MAX)] | None = None
    current_ma: _Count | None = None


class Event(msgspec.Struct):
    """Something that happened at a device, sent until `got` names it. `age_ms`: how long before it was sent."""

    boot_id: Annotated[int, msgspec.Meta(ge=0, le=BOOT_ID_MAX)]
    seq: Annotated[int, msgspec.Meta(ge=1, le=2**53)]
    kind: str
    age_ms: _Count = 0
    uid: Annotated[str, msgspec.Meta(pattern="^[0-9A-F]{8,20}$")] | None = None
    present: bool | None = None


class Ack(msgspec.Struct):
    """A device's answer to the command with this id; `reason` says why not."""

    id: UUID
    ok: bool
    reason: str = ""


class WithState(msgspec.Struct):
    """What a device that speaks HTTP says beside its state, each part still to be parsed."""

    acks: Annotated[list[msgspec.Raw], msgspec.Meta(max_length=WITH_STATE_MAX)] = []
    events: Annotated[list[msgspec.Raw], msgspec.Meta(max_length=WITH_STATE_MAX)] = []


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a message was refused, in words for the device's page."""

    reason: Reject
    detail: str


_telemetry = msgspec.json.Decoder(Telemetry)
_single = msgspec.json.Decoder(_Single)
_state = msgspec.json.Decoder(State)
_pump_state = msgspec.json.Decoder(PumpState)
_event = msgspec.json.Decoder(Event)
_ack = msgspec.json.Decoder(Ack)
_with_state = msgspec.json.Decoder(WithState)
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

    A message with as many colons as known fields that say something has no double, and nobody needs to look closer:
    that is the usual case, because neither nulls, nested objects nor text stand in the documented form.
    """
    if payload.count(b":") == _values_said(message):
        return None
    doubles: list[str] = []

    def note(pairs: list[tuple[str, object]]) -> None:
        names = [name for name, _ in pairs]
        doubles.extend(name for name in set(names) if names.count(name) > 1)

    json.loads(payload, object_pairs_hook=note)
    return min(doubles, default=None)


def _values_said(message: Telemetry) -> int:
    """How many fields of the documented form the message holds that are not null, in all its objects."""
    first = message.readings[0] if message.readings else None
    said = 0 if type(first) is _Single else 2 + (message.up_ms is not None)  # boot_id, readings, up_ms
    for r in message.readings:
        fields = astuple(r)  # those of a single reading hold its boot_id
        said += len(fields) - fields.count(None)
    return said


def state(payload: bytes) -> State | Refused:
    """Parses a state message. Never raises, whatever the payload."""
    if len(payload) > PAYLOAD_BYTES_MAX:
        return _oversized(payload)
    try:
        return _pump_state.decode(payload) if b'"motor_on"' in payload else _state.decode(payload)
    except _UNREADABLE as error:
        return Refused(Reject.MALFORMED, str(error))


def event(payload: bytes) -> Event | Refused:
    """Parses an event. Never raises, whatever the payload."""
    if len(payload) > PAYLOAD_BYTES_MAX:
        return _oversized(payload)
    try:
        return _event.decode(payload)
    except _UNREADABLE as error:
        return Refused(Reject.MALFORMED, str(error))


def ack(payload: bytes) -> Ack | Refused:
    """Parses an answer to a command. Never raises, whatever the payload."""
    if len(payload) > PAYLOAD_BYTES_MAX:
        return _oversized(payload)
    try:
        said = _ack.decode(payload)
    except _UNREADABLE as error:
        return Refused(Reject.MALFORMED, str(error))
    said.reason = "".join(c for c in said.reason if c.isprintable())[:REASON_CHARS_MAX]
    return said


def with_state(payload: bytes) -> WithState | Refused:
    """Parses what a poll carries beside the state. Never raises, whatever the payload."""
    try:
        return _with_state.decode(payload)
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


def got_event(boot_id: int, seq: int) -> bytes:
    """Builds `/got` for one event that is committed."""
    return msgspec.json.encode(got_event_fields(boot_id, [seq]))


def got_event_fields(boot_id: int, seqs: list[int]) -> dict[str, object]:
    """The same for several before it is JSON."""
    return {"boot_id": boot_id, "readings": [], "events": [[seq, seq] for seq in seqs]}


def motor(message: SendGrant | SendStop, id_: UUID) -> bytes:
    """Builds `/cmd` for a motor: a grant that answers one state, or a stop."""
    return msgspec.json.encode(motor_fields(message, id_))


def motor_fields(message: SendGrant | SendStop, id_: UUID) -> dict[str, object]:
    """The same before it is JSON: a poll answers with it too."""
    if isinstance(message, SendStop):
        return {"id": str(id_), "kind": "stop", "fence": message.fence}
    return {
        "id": str(id_), "kind": "run", "run_id": str(message.run_id), "fence": message.fence,
        "echo": {"boot_id": message.boot_id, "seq": message.seq}, "ttl_ms": message.ttl_ms,
        "budget_ms": message.budget_ms,
    }  # fmt: skip


def cmd(command: Command) -> bytes:
    """Builds `/cmd`."""
    return msgspec.json.encode(cmd_fields(command))


def cmd_fields(command: Command) -> dict[str, object]:
    """The same before it is JSON. `expires` is Unix seconds by the server's clock, rounded up."""
    fixed = {"id": command.id, "kind": command.kind, "expires": math.ceil(command.expires_at.timestamp())}
    return {**command.body, **fixed}


def topic(tenant: str, device: str, leaf: str) -> str:
    return f"{VERSION}/{tenant}/{device}/{leaf}"
