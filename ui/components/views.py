"""What the live components show: frozen values that pages fill from queries and hand over as they are.

Times are epoch milliseconds in UTC, as browsers count them. `None` is unknown, never zero.
"""

from dataclasses import dataclass
from typing import Literal, NotRequired, TypedDict

State = Literal["ok", "warn", "crit", "unknown"]
"""State of something that is measured."""

Tone = Literal["ok", "warn", "crit", "unknown", "hold", "brand", ""]
"""Look of a component: the four states, a motor in HOLD, something at work, or none of them."""

SPARK_POINTS = 72
"""Points of a sparkline."""

SPARK_BUCKET_MS = 50_000
"""Width of one of its points: 72 of them are the last hour. A bucket's number is `at_ms // SPARK_BUCKET_MS`."""


@dataclass(frozen=True, slots=True)
class MetricView:
    """One measured quantity of a pit: its number, its allowed band and its last hour."""

    key: str
    """Field of the protocol: `t_c`, `rh_pct`, `pm25`, …"""
    label: str
    """Short, translated: "Temp"."""
    unit: str
    digits: int
    """Decimals shown."""
    value: float | None
    """The number now; None when unknown."""
    state: State
    says: str
    """The allowed band in words: "15–35" or "≤ 12"."""
    range_low: float
    """Lower end of the sparkline's scale; `range_high` is the upper."""
    range_high: float
    head: str = ""
    """For the narrow columns of a phone: "RH %"; empty shows the label."""
    was: float | None = None
    """Last number known, shown small while the value is unknown."""
    low: float | None = None
    """Allowed band; None on a side without a limit."""
    high: float | None = None
    crit_low: float | None = None
    crit_high: float | None = None
    spark: tuple[float | None, ...] = ()
    """SPARK_POINTS means, oldest first; the last one is the bucket of the grid's `now_ms`. None is a gap."""


@dataclass(frozen=True, slots=True)
class PitCard:
    """One pit of the dashboard."""

    id: str
    href: str
    name: str
    state: State
    metrics: tuple[MetricView, ...]
    car: str = ""
    """Empty when no car stands in the pit."""
    plate: str = ""
    stage: str = ""
    """Translated: "Film"."""
    word: str | None = None
    """Replaces the state's own word on the chip."""
    seen_at_ms: int | None = None
    """When its newest reading was measured; None if it never spoke."""
    open_alerts: int = 0


@dataclass(frozen=True, slots=True)
class CarInPit:
    """The car of a pit, as its card says it."""

    car: str
    plate: str
    stage: str
    """Translated."""


@dataclass(frozen=True, slots=True)
class ChartMetric:
    """One small multiple of the chart frame."""

    key: str
    label: str
    unit: str
    digits: int
    says: str
    """"15–35 allowed"."""
    low: float | None = None
    high: float | None = None
    crit_low: float | None = None
    crit_high: float | None = None
    floor: float | None = None
    """The scale never goes below this, as dust can not be negative."""


@dataclass(frozen=True, slots=True)
class ChartEvent:
    """A moment marked through all plots."""

    at_ms: int
    word: str
    """Translated, two words at most: "Door opened"."""


class Series(TypedDict, total=False):
    """History of one metric, parallel to `ChartHistory.at`. `min` and `max` are there for roll-ups only."""

    at: list[int]
    """Its own moments, where metrics are measured at different ones (two devices in one pit)."""
    mean: list[float | None]
    min: list[float | None]
    max: list[float | None]


@dataclass(frozen=True, slots=True)
class ChartHistory:
    """What fills the chart for one window."""

    window_s: int
    at: list[int]
    """Epoch ms, ascending."""
    series: dict[str, Series]
    """By metric key."""
    step_ms: int
    """Expected distance of two points; more than three of them is a gap."""
    events: tuple[ChartEvent, ...] = ()


class PitDelta(TypedDict, total=False):
    """What changed in one pit, as the flusher sends it."""

    at: int
    state: State
    word: str | None
    open_alerts: int
    metrics: dict[str, tuple[float | None, State]]


class LivePits(TypedDict):
    """Payload of the socket event `live` in the room of a workshop's dashboard."""

    pits: dict[str, PitDelta]
    now: NotRequired[int]
    """The server's time, epoch ms; keeps the browser's idea of age right."""


class LiveReadings(TypedDict):
    """Payload of the socket event `live` in the room of one pit: `(at_ms, {metric key: value})`, oldest first."""

    pit: str
    now: NotRequired[int]
    readings: list[tuple[int, dict[str, float | None]]]
