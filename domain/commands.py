"""Commands to devices, as a table: what was asked for, whether it left, what the device said, what followed.

A command is open until its effect was measured, the device refused it, or its time ran out. There is one open command
of a kind for a device; new settings take the place of older ones that are still on their way.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID


class Kind(StrEnum):
    RESTART = "restart"
    IDENTIFY = "identify"
    """The device shows which one it is: its lamp blinks."""
    SET = "set"
    UPDATE = "update"
    ENABLE = "enable"
    """Done by the server alone, and at once: from now on what the device says counts."""
    DISABLE = "disable"


class Stage(StrEnum):
    REQUESTED = "requested"
    SENT = "sent"
    """The broker has it; whether the device heard it, nobody knows."""
    ACKNOWLEDGED = "acknowledged"
    DONE = "done"
    """The effect was measured: a new boot, the version of the settings, the version of the firmware."""
    REFUSED = "refused"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    """A newer one took its place."""


class Event(StrEnum):
    """What can happen to a command."""

    SENT = "sent"
    OK = "ok"
    """The device took it."""
    NO = "no"
    """The device won't, or tried and failed."""
    EFFECT = "effect"
    TIME = "time"
    NEWER = "newer"


OPEN = frozenset({Stage.REQUESTED, Stage.SENT, Stage.ACKNOWLEDGED})

MOVES: Mapping[tuple[Stage, Event], Stage] = {
    (Stage.REQUESTED, Event.SENT): Stage.SENT,
    (Stage.SENT, Event.SENT): Stage.SENT,
    (Stage.REQUESTED, Event.OK): Stage.ACKNOWLEDGED,  # quicker than the broker's word that it has the command
    (Stage.SENT, Event.OK): Stage.ACKNOWLEDGED,
    (Stage.REQUESTED, Event.NO): Stage.REFUSED,
    (Stage.SENT, Event.NO): Stage.REFUSED,
    (Stage.ACKNOWLEDGED, Event.NO): Stage.REFUSED,  # an update that was taken, failed its self-test and was rolled back
    (Stage.SENT, Event.EFFECT): Stage.DONE,  # the answer was lost, the effect is there
    (Stage.ACKNOWLEDGED, Event.EFFECT): Stage.DONE,
    (Stage.REQUESTED, Event.TIME): Stage.EXPIRED,
    (Stage.SENT, Event.TIME): Stage.EXPIRED,
    (Stage.ACKNOWLEDGED, Event.TIME): Stage.EXPIRED,
    (Stage.REQUESTED, Event.NEWER): Stage.SUPERSEDED,
    (Stage.SENT, Event.NEWER): Stage.SUPERSEDED,
    (Stage.ACKNOWLEDGED, Event.NEWER): Stage.SUPERSEDED,
    (Stage.EXPIRED, Event.OK): Stage.EXPIRED,  # too late to count, but it is said
}
"""What is missing here changes nothing."""

TTL_S: Mapping[Kind, int] = {Kind.RESTART: 120, Kind.IDENTIFY: 60, Kind.SET: 600, Kind.UPDATE: 3_600}
"""How long the device may take to answer, if nobody says otherwise. Long enough for a reconnection; settings may wait
for one that sleeps, an update for its turn."""
TTL_LEAST_S, TTL_MOST_S = 10, 86_400

EFFECT_WITHIN_S: Mapping[Kind, int] = {Kind.RESTART: 120, Kind.IDENTIFY: 0, Kind.SET: 60, Kind.UPDATE: 900}
"""From the answer to the effect. An update is loaded, written, booted and tested meanwhile."""

ASK_AGAIN = frozenset({"clock"})
"""A device that gives one of these reasons wants to be asked again: its clock is not set yet."""
STILL_AT_IT = frozenset({"busy", "expired"})
"""What a device may say to a second copy of a command that it has taken already."""


@dataclass(frozen=True, slots=True)
class Command:
    """`body` is what the device gets beside id, kind and expiry. `due_at`: when it expires, or, once it is
    acknowledged, until when the effect must be measured. `boot_id`: the device's boot when it was first sent to it.
    """

    id: UUID
    tenant_id: UUID
    device_id: str
    kind: Kind
    body: Mapping[str, Any]
    requested_at: datetime
    requested_by: UUID | None
    """None: the system itself."""
    expires_at: datetime
    due_at: datetime
    stage: Stage = Stage.REQUESTED
    reason: str = ""
    """Why the device refused it, in its own words; of one that is asked again, what it lacks."""
    tries: int = 0
    boot_id: int | None = None
    sent_at: datetime | None = None
    acknowledged_at: datetime | None = None
    closed_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        return self.stage in OPEN


@dataclass(frozen=True, slots=True)
class Report:
    """What a device says of itself that can be a command's effect."""

    boot_id: int
    firmware: str | None = None
    settings_version: int | None = None


def new(
    id: UUID,
    tenant_id: UUID,
    device_id: str,
    kind: Kind,
    body: Mapping[str, Any],
    by: UUID | None,
    now: datetime,
    ttl_s: int | None = None,
) -> Command:
    """A command as it is requested. Switching on and off is done with the request."""
    expires_at = now + timedelta(seconds=ttl_s or TTL_S.get(kind, 0))
    made = Command(id, tenant_id, device_id, kind, body, now, by, expires_at, expires_at)
    return made if kind in TTL_S else replace(made, stage=Stage.DONE, closed_at=now)


def step(command: Command, event: Event, now: datetime, reason: str = "") -> Command | None:
    """The command after an event; None if the event changes nothing."""
    stage = MOVES.get((command.stage, event))
    if stage is None or (event is Event.TIME and now < command.due_at):
        return None
    if event is Event.NO and command.stage is Stage.ACKNOWLEDGED and reason in ASK_AGAIN | STILL_AT_IT:
        return None
    if event is Event.NO and reason in ASK_AGAIN:
        return None if command.reason == reason else replace(command, reason=reason)
    after = replace(command, stage=stage)
    if event in (Event.SENT, Event.OK):
        after = replace(after, sent_at=command.sent_at or now)
    if event is Event.OK:
        after = _acknowledged(after, now)
    if command.is_open and not after.is_open:
        after = replace(after, closed_at=now, reason=command.reason if event is Event.TIME else reason)
    return None if after == command else after


def _acknowledged(command: Command, now: datetime) -> Command:
    after = replace(command, acknowledged_at=command.acknowledged_at or now)
    if not after.is_open:
        return after
    after = replace(after, reason="")
    if command.kind is Kind.IDENTIFY:
        return replace(after, stage=Stage.DONE)  # nothing but the lamp itself could say more
    return replace(after, due_at=max(command.due_at, now + timedelta(seconds=EFFECT_WITHIN_S[command.kind])))


def has_effect(command: Command, report: Report) -> bool:
    """Whether what a device reports is what the command was meant to bring about."""
    match command.kind:
        case Kind.RESTART:
            return command.boot_id is not None and report.boot_id > command.boot_id
        case Kind.SET:
            return bool(report.settings_version == command.body["version"])
        case Kind.UPDATE:
            return bool(report.firmware == command.body["version"])
    return False
