"""A controller as docs/PROTOCOL.md describes it, rules 1 to 4: pure, whole ticks of its own clock.

State numbers are relative: the newest state that it sent is 0, the one before -1. Fences are relative to the server's;
runs are small numbers, of which a server's UUIDs are made.
`tests/domain/pump/test_device_model.py` holds it against the controllers' own module.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

SENT_KEPT = 4
"""The real one keeps 16; older ones than this are dead by their age, or lost on the way."""
TTL = 2
"""Ticks that a grant lasts, by the device's clock."""
FENCE_FLOOR = -7
"""Lower than any fence under way: all of them are the same to it."""


class State(NamedTuple):
    """What a controller says."""

    boot: int
    seq: int
    on: bool
    run: int | None
    on_ticks: int
    grid: bool
    fence: int
    off_left: int


class Grant(NamedTuple):
    run: int
    fence: int
    boot: int
    seq: int
    ttl: int
    budget: int


class Stop(NamedTuple):
    fence: int


@dataclass(frozen=True, slots=True)
class Device:
    boot: int = 1
    fence: int = 0
    run: int | None = None
    budget: int = 0
    lease_left: int = 0
    sent: tuple[int, ...] = ()
    """Ages of the states that it sent, the newest first."""
    granted: int = -SENT_KEPT
    """The newest state that a grant has answered."""
    latched: int = -SENT_KEPT
    """Grants that answer this state or an older one are too old."""
    on: bool = False
    grid: bool = True
    off_left: int = 0
    ran: tuple[tuple[int, int], ...] = ()
    """Ticks ON by run, in this boot."""

    # What the model knows beside the device
    total: tuple[tuple[int, int], ...] = ()
    """Ticks ON by run, in all boots."""
    relit_by_old: bool = False
    """It was switched ON by a grant that answers a state from before its latest OFF."""


class Rules(NamedTuple):
    """The rules that a mutant leaves out, and the minimum off-time in ticks."""

    anchored_at_sending: bool = True
    fence_checked: bool = True
    latch_checked: bool = True
    budget_checked: bool = True
    off_time: int = 0


def tick(device: Device, rules: Rules, passes: bool) -> Device:
    """A tick of the world goes by, and one of the device's own clock if `passes`; then it looks at everything."""
    if passes:
        ran, total = device.ran, device.total
        if device.on and device.run is not None:
            ran, total = _more(ran, device.run), _more(total, device.run)
        device = replace(
            device,
            lease_left=max(0, device.lease_left - 1),
            off_left=max(0, device.off_left - 1),
            sent=tuple(age + 1 for age in device.sent),
            ran=ran,
            total=total,
        )
    return look(device, rules)


def publish(device: Device, rules: Rules) -> tuple[Device, State]:
    """It sends a state: the older ones move one number down."""
    after = replace(
        device,
        sent=(0, *device.sent)[:SENT_KEPT],
        granted=max(-SENT_KEPT, device.granted - 1),
        latched=max(-SENT_KEPT, device.latched - 1),
    )
    on_ticks = dict(device.ran).get(device.run, 0) if device.run else 0
    if rules.anchored_at_sending:  # an older one earns no grant any more
        after = replace(after, sent=tuple(age for age in after.sent if age < TTL))
    oldest = -len(after.sent)
    after = replace(after, granted=max(oldest, after.granted), latched=max(oldest, after.latched))
    return after, State(device.boot, 0, device.on, device.run, on_ticks, device.grid, device.fence, device.off_left)


def receive(device: Device, message: Grant | Stop, rules: Rules) -> Device:
    """Takes a command into force at once, or refuses it, which changes nothing."""
    if isinstance(message, Stop):
        if message.fence <= device.fence and rules.fence_checked:
            return device
        return look(_latched(replace(device, fence=max(device.fence, message.fence))), rules)
    if _is_refused(device, message, rules):
        return device
    was_on, is_old = device.on, message.seq <= device.latched
    age = device.sent[-message.seq] if rules.anchored_at_sending else 0
    budget = message.budget
    if message.seq == device.granted and message.run == device.run:
        budget = max(budget, device.budget)
    granted = replace(
        device,
        run=message.run,
        fence=max(device.fence, message.fence),
        budget=budget,
        lease_left=message.ttl - age,
        granted=message.seq,
    )
    after = look(granted, rules)
    return replace(after, relit_by_old=True) if after.on and not was_on and is_old else after


def is_dead(device: Device, message: Grant | Stop, rules: Rules) -> bool:
    """It changes nothing, whenever it arrives: every rule that refuses it now will refuse it later too.

    The answer to a state is taken once: again it grants no more, and after an OFF it is older than that.
    """
    if isinstance(message, Stop):
        return message.fence <= device.fence
    if _is_refused(device, message, rules):
        return True
    same = (message.seq, message.run) == (device.granted, device.run) and message.budget <= device.budget
    return (
        same and message.fence <= device.fence and rules == rules._replace(latch_checked=True, anchored_at_sending=True)
    )


def reboot(device: Device, rules: Rules) -> Device:
    """Everything but its counter of boots is forgotten. Boot counts as the start of an off-time."""
    return Device(device.boot + 1, FENCE_FLOOR, grid=device.grid, off_left=rules.off_time, total=device.total)


def look(device: Device, rules: Rules) -> Device:
    """The guard: ON while nothing speaks against it; every OFF is latched."""
    ran = dict(device.ran).get(device.run, 0) if device.run else 0
    granted = device.lease_left > 0 and (ran < device.budget or not rules.budget_checked)
    if not device.grid:
        device, granted = _latched(device), False
    if device.on and not granted:
        return replace(_latched(device), on=False, off_left=rules.off_time)
    if granted and not device.on and not device.off_left:
        return replace(device, on=True)
    return device


def _is_refused(device: Device, grant: Grant, rules: Rules) -> bool:
    if grant.boot != device.boot or -grant.seq >= len(device.sent):
        return True
    if grant.seq <= device.latched and rules.latch_checked:
        return True
    if grant.fence < device.fence and rules.fence_checked:
        return True
    if grant.seq < device.granted and rules.latch_checked:
        return True
    return rules.anchored_at_sending and device.sent[-grant.seq] >= grant.ttl


def _latched(device: Device) -> Device:
    return replace(device, lease_left=0, latched=0 if device.sent else device.latched)


def _more(ticks: tuple[tuple[int, int], ...], run: int) -> tuple[tuple[int, int], ...]:
    return tuple(sorted({**dict(ticks), run: dict(ticks).get(run, 0) + 1}.items()))
