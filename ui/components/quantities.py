"""What is measured in a pit: its words, unit, decimals and scale, and the views made of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from ui.components.views import ChartMetric, MetricView, State
from ui.texts import N_, _, band

PADDING = 0.1
"""Room above and below the allowed band, as a share of it."""
ONE_SIDED_PADDING = 1 / 3


@dataclass(frozen=True, slots=True)
class Quantity:
    short: str
    """For cards: "Temp"."""
    name: str
    head: str
    """For the narrow columns of a phone: "°C", "RH %"."""
    unit: str
    digits: int
    floor: float | None
    """What can not be less than nothing."""
    scale: tuple[float, float]
    """Scale of its sparkline where no limit is set."""


QUANTITIES: dict[str, Quantity] = {
    "t_c": Quantity(N_("Temp"), N_("Temperature"), "°C", "°C", 1, None, (15, 35)),
    "rh_pct": Quantity(N_("Humidity"), N_("Humidity"), N_("RH %"), "%", 0, 0, (30, 70)),
    "p_hpa": Quantity(N_("Pressure"), N_("Pressure"), "hPa", "hPa", 0, 0, (980, 1030)),
    "pm1": Quantity("PM1", "PM1", "PM1", "µg/m³", 1, 0, (0, 12)),
    "pm25": Quantity("PM2.5", "PM2.5", "PM2.5", "µg/m³", 1, 0, (0, 12)),
    "pm10": Quantity("PM10", "PM10", "PM10", "µg/m³", 1, 0, (0, 54)),
    "iaq": Quantity(N_("Air index"), N_("Air quality index"), "IAQ", "", 0, 0, (0, 100)),
}
"""By field of the protocol, in the order in which pages show them."""


def metric_view(
    key: str,
    *,
    value: float | None,
    state: State,
    was: float | None = None,
    low: float | None = None,
    high: float | None = None,
    crit_low: float | None = None,
    crit_high: float | None = None,
    spark: Sequence[float | None] = (),
) -> MetricView:
    """The card's metric of one quantity, its words in the page's language.

    Raises:
        KeyError: nobody measures `key`.
    """
    quantity = QUANTITIES[key]
    bottom, top = _scale(quantity, low, high)
    return MetricView(
        key=key,
        label=_(quantity.short),
        head=_(quantity.head),
        unit=quantity.unit,
        digits=quantity.digits,
        value=value,
        was=was,
        state=state,
        low=low,
        high=high,
        crit_low=crit_low,
        crit_high=crit_high,
        says=band(low, high, quantity.digits),
        range_low=bottom,
        range_high=top,
        spark=tuple(None if point is None else round(point, quantity.digits + 1) for point in spark),
    )


def chart_metric(
    key: str,
    *,
    low: float | None = None,
    high: float | None = None,
    crit_low: float | None = None,
    crit_high: float | None = None,
) -> ChartMetric:
    """The chart's plot of one quantity.

    Raises:
        KeyError: nobody measures `key`.
    """
    quantity = QUANTITIES[key]
    allowed = band(low, high, quantity.digits)
    return ChartMetric(
        key=key,
        label=_(quantity.name),
        unit=quantity.unit,
        digits=quantity.digits,
        says=_("{band} allowed").format(band=allowed) if allowed else "",
        low=low,
        high=high,
        crit_low=crit_low,
        crit_high=crit_high,
        floor=quantity.floor,
    )


def _scale(quantity: Quantity, low: float | None, high: float | None) -> tuple[float, float]:
    """The band with a little room; from the floor up where only an upper limit is set."""
    if low is None and high is not None and quantity.floor is not None:
        return quantity.floor, high + (high - quantity.floor) * ONE_SIDED_PADDING
    bottom, top = quantity.scale[0] if low is None else low, quantity.scale[1] if high is None else high
    if bottom >= top:
        bottom, top = min(bottom, top) - 1, max(bottom, top) + 1
    room = (top - bottom) * PADDING
    return (bottom - room if quantity.floor is None else max(quantity.floor, bottom - room)), top + room
