"""From rows and the hub to what components show, in the page's language and the tenant's zone."""

import time
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from actions.live import PitNow, hub
from domain.alerts import CAMERA, SILENT, WITHOUT_VALUE
from domain.limits import DEFAULTS, Level, Limits, Origin, resolve
from domain.readings import FACTS, METRICS, Metric
from storage.queries import AlertRow, DeviceRow, PitRow
from ui import motor_alert_words
from ui.components.alerts import AlertView
from ui.components.device_row import DeviceView
from ui.components.quantities import QUANTITIES, metric_view
from ui.components.views import MetricView, PitCard, State
from ui.live import STATES, metric_state, pit_state
from ui.texts import _, ago, clock, duration, moment, ngettext, number, with_unit

CARD_METRICS = (Metric.T_C, Metric.RH_PCT, Metric.PM25)
SIGNAL_WORDS = ((-60, "excellent"), (-70, "good"), (-80, "fair"))

Said = Mapping[Metric, Mapping[Origin, Limits]]


def resolved(said: Said) -> dict[Metric, tuple[Limits, Mapping[str, Origin]]]:
    """A pit's limits with where each comes from."""
    return {
        metric: resolve({**said.get(metric, {}), Origin.DEFAULT: DEFAULTS.get(metric, Limits())}) for metric in METRICS
    }


def pit_href(pit_id: UUID) -> str:
    return f"/pits/{pit_id}"


def pit_card(row: PitRow, pit: PitNow | None, said: Said, now_us: int) -> PitCard:
    """One pit of the dashboard."""
    limits = resolved(said)
    state: State = pit_state(pit, now_us) if pit else "unknown"
    return PitCard(
        id=str(row.id),
        href=pit_href(row.id),
        name=row.name,
        state=state,
        metrics=tuple(card_metric(metric, pit, limits[metric][0], now_us) for metric in CARD_METRICS),
        seen_at_ms=pit.heard_us // 1_000 if pit and pit.heard_us else None,
        open_alerts=row.open_alerts,
    )


def card_metric(metric: Metric, pit: PitNow | None, limits: Limits, now_us: int) -> MetricView:
    value, state = (pit.latest(metric)[0], metric_state(pit, metric, now_us)) if pit else (None, "unknown")
    known = state != "unknown"
    return metric_view(
        metric,
        value=value if known else None,
        was=None if known else value,
        state=state,
        low=limits.warning_low,
        high=limits.warning_high,
        crit_low=limits.critical_low,
        crit_high=limits.critical_high,
        spark=pit.trend(metric, now_us) if pit else (),
    )


def counts_title(counts: Mapping[str, int]) -> str:
    """6 pits: 3 in spec, 1 warning, 1 critical, 1 unknown."""
    total = sum(counts.values())
    words = {"ok": _("in spec"), "warn": _("warning"), "crit": _("critical"), "unknown": _("unknown")}
    parts = [f"{number(counts.get(key, 0))} {word}" for key, word in words.items() if counts.get(key)]
    pits = ngettext("{n} pit", "{n} pits", total).format(n=number(total))
    return f"{pits}: {', '.join(parts)}" if parts else pits


def metric_name(rule: str) -> str:
    return _(QUANTITIES[rule].name)


def value_text(rule: str, value: float | None) -> str:
    facts = FACTS[Metric(rule)]
    return with_unit(value, facts.unit, facts.digits)


def alert_title(row: AlertRow, zone: str, now: datetime, *, with_pit: bool = True) -> str:
    """Pit 4: PM2.5 41.8 µg/m³; Pit 6: no data since 09:41; Motor 1: ON though nobody started it."""
    if row.rule in motor_alert_words.RULES:
        return f"{row.device_name or row.device_id}: {motor_alert_words.what(row.rule, row.detail)}"
    if row.rule in WITHOUT_VALUE:
        what = _what_is_missing(row, zone, now)
    else:
        what = f"{metric_name(row.rule)} {value_text(row.rule, value_now(row))}"
    return f"{row.pit_name}: {what}" if with_pit and row.pit_name else what[:1].upper() + what[1:]


def _what_is_missing(row: AlertRow, zone: str, now: datetime) -> str:
    is_camera, camera = row.rule == CAMERA, row.detail or _("the camera")
    if row.resolved_at is not None:
        text = _("no picture from {camera} for {time}") if is_camera else _("no data for {time}")
        return text.format(camera=camera, time=duration((row.resolved_at - row.raised_at).total_seconds()))
    text = _("no picture from {camera} since {time}") if is_camera else _("no data since {time}")
    return text.format(camera=camera, time=moment(row.changed_at, zone, now))


def value_now(row: AlertRow) -> float | None:
    """What an open alert's metric measures now, if it is heard; else the value that moved the alert last."""
    pit = hub.pits.get(row.pit_id) if row.pit_id and row.resolved_at is None else None
    if pit is None or not pit.is_fresh(Metric(row.rule), time.time_ns() // 1_000):
        return row.value
    return pit.latest(Metric(row.rule))[0]


def alert_why(row: AlertRow, zone: str, now: datetime) -> str:
    """Limit 35.4, for 6 min; or who has seen it and what they noted."""
    if row.acknowledged_by and row.acknowledged_at:
        seen = _("Seen by {name}, {time}").format(name=row.acknowledged_by, time=moment(row.acknowledged_at, zone, now))
        return f"{seen}: {row.note}" if row.note else seen
    since = duration(((row.resolved_at or now) - row.raised_at).total_seconds())
    if row.rule in motor_alert_words.RULES:
        return motor_alert_words.advice(row.rule)
    if row.rule == CAMERA:
        return _("{camera} sends no picture").format(camera=row.detail or _("The camera"))
    if row.rule == SILENT:
        return _("{device} is silent").format(device=row.device_name or row.device_id)
    limit = number(row.limit_value, FACTS[Metric(row.rule)].digits if (row.limit_value or 0) % 1 else 0)
    text = _("Limit {limit}, for {time}").format(limit=limit, time=since)
    return text + ", " + _("flapping") if row.flapping else text


def alert_state(row: AlertRow) -> State:
    return "unknown" if row.rule in WITHOUT_VALUE else STATES[max(row.level, Level.WARNING)]


def alert_view(row: AlertRow, zone: str, now: datetime, may_acknowledge: bool) -> AlertView:
    """An open alert as a row with one action."""
    seen = row.acknowledged_at is not None
    return AlertView(
        id=str(row.id),
        state=alert_state(row),
        title=alert_title(row, zone, now),
        why=alert_why(row, zone, now),
        since_ms=round(row.raised_at.timestamp() * 1_000),
        action=_("Acknowledge") if may_acknowledge and not seen else _("Open"),
        seen=seen,
    )


def device_view(row: DeviceRow, now: datetime, *, fresh_s: float = 60.0) -> DeviceView:
    """A device in one line."""
    age_s = None if row.heard_at is None else max(0.0, (now - row.heard_at).total_seconds())
    silent = age_s is None or age_s > fresh_s
    when = _("never heard") if age_s is None else ago(age_s)
    return DeviceView(
        name=row.name,
        place=f"{row.pit_name}, {when}" if row.pit_name else when,
        lost=None if silent else (row.lost / row.expected if row.expected else 0.0),
        href=f"/devices/{row.id}",
    )


def signal_text(rssi_dbm: int | None) -> str:
    """−61 dBm, good."""
    if rssi_dbm is None:
        return number(None)
    words = {"excellent": _("excellent"), "good": _("good"), "fair": _("fair"), "poor": _("poor")}
    word = next((name for least, name in SIGNAL_WORDS if rssi_dbm >= least), "poor")
    return f"{with_unit(rssi_dbm, 'dBm')}, {words[word]}"


def origin_text(origin: Origin | None) -> str:
    """Where a limit comes from."""
    words = {
        Origin.PIT: _("this pit"),
        Origin.TENANT: _("workshop"),
        Origin.FILM: _("film"),
        Origin.DEFAULT: _("default"),
    }
    return words[origin] if origin else ""


def clock_or_dash(at: datetime | None, zone: str) -> str:
    return clock(at, zone) if at else number(None)
