"""When the power went and came back, as motors' controllers and people tell it: what habits are learned from."""

from collections.abc import Iterator
from dataclasses import dataclass

from domain.pump import lease
from domain.pump.state import Group, Motor


@dataclass(frozen=True, slots=True)
class CutBegan:
    device_id: str | None
    """Whose controller says so; None: the tenant's whole grid was cut by hand or by schedule."""


@dataclass(frozen=True, slots=True)
class CutEnded:
    device_id: str | None


@dataclass(frozen=True, slots=True)
class WasDark:
    """A controller had no power itself: it fell silent with power, and speaks again in a later boot."""

    device_id: str


CutNews = CutBegan | CutEnded | WasDark


def news(before: Group, after: Group, now_ms: int) -> Iterator[CutNews]:
    """What a step tells of cuts."""
    if (before.shed_since_at_ms is None) != (after.shed_since_at_ms is None):
        yield CutEnded(None) if after.shed_since_at_ms is None else CutBegan(None)
    old = {motor.device_id: motor for motor in before.motors}
    for motor in after.motors:
        was = old[motor.device_id]
        if motor is not was and motor.heard_at_ms is not None:
            yield from _of_motor(was, motor, after, now_ms)


def _of_motor(was: Motor, motor: Motor, group: Group, now_ms: int) -> Iterator[CutNews]:
    if was.heard_at_ms is None:
        if not motor.grid:
            yield CutBegan(motor.device_id)
        return
    if motor.grid != was.grid:
        yield CutEnded(motor.device_id) if motor.grid else CutBegan(motor.device_id)
    elif motor.grid and motor.boot_id > was.boot_id and lease.is_silent(was, group.limits, now_ms):
        yield WasDark(motor.device_id)
