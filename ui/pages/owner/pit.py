"""One pit: what is wrong, its climate over time, its limits, its devices."""

import time
from datetime import UTC, datetime, timedelta
from uuid import UUID

from nicegui import ui
from nicegui.element import Element
from starlette.requests import Request
from starlette.responses import Response

from actions.live import PitNow, hub
from actions.people import Seat
from domain.access import Intent
from domain.alerts import WITHOUT_VALUE
from domain.readings import METRICS, Metric
from storage import queries
from storage.history import RAW, fitting, history
from storage.queries import AlertRow, PitRow
from storage.session import transaction
from ui import live
from ui.alert_feed import AlertFeed, open_alerts_of
from ui.components.alerts import AlertView, alert_row
from ui.components.live_chart import LiveChart
from ui.components.pieces import Card, empty, failure, state_chip
from ui.components.quantities import chart_metric
from ui.components.segmented import Segmented
from ui.components.views import ChartEvent, ChartHistory, ChartMetric, Series, State
from ui.page import page
from ui.pages import acknowledging, shell
from ui.pages.owner.pit_camera import pit_cameras
from ui.pages.owner.pit_devices import device_cards
from ui.pages.owner.pit_limits import LimitsCard
from ui.pages.owner.pit_silence import SilenceButton
from ui.presenters import Said, alert_title, alert_view, resolved
from ui.texts import _

WINDOWS_S = {"900": 900, "3600": 3_600, "21600": 21_600, "86400": 86_400, "604800": 604_800, "2592000": 2_592_000}
FIRST_WINDOW = "3600"
RAW_STEP_MS = 5_000
EVENTS_MAX = 12
STATE_EVERY_S = 3.0
MAIN_METRICS = (Metric.T_C, Metric.RH_PCT, Metric.PM25)


def install(feed: AlertFeed) -> None:
    @page("/pits/{pit_id}")
    async def pit_page(request: Request, pit_id: str) -> Response | None:
        seat = await shell.admit(request, Intent.SEE_PITS)
        if not isinstance(seat, Seat):
            return seat
        wanted = shell.parse_id(pit_id)
        async with transaction(seat.viewer.tenant_id) as tx:
            rows = await queries.pits(tx, wanted) if wanted else []
            said = (await queries.limits_said(tx, {seat.viewer.tenant_id})).get(wanted, {}) if wanted else {}
        if not rows:
            await shell.no_such(
                seat, _("There is no such pit"), _("It was removed, or the link is wrong."), shell.OVERVIEW
            )
            return None
        await _Page(seat, rows[0], said, feed).show()
        return None


class _Page:
    """The open page of one pit."""

    def __init__(self, seat: Seat, row: PitRow, said: Said, feed: AlertFeed) -> None:
        self._seat, self._row, self._said, self._feed = seat, row, said, feed
        self._now = hub.pits.get(row.id)
        self._alerts: list[AlertRow] = []
        self._state: State | None = None

    async def show(self) -> None:
        async with shell.framed(
            self._seat, current=shell.OVERVIEW, title=self._row.name, live=True, back=shell.OVERVIEW
        ) as frame:
            with frame.beside_title:
                self._chip = Element("span")
            self._show_state()
            ui.timer(STATE_EVERY_S, self._show_state, immediate=False)
            if self._seat.viewer.may(Intent.SILENCE_ALERTS):
                with frame.actions:
                    await SilenceButton(self._seat, self._row.id).start()
            self._strip = Element("section").classes("stack")
            self._strip.props["aria-label"] = _("Open alerts")
            with Element("div").classes("columns"):
                with Element("div").classes("two"):
                    await self._show_climate()
                with Element("div").classes("stack wide"):
                    await pit_cameras(self._seat, self._row.id)
                    LimitsCard(self._seat, self._row, self._said, measured(self._now), self._limits_changed)
                    await device_cards(self._seat, self._row.id)
        await self._show_alerts(await open_alerts_of(self._seat.viewer.tenant_id))
        self._feed.follow(self._seat.viewer.tenant_id, self._show_alerts)

    def _show_state(self) -> None:
        """The pit's state beside its name; does nothing while it stays the same."""
        pit = hub.pits.get(self._row.id)
        state = live.pit_state(pit, time.time_ns() // 1_000) if pit else "unknown"
        if state != self._state:
            self._state = state
            self._chip.clear()
            with self._chip:
                state_chip(state)

    async def _show_alerts(self, rows: list[AlertRow]) -> None:
        self._alerts = [row for row in rows if row.pit_id == self._row.id]
        now, may = datetime.now(UTC), self._seat.viewer.may(Intent.ACKNOWLEDGE_ALERT)
        self._strip.clear()
        with self._strip:
            for row in self._alerts:
                view = alert_view(row, self._seat.zone, now, may)
                title = alert_title(row, self._seat.zone, now, with_pit=False)
                alert_row(_retitled(view, title), self._act, full=True)
        self._strip.visible = bool(self._alerts)

    async def _act(self, alert_id: str) -> None:
        row = next((row for row in self._alerts if str(row.id) == alert_id), None)
        if row and row.acknowledged_at is None and self._seat.viewer.may(Intent.ACKNOWLEDGE_ALERT):
            await acknowledging.acknowledge(UUID(alert_id))
        else:
            ui.navigate.to(f"{shell.ALERTS}/{alert_id}")

    async def _show_climate(self) -> None:
        metrics = self._metrics()
        with Card(_("Climate"), tall=True) as card:
            with card.header:
                words = {
                    "900": _("15 min"), "3600": _("1 h"), "21600": _("6 h"),
                    "86400": _("24 h"), "604800": _("7 d"), "2592000": _("30 d"),
                }  # fmt: skip
                self._window = Segmented(_("Window"), words, FIRST_WINDOW, self._load)
            if not metrics:
                empty("sensors", _("Nothing measured yet"), _("Charts begin with the first reading of this pit."))
                return
            look = live.join_pit(self._row.id)

            async def seen(visible: bool) -> None:
                await look(visible)
                if visible:
                    await self._load(self._window.value)

            self._chart = LiveChart(
                str(self._row.id),
                metrics,
                zone=self._seat.zone,
                window_s=WINDOWS_S[FIRST_WINDOW],
                on_visibility=seen,
            )
            self._fault = Element("div")
            self._fault.visible = False

    def _metrics(self) -> list[ChartMetric]:
        """Plots of what this pit measures; the three main ones even before the first reading."""
        limits = resolved(self._said)
        shown = measured(self._now)
        return [
            chart_metric(
                metric,
                low=limits[metric][0].warning_low,
                high=limits[metric][0].warning_high,
                crit_low=limits[metric][0].critical_low,
                crit_high=limits[metric][0].critical_high,
            )
            for metric in sorted(shown, key=lambda m: (m not in MAIN_METRICS, METRICS.index(m)))
        ]

    async def _load(self, window: str) -> None:
        """Reads one window from the resolution that fits it and hands it to the browser."""
        if window not in WINDOWS_S:
            return
        self._chart.loading = True
        try:
            self._chart.show(await read_history(self._seat, self._row.id, WINDOWS_S[window]))
        except Exception:
            self._chart.loading = False
            self._say_failed()
            raise
        self._fault.visible = False

    def _say_failed(self) -> None:
        self._fault.clear()
        with self._fault:
            failure(
                _("The chart did not load"),
                _("Live values still arrive."),
                lambda: self._load(self._window.value),
            )
        self._fault.visible = True

    def _limits_changed(self) -> None:
        ui.navigate.reload()


def measured(pit: PitNow | None) -> list[Metric]:
    """What the pit's sensors have measured in the last hour."""
    return [metric for metric in METRICS if pit and pit.latest(metric)[1]]


def _retitled(view: AlertView, title: str) -> AlertView:
    return AlertView(view.id, view.state, title, view.why, view.since_ms, view.action, view.seen)


async def read_history(seat: Seat, pit_id: UUID, window_s: int) -> ChartHistory:
    """One window of a pit with its alerts as marks."""
    now = datetime.now(UTC)
    since, resolution = now - timedelta(seconds=window_s), fitting(timedelta(seconds=window_s))
    async with transaction(seat.viewer.tenant_id) as tx:
        found = await history(tx, pit_id, since, now + timedelta(minutes=5), resolution, METRICS)
        rows, _total = await queries.alerts(tx, queries.AlertFilter(pit_id=pit_id, since=since), 0, EVENTS_MAX)
    series: dict[str, Series] = {}
    for metric, points in found.items():
        series[metric] = Series(at=points.at_ms, mean=list(points.mean))
        if resolution is not RAW:
            series[metric]["min"], series[metric]["max"] = list(points.low), list(points.high)
    events = tuple(
        ChartEvent(round(row.raised_at.timestamp() * 1_000), _("No data") if row.rule in WITHOUT_VALUE else _("Alert"))
        for row in rows
    )
    return ChartHistory(
        window_s=window_s,
        at=[],
        series=series,
        step_ms=resolution.bucket_s * 1_000 or RAW_STEP_MS,
        events=events,
    )
