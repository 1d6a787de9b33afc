"""Sample data of the gallery: one Saturday morning in a workshop, the same on every start."""

import random
from collections.abc import Sequence

from ui.components.alerts import AlertView
from ui.components.device_row import DeviceView
from ui.components.quantities import metric_view
from ui.components.views import (
    SPARK_POINTS,
    ChartEvent,
    ChartHistory,
    MetricView,
    PitCard,
    Series,
    State,
)
from ui.frame import FrameView, NavGroup, NavItem
from ui.texts import _

MINUTE_MS = 60_000
STEP_MS = 5_000
SILENT_MS = 23 * MINUTE_MS
LIMITS: dict[str, dict[str, float]] = {
    "t_c": {"low": 15, "high": 35},
    "rh_pct": {"low": 30, "high": 70},
    "pm25": {"high": 12, "crit_high": 35.4},
}
WOBBLE = {"t_c": 1.2, "rh_pct": 5.0, "pm25": 2.2}


def walk(seed: int, end: float, wobble: float, points: int, rise: float = 0, start: float = 0.55) -> list[float]:
    """A believable curve that ends at `end`, after a climb of `rise` that began at the share `start`."""
    chance, level, raw = random.Random(seed), 0.0, []
    for _point in range(points):
        level = level * 0.9 + (chance.random() - 0.5) * wobble
        raw.append(level)

    def below(i: int) -> float:
        climbed = max(0.0, (i / (points - 1) - start) / (1 - start))
        return rise * float((1 - climbed) ** 2.3)

    return [max(0.0, end + value - raw[-1] - below(i)) for i, value in enumerate(raw)]


def sample_metric(
    key: str, now: float, seed: int, *, state: State = "ok", rise: float = 0, gone: float = 0
) -> MetricView:
    curve: list[float | None] = list(walk(seed, now, WOBBLE[key], SPARK_POINTS, rise))
    if gone:
        silent = round(SPARK_POINTS * gone)
        curve = [*curve[silent:], *[None] * silent]
    known = state != "unknown"
    return metric_view(
        key, value=now if known else None, was=None if known else now, state=state, spark=curve, **LIMITS[key]
    )


def sample_pits(now_ms: int) -> list[PitCard]:
    def pit(
        n: int, state: State, car: str, plate: str, stage: str, *metrics: MetricView, age_ms: int = 1_000
    ) -> PitCard:
        return PitCard(
            id=f"pit-{n}",
            href=f"/pit?n={n}",
            name=f"Pit {n}",
            state=state,
            metrics=metrics,
            car=car,
            plate=plate,
            stage=stage,
            seen_at_ms=now_ms - age_ms,
            open_alerts=int(state != "ok"),
        )

    def three(n: int, t: float, rh: float, pm: float) -> list[MetricView]:
        return [
            sample_metric(key, value, n * 3 + i) for i, (key, value) in enumerate(zip(LIMITS, (t, rh, pm), strict=True))
        ]

    humid, dusty = three(3, 27.8, 73, 9.1), three(4, 26.3, 58, 41.8)
    humid[1] = sample_metric("rh_pct", 73, 10, state="warn", rise=14)
    dusty[2] = sample_metric("pm25", 41.8, 14, state="crit", rise=33)
    silent = [
        sample_metric(key, value, 18, state="unknown", gone=0.38)
        for key, value in zip(LIMITS, (27.4, 61, 7.7), strict=True)
    ]
    return [
        pit(1, "ok", "Tata Nexon", "MH 12 QK 4821", _("Quality check"), *three(1, 24.6, 52, 8.2)),
        pit(2, "ok", "Hyundai Creta", "MH 14 HG 3307", _("Wash"), *three(2, 25.1, 55, 9.6)),
        pit(3, "warn", "Mahindra Thar", "MH 12 TR 0912", _("Film"), *humid),
        pit(4, "crit", "Toyota Fortuner", "MH 01 DX 7070", _("Film"), *dusty),
        pit(5, "ok", "", "", _("Free"), *three(5, 24.9, 50, 6.4)),
        pit(6, "unknown", "Kia Seltos", "MH 12 PL 5564", _("Received"), *silent, age_ms=SILENT_MS),
    ]


def sample_alerts(now_ms: int) -> list[AlertView]:
    return [
        AlertView(
            "a4", "crit", "Pit 4: PM2.5 41.8 µg/m³", "Limit 35.4, for 6 min", now_ms - 6 * MINUTE_MS, "Acknowledge"
        ),
        AlertView("a3", "warn", "Pit 3: humidity 73 %", "Limit 70, for 11 min", now_ms - 11 * MINUTE_MS, "Acknowledge"),
        AlertView("a6", "unknown", "Pit 6: no data since 09:41", "Node silent, camera too", now_ms, "See device"),
    ]


def seen_alert() -> AlertView:
    return AlertView(
        "a2", "warn", "Pit 2: PM2.5 13.1 µg/m³", "Seen by Sunil 09:55: filter changed", 0, "Open", seen=True
    )


def sample_history(now_ms: int, window_s: int) -> ChartHistory:
    """Raw readings up to an hour, five-minute roll-ups beyond, with a gap of four minutes in the last hour."""
    step = STEP_MS if window_s <= 3_600 else 5 * MINUTE_MS
    points = min(window_s * 1_000 // step, 2_016)
    at = [now_ms - (points - 1 - i) * step for i in range(points)]
    series: dict[str, Series] = {}
    ends = {"t_c": (26.3, 1.4, 0.55), "rh_pct": (58.0, 3.0, 0.55), "pm25": (41.8, 33.0, 47 / 60)}
    for seed, (key, (end, rise, start)) in enumerate(ends.items(), 12):
        mean = walk(seed, end, WOBBLE[key] / 2, points, rise, start)
        series[key] = Series(mean=[round(value, 2) for value in mean])
        if step > STEP_MS:
            series[key]["min"] = [round(value * 0.96, 2) for value in mean]
            series[key]["max"] = [round(value * 1.04, 2) for value in mean]
    kept = [
        i for i, moment in enumerate(at) if not 24 * MINUTE_MS < now_ms - moment < 28 * MINUTE_MS or window_s > 3_600
    ]
    events = [(52, "Film started"), (13, "Door opened"), (6, "Alert")]
    return ChartHistory(
        window_s=window_s,
        at=[at[i] for i in kept],
        series={key: _only(one, kept) for key, one in series.items()},
        step_ms=step,
        events=tuple(ChartEvent(now_ms - minutes * MINUTE_MS, word) for minutes, word in events),
    )


def _only(series: Series, kept: Sequence[int]) -> Series:
    chosen = Series(mean=[series["mean"][i] for i in kept])
    if "min" in series:
        chosen["min"] = [series["min"][i] for i in kept]
        chosen["max"] = [series["max"][i] for i in kept]
    return chosen


DEVICES = (
    DeviceView("Node PP-0417", "Pit 4, 1 s ago", 0.004),
    DeviceView("Node PP-0412", "Pit 3, 2 s ago", 0.076),
    DeviceView("Node PP-0419", "Pit 6, 23 min ago", None),
)


def sample_frame() -> FrameView:
    return FrameView(
        person_name="Priya Shah",
        role_word=_("Owner"),
        tenant_name="Baner, Pune",
        groups=(
            NavGroup(
                _("Workshop"),
                (
                    NavItem("dashboard", _("Overview"), "/overview", tab=_("Overview")),
                    NavItem("garage", _("Pits"), "/pit"),
                    NavItem("assignment", _("Jobs"), "/jobs", tab=_("Jobs")),
                    NavItem("notifications", _("Alerts"), "/alerts", count=3, tab=_("Alerts")),
                ),
            ),
            NavGroup(
                _("Pump"),
                (
                    NavItem("water_pump", _("Motor and line"), "/pump", tab=_("Pump")),
                    NavItem("group", _("Members"), "/members"),
                    NavItem("receipt_long", _("Ledger"), "/ledger"),
                ),
            ),
            NavGroup(
                _("Manage"),
                (NavItem("router", _("Devices"), "/devices"), NavItem("settings", _("Settings"), "/settings")),
            ),
        ),
    )
