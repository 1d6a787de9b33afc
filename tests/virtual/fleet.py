"""The file that lists a fleet's devices: a JSON array of cards."""

import json
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path

from tests.virtual.script import ROLES

SENSORS = {
    "climate": ("t_c", "rh_pct", "p_hpa", "iaq"),  # a BME680
    "dust": ("pm1", "pm25", "pm10"),  # a PMS5003
    "all": ("t_c", "rh_pct", "p_hpa", "pm1", "pm25", "pm10", "iaq"),
}


class FleetFault(ValueError):
    """A fleet's file can't be used; the text says which card and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One device: who it is at the broker, and what it plays. Devices of one room share its seed."""

    tenant: str
    device: str
    password: str = field(repr=False)
    seed: int
    role: str
    sensors: str = "all"
    boots: int = 0
    """How often it had booted before it was first played."""
    delay_s: float = 0.0
    """Its role's incidents come this much later."""
    wet_since_s: float | None = None
    """Unix seconds since when its room's floor is wet."""


def load(path: Path) -> list[Card]:
    """Reads a fleet.

    Raises:
        FleetFault: a card lacks a field, has an unknown one, or names an unknown role or kind of sensors.
    """
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise FleetFault(f"{path} is not JSON: {error}") from error
    if not isinstance(entries, list):
        raise FleetFault(f"{path} must hold a list of devices")
    return [_card(n, entry) for n, entry in enumerate(entries, start=1)]


def _card(n: int, entry: object) -> Card:
    known = {f.name: f.default is MISSING for f in fields(Card)}
    if not isinstance(entry, dict):
        raise FleetFault(f"device {n} is not an object")
    unknown, missing = entry.keys() - known, [name for name, needed in known.items() if needed and name not in entry]
    if unknown or missing:
        raise FleetFault(f"device {n} lacks {missing or 'nothing'}, unknown are {sorted(unknown) or 'none'}")
    card = Card(**entry)
    for name, allowed in (("role", ROLES), ("sensors", SENSORS)):
        if getattr(card, name) not in allowed:
            raise FleetFault(f"device {n}: {name} is {getattr(card, name)!r}, allowed are {', '.join(allowed)}")
    return card
