"""Alerts as they stand beside the work: what is the case, then what to do."""

from collections.abc import Iterable

from domain.readings import FACTS, Metric
from storage.queries import AlertRow
from ui.components.markup import STATE_ICONS
from ui.components.work_tablet import Warned
from ui.presenters import alert_state, metric_name, value_now
from ui.texts import _, number

SILENT = "silent"


def warnings(rows: Iterable[AlertRow]) -> list[Warned]:
    return [_warned(row) for row in rows if row.pit_id is not None]


def _warned(row: AlertRow) -> Warned:
    state, seen = alert_state(row), row.acknowledged_at is not None
    return Warned(str(row.id), str(row.pit_id), state, STATE_ICONS[state], _title(row), _text(row), seen)


def _title(row: AlertRow) -> str:
    return _("No data from this pit") if row.rule == SILENT else metric_name(row.rule)


def _text(row: AlertRow) -> str:
    if row.rule == SILENT:
        return _("A sensor is silent. Look whether it has power.")
    metric, value = Metric(row.rule), value_now(row)
    digits = FACTS[metric].digits
    limit = number(row.limit_value, digits if (row.limit_value or 0) % 1 else 0)
    fact = _("{what} is at {value}, the limit is {limit}.").format(
        what=metric_name(row.rule), value=number(value, digits), limit=limit
    )
    is_high = value is None or row.limit_value is None or value > row.limit_value
    return f"{fact} {_advice(metric, is_high=is_high)}"


def _advice(metric: Metric, *, is_high: bool) -> str:
    if metric is Metric.T_C:
        return _("Cool the pit.") if is_high else _("Warm the pit.")
    if metric is Metric.RH_PCT:
        return _("Run the dehumidifier.") if is_high else _("Run the humidifier.")
    if metric in (Metric.PM1, Metric.PM25, Metric.PM10):
        return _("Close the door and run the filter.")
    return _("Air the pit.")
