"""Rolling a firmware release out: who gets it, how many at a time, what became of each, and when to stop by itself.

A device's place in the line is the hash of its id and the roll-out's: the same wherever it is computed, spread evenly,
and another in the next roll-out, so that it is not always the same devices that go first. Those among the first
`percent` of the hash's range are chosen; raising the share adds devices and takes none away.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

PLACES = 1 << 32
PACE_MAX = 200
FAILURES_LIMIT_MAX = 1_000
ATTEMPTS_MAX = 3
"""Commands that a device never answered; a fourth would not be answered either."""
TRIAL = timedelta(seconds=60)
"""So long a device must stay on the new version before it counts: it tests itself first, and may go back."""
BOOTS_THERE_AND_BACK = 3
"""One that brings the new version in, one that tries it, one that runs the old version again."""
INSTALL_MAX = timedelta(minutes=30)
"""From the command to the new version; a bundle of 900 kB takes about two minutes on a weak link."""
REACHABLE = timedelta(seconds=60)
"""Heard so lately, a device is there to be sent something."""


class RolloutState(StrEnum):
    RUNNING = "running"
    PAUSED = "paused"
    """By a person."""
    STOPPED = "stopped"
    """By itself: more failed than allowed."""
    CANCELLED = "cancelled"
    DONE = "done"


class Wish(StrEnum):
    """What a person may want of a roll-out."""

    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"


MOVES: Mapping[tuple[RolloutState, Wish], RolloutState] = {
    (RolloutState.RUNNING, Wish.PAUSE): RolloutState.PAUSED,
    (RolloutState.PAUSED, Wish.RESUME): RolloutState.RUNNING,
    (RolloutState.STOPPED, Wish.RESUME): RolloutState.RUNNING,
    (RolloutState.RUNNING, Wish.CANCEL): RolloutState.CANCELLED,
    (RolloutState.PAUSED, Wish.CANCEL): RolloutState.CANCELLED,
    (RolloutState.STOPPED, Wish.CANCEL): RolloutState.CANCELLED,
}
OPEN = frozenset({RolloutState.RUNNING, RolloutState.PAUSED, RolloutState.STOPPED})
"""States in which a roll-out is not over."""


class Progress(StrEnum):
    """What became of one device, the way that it goes."""

    WAITING = "waiting"
    SENT = "sent"
    """The command was given; the device downloads, installs or tests."""
    UPDATED = "updated"
    FAILED = "failed"
    """It refused, could not install, or was never heard of again. It runs what it ran."""
    ROLLED_BACK = "rolled_back"
    """It tried the new version, was not content, and went back by itself."""
    LEFT_OUT = "left_out"
    """It was revoked, removed or switched off meanwhile."""


UNFINISHED = frozenset({Progress.WAITING, Progress.SENT})
FAILURES = frozenset({Progress.FAILED, Progress.ROLLED_BACK})


class Answer(StrEnum):
    """What became of the command that a device was sent."""

    OPEN = "open"
    """Under way, or done as far as the command goes."""
    TAKEN = "taken"
    """The device said that it will."""
    REFUSED = "refused"
    WENT_BACK = "went_back"
    """The device said that it tried the new version and returned to the old one."""
    EXPIRED = "expired"
    """Nobody took it in time."""
    NO_EFFECT = "no_effect"
    """The device took it, and nothing came of that in time."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What is known of a device now. `firmware` and `boot_id` are None until it has said them."""

    firmware: str | None
    boot_id: int | None
    heard_at: datetime | None
    is_in: bool
    """It is registered, claimed and switched on."""
    answer: Answer = Answer.OPEN
    why: str = ""
    """The device's own reason, with REFUSED and WENT_BACK."""


@dataclass(frozen=True, slots=True)
class Item:
    """One device of a roll-out. `boot_before` is the boot that it was in when the command was given."""

    device_id: str
    place: int
    progress: Progress = Progress.WAITING
    attempts: int = 0
    sent_at: datetime | None = None
    boot_before: int | None = None
    new_since: datetime | None = None
    """Since when it says that it runs the new version, without a break."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """How a roll-out is to go: `pace` devices at a time, stopping after more than `failures_max` failures beyond those
    that were `forgiven` by resuming.
    """

    version: str
    pace: int
    failures_max: int
    forgiven: int = 0


@dataclass(frozen=True, slots=True)
class Decision:
    """What follows from a look at the whole roll-out."""

    state: RolloutState
    send: tuple[str, ...]


def place_of(rollout_id: UUID, device_id: str) -> int:
    """0…2³²−1."""
    return int.from_bytes(hashlib.sha256(f"{rollout_id}/{device_id}".encode()).digest()[:4])


def is_chosen(place: int, percent: int) -> bool:
    """Whether a place is among the first so many percent."""
    return place * 100 < percent * PLACES


def look_at(item: Item, heard: Heard, version: str, now: datetime) -> Item:
    """What is known of a device, held against where it stood."""
    if item.progress not in UNFINISHED:
        return item
    if not heard.is_in:
        return replace(item, progress=Progress.LEFT_OUT)
    if heard.firmware == version:
        return _on_trial(item, heard, now)
    if item.progress is Progress.WAITING:
        return replace(item, new_since=None)
    return _not_there_yet(item, heard, now)


def _on_trial(item: Item, heard: Heard, now: datetime) -> Item:
    if item.progress is Progress.WAITING:
        return replace(item, progress=Progress.UPDATED)  # it ran the version before anybody sent it
    since = item.new_since or now
    if heard.heard_at is not None and heard.heard_at - since >= TRIAL:
        return replace(item, new_since=since, progress=Progress.UPDATED)
    return _unless_too_slow(replace(item, new_since=since), now)


def _not_there_yet(item: Item, heard: Heard, now: datetime) -> Item:
    if item.new_since is not None or heard.answer is Answer.WENT_BACK or _was_there_and_back(item, heard):
        return replace(item, progress=Progress.ROLLED_BACK, reason=heard.why)
    if heard.answer in (Answer.REFUSED, Answer.NO_EFFECT):
        return replace(item, progress=Progress.FAILED, reason=heard.why or heard.answer)
    if heard.answer is Answer.EXPIRED:
        if item.attempts >= ATTEMPTS_MAX:
            return replace(item, progress=Progress.FAILED, reason="no_answer")
        return replace(item, progress=Progress.WAITING, sent_at=None)
    return _unless_too_slow(item, now)


def _was_there_and_back(item: Item, heard: Heard) -> bool:
    """So many boots after it said that it will, and on the old version: it has tried the new one. Usually it says so
    itself; fewer boots may be a power cut, or a download that failed, of which it will tell.
    """
    boots = None if heard.boot_id is None or item.boot_before is None else heard.boot_id - item.boot_before
    return heard.answer is Answer.TAKEN and boots is not None and boots >= BOOTS_THERE_AND_BACK


def _unless_too_slow(item: Item, now: datetime) -> Item:
    if item.sent_at is not None and now - item.sent_at > INSTALL_MAX:
        return replace(item, progress=Progress.FAILED, reason="too_slow")
    return item


def sent(item: Item, boot_id: int | None, now: datetime) -> Item:
    """The device was given the command."""
    return replace(
        item, progress=Progress.SENT, attempts=item.attempts + 1, sent_at=now, boot_before=boot_id, new_since=None
    )


def decide(
    state: RolloutState, plan: Plan, items: Sequence[Item], heard: Mapping[str, Heard], now: datetime
) -> Decision:
    """What to do next, after each item was looked at. Those that are reached first are those that come first in line;
    whoever is away is passed over until heard again.
    """
    if state not in (RolloutState.RUNNING, RolloutState.PAUSED):
        return Decision(state, ())
    failures = sum(item.progress in FAILURES for item in items)
    if failures - plan.forgiven > plan.failures_max:
        return Decision(RolloutState.STOPPED, ())
    if not any(item.progress in UNFINISHED for item in items):
        return Decision(RolloutState.DONE, ())
    if state is RolloutState.PAUSED:
        return Decision(state, ())
    room = plan.pace - sum(item.progress is Progress.SENT for item in items)
    waiting = (item for item in items if item.progress is Progress.WAITING and _is_there(heard[item.device_id], now))
    line = sorted(waiting, key=lambda item: (item.attempts, item.place, item.device_id))
    return Decision(state, tuple(item.device_id for item in line[: max(0, room)]))


def _is_there(heard: Heard, now: datetime) -> bool:
    return heard.heard_at is not None and now - heard.heard_at <= REACHABLE
