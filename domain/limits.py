"""What is allowed in a pit: limits of a metric, where each comes from, and the defaults."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import IntEnum, StrEnum
from functools import lru_cache
from types import MappingProxyType

from domain.readings import Metric


class Level(IntEnum):
    OK = 0
    WARNING = 1
    CRITICAL = 2


@dataclass(frozen=True, slots=True)
class Limits:
    """One metric's limits in its unit; None is no limit on that side, or, before `resolve`, not said here.

    `band` is how far inside a limit a value must be to count as back (same unit).
    """

    warning_low: float | None = None
    warning_high: float | None = None
    critical_low: float | None = None
    critical_high: float | None = None
    band: float | None = None
    raise_after_s: int | None = None
    clear_after_s: int | None = None

    def is_out(self, level: Level, value: float) -> bool:
        low, high = self.range_of(level)
        return (high is not None and value > high) or (low is not None and value < low)

    def is_back(self, level: Level, value: float) -> bool:
        """Whether the value is inside the level's limits by at least the band."""
        low, high = self.range_of(level)
        band = self.band or 0.0
        return (high is None or value <= high - band) and (low is None or value >= low + band)

    def range_of(self, level: Level) -> tuple[float | None, float | None]:
        if level is Level.CRITICAL:
            return self.critical_low, self.critical_high
        return self.warning_low, self.warning_high

    def level_of(self, value: float) -> Level:
        """The level that a bare value has, with no memory."""
        if self.is_out(Level.CRITICAL, value):
            return Level.CRITICAL
        return Level.WARNING if self.is_out(Level.WARNING, value) else Level.OK


class LimitsFault(StrEnum):
    """Why limits can't be used."""

    LOW_ABOVE_HIGH = "low_above_high"
    CRITICAL_INSIDE_WARNING = "critical_inside_warning"
    BAND_TOO_WIDE = "band_too_wide"
    NEGATIVE = "negative"


def check(limits: Limits) -> LimitsFault | None:
    """Says what is wrong with resolved limits, or None: then there is a value that counts as back from every level."""
    low, high = limits.warning_low, limits.warning_high
    if low is not None and high is not None and low >= high:
        return LimitsFault.LOW_ABOVE_HIGH
    if limits.critical_high is not None and high is not None and limits.critical_high < high:
        return LimitsFault.CRITICAL_INSIDE_WARNING
    if limits.critical_low is not None and low is not None and limits.critical_low > low:
        return LimitsFault.CRITICAL_INSIDE_WARNING
    if (limits.band or 0) < 0 or (limits.raise_after_s or 0) < 0 or (limits.clear_after_s or 0) < 0:
        return LimitsFault.NEGATIVE
    low, high = _innermost(limits)  # where warning has no limit on a side, critical may
    if low is not None and high is not None:
        if low >= high:
            return LimitsFault.LOW_ABOVE_HIGH
        if 2 * (limits.band or 0) > high - low:
            return LimitsFault.BAND_TOO_WIDE
    return None


def _innermost(limits: Limits) -> tuple[float | None, float | None]:
    lows = [low for low in (limits.warning_low, limits.critical_low) if low is not None]
    highs = [high for high in (limits.warning_high, limits.critical_high) if high is not None]
    return max(lows, default=None), min(highs, default=None)


class Origin(StrEnum):
    """Where a limit comes from, nearest first."""

    PIT = "pit"
    TENANT = "tenant"
    FILM = "film"
    DEFAULT = "default"


def resolve(said: Mapping[Origin, Limits]) -> tuple[Limits, Mapping[str, Origin]]:
    """Takes each limit from the nearest place that says it; returns the limits and where each came from."""
    return _resolved(tuple(said.items()))


@lru_cache(1_024)
def _resolved(places: tuple[tuple[Origin, Limits], ...]) -> tuple[Limits, Mapping[str, Origin]]:
    """Kept, because all pits of a workshop mostly have the same."""
    said = dict(places)
    taken: dict[str, float | int | None] = {}
    origins: dict[str, Origin] = {}
    for field in fields(Limits):
        for origin in Origin:
            value = getattr(said[origin], field.name) if origin in said else None
            if value is not None:
                taken[field.name], origins[field.name] = value, origin
                break
    return Limits(**taken), MappingProxyType(origins)  # type: ignore[arg-type]  # the names are Limits' own


DEFAULTS: Mapping[Metric, Limits] = {
    Metric.T_C: Limits(15.0, 35.0, band=1.0, raise_after_s=30, clear_after_s=60),
    Metric.RH_PCT: Limits(30.0, 70.0, band=3.0, raise_after_s=30, clear_after_s=60),
    # US EPA breakpoints of the 24-hour means: "moderate" from 12 (2012) and "unhealthy for sensitive groups" from 35.4
    Metric.PM25: Limits(None, 12.0, None, 35.4, band=1.5, raise_after_s=30, clear_after_s=60),
    Metric.PM10: Limits(None, 54.0, None, 154.0, band=5.0, raise_after_s=30, clear_after_s=60),
    Metric.IAQ: Limits(None, 100.0, None, 150.0, band=10.0, raise_after_s=30, clear_after_s=60),
}
"""Limits where nobody says otherwise; a metric that is missing here has none."""

FILM_PROFILES: Mapping[str, Mapping[Metric, Limits]] = {
    "Graphics film, from 16 °C": {Metric.T_C: Limits(warning_low=16.0)},
    "Protection film, 15–27 °C": {
        Metric.T_C: Limits(warning_low=15.0, warning_high=27.0),
        Metric.RH_PCT: Limits(warning_low=30.0, warning_high=70.0),
    },
}
"""Makers' limits, copied into each new tenant as data that it may change."""
