"""What pages call a device's own settings, and how they write their values."""

from domain.device_settings import NOT_WIRED
from domain.readings import FACTS, METRICS, Metric
from ui.components.quantities import QUANTITIES
from ui.texts import N_, UNKNOWN, _, number, with_unit

NUMBERS = {
    "interval_s": N_("Interval"),
    "lease_cap_ms": N_("Longest lease"),
    "min_off_ms": N_("Rest between two starts"),
    "starts_per_hour": N_("Starts per hour"),
    "grid_delay_min_ms": N_("Wait after the grid's return, least"),
    "grid_delay_max_ms": N_("Wait after the grid's return, most"),
    "watchdog_ms": N_("Watchdog"),
    "feedback_within_ms": N_("Contactor follows within"),
    "current_ua_per_count": N_("Current sensor, per count"),
    "trip_delay_ms": N_("Wrong current for at least"),
    "inrush_ms": N_("Starting current for at most"),
    "trip_rest_s": N_("Rest after a trip"),
}
UNITS = {"s": N_("s"), "ms": "ms"}
"""By the end of a name."""
ODD_UNITS = {"current_ua_per_count": "µA", "current_ma": "mA"}


def setting_word(path: str) -> str:
    """ "Interval", "Temperature below", "Pin relay"."""
    group, _dot, rest = path.partition(".")
    if group == "pins":
        return _("Pin {name}").format(name=rest.replace("_", " "))
    if group == "thresholds":
        watched, _dot, side = rest.partition(".")
        name = _watched_word(watched)
        return (_("{metric} below") if side == "low" else _("{metric} above")).format(metric=name)
    return _(NUMBERS[group]) if group in NUMBERS else path.replace("_", " ")


def setting_unit(path: str) -> str:
    """As a field shows it behind its number; empty where there is none."""
    group, _dot, rest = path.partition(".")
    if group == "thresholds":
        watched = rest.partition(".")[0]
        return FACTS[Metric(watched)].unit if watched in METRICS else ODD_UNITS.get(watched, "")
    if group in ODD_UNITS:
        return ODD_UNITS[group]
    unit = group.rpartition("_")[2]
    return _(UNITS[unit]) if unit in UNITS else ""


def setting_value(path: str, value: float | None) -> str:
    """5 s, 24.6 °C, GPIO 25."""
    if value is None:
        return UNKNOWN
    if path.startswith("pins."):
        return _("not wired") if value == NOT_WIRED else f"GPIO {number(value)}"
    return with_unit(value, setting_unit(path), 0 if value % 1 == 0 else 1)


def _watched_word(watched: str) -> str:
    if watched in METRICS:
        return _(QUANTITIES[watched].name)
    return _("Current") if watched == "current_ma" else watched.replace("_", " ")
