"""Every component in every state, with sample data, for developers: `python -m tools.gallery --port 8090`.

Pages: `/` the components, `/overview` a dashboard, `/pit` a pit's chart, `/pump` motors and turns, `/work` the staff's
tablet, `/photos` those of a job, `/customer-side` what its customer has, and a camera. Each takes `?theme=light|dark`
and `?lang=en|hi|bn`. Values move every second; with `--still` only `POST /live` moves them, with a `live` message as
its body, which goes to every open page.
"""

import argparse
import random
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

from nicegui import app, core, ui
from nicegui.element import Element

from tools import gallery_samples as samples
from tools import gallery_work
from tools.assets import HOW_TO_MAKE, missing
from tools.gallery_jobs import jobs_part
from tools.gallery_pump import pump_components
from ui import texts
from ui import theme as look
from ui.components.alerts import AlertStrip, alert_row
from ui.components.clock import now_ms
from ui.components.data_table import Cell, Column, DataTable, Row, TableRequest
from ui.components.device_row import device_row
from ui.components.dialog import confirm
from ui.components.field import number_field, select_field, text_field
from ui.components.live_chart import LiveChart
from ui.components.live_mark import LiveMark
from ui.components.markup import Text, key_value, meter, raw
from ui.components.metric import metric
from ui.components.pieces import (
    Card,
    button,
    empty,
    failure,
    icon_button,
    key_values,
    link_button,
    skeleton,
    state_chip,
    tone_chip,
)
from ui.components.pit_grid import PitGrid
from ui.components.quantities import chart_metric
from ui.components.segmented import Segmented
from ui.components.toast import toast
from ui.frame import Frame, frame
from ui.texts import Language, _, ngettext
from ui.theme import Theme

EVERY_S = 1.0
WINDOWS_S = {"900": "15 min", "3600": "1 h", "21600": "6 h", "86400": "24 h", "604800": "7 d"}


def install(*, still: bool) -> None:
    """Register the gallery's pages on NiceGUI's app."""
    look.install()
    ui.page("/")(components_page)
    ui.page("/overview")(overview_page)
    ui.page("/pit")(pit_page)
    ui.page("/pump")(pump_page)
    app.post("/live")(send_live)
    gallery_work.install()
    if not still:
        app.timer(EVERY_S, _send_sample)


async def send_live(message: dict[str, Any]) -> None:
    """Send one `live` message to every open page."""
    await core.sio.emit("live", {"now": now_ms(), **message})


def overview_page(theme: Theme = "system", lang: Language = "en", own_digits: bool = False) -> None:
    texts.use(lang, own_digits=own_digits)
    title = _title({"ok": 3, "warn": 1, "crit": 1, "unknown": 1})
    with _framed("/overview", title, (theme, lang, own_digits)) as shell:
        now = now_ms()
        with shell.actions:
            icon_button("search", _("Search")).classes("only-wide")
            button(_("New job"), kind="primary", icon="add").classes("only-wide")

        def watched(visible: bool) -> None:
            shell.title.props["data-watched"] = str(visible)

        pits = samples.sample_pits(now)
        with PitGrid(pits, on_visibility=watched, on_counts=lambda counts: shell.set_title(_title(counts))):
            AlertStrip(
                samples.sample_alerts(now),
                lambda alert: toast("ok", f"Seen: {alert}"),
                label=_("Open alerts"),
                more_href="/alerts",
            )


def pit_page(theme: Theme = "system", lang: Language = "en", own_digits: bool = False) -> None:
    texts.use(lang, own_digits=own_digits)
    with _framed("/pit", "Pit 4", (theme, lang, own_digits), back="/overview") as shell:
        with shell.beside_title:
            state_chip("crit")
            Text("span", "Toyota Fortuner MH 01 DX 7070, film, Farida").classes("cut only-wide")
        with shell.actions:
            button("Silence", icon="notifications")
            button("Hold the job", icon="pause")
        alert_row(samples.sample_alerts(now_ms())[0], lambda alert: toast("ok", f"Seen: {alert}"), full=True)
        with Element("div").classes("columns"):
            with Card(_("Climate"), tall=True).classes("two") as card:
                chart = LiveChart(
                    "pit-4",
                    [chart_metric(key, **limits) for key, limits in samples.LIMITS.items()],
                    zone="Asia/Kolkata",
                )
            with card.header:
                LiveMark()
                Segmented(
                    "Window", WINDOWS_S, "3600", lambda key: chart.show(samples.sample_history(now_ms(), int(key)))
                )
            chart.show(samples.sample_history(now_ms(), 3_600))
            with Element("div").classes("stack wide"):
                _node_card()


def pump_page(theme: Theme = "system", lang: Language = "en", own_digits: bool = False) -> None:
    texts.use(lang, own_digits=own_digits)
    with _framed("/pump", "1 motor runs, 4 wait", (theme, lang, own_digits)):
        pump_components()


def components_page(theme: Theme = "system", lang: Language = "en", own_digits: bool = False) -> None:
    texts.use(lang, own_digits=own_digits)
    with _framed("/", "Components", (theme, lang, own_digits), live=False), Element("div").classes("columns"):
        for column in (_first_column, _second_column, _third_column):
            with Element("div").classes("stack wide"):
                column()
        jobs_part()


def _first_column() -> None:
    with Card("State chip", pad=True), Element("div").classes("cluster").style("flex-wrap: wrap"):
        for state in ("ok", "warn", "crit"):
            state_chip(state)
        state_chip("unknown", "No data 23 min")
        tone_chip("hold", "HOLD")
        tone_chip("brand", "RUNNING")
        tone_chip("brand", "WAITING #2", "hourglass_top")
        tone_chip("", "OFF", big=True)
    pits = samples.sample_pits(now_ms())
    with Card("Metric", pad=True), Element("div").style("display: grid; grid-template-columns: 1fr 1fr; gap: 24px"):
        for n, i in ((0, 0), (2, 1), (3, 2), (5, 0)):
            metric(pits[n].metrics[i])
        metric(pits[3].metrics[2], tall=True)
    skeleton(("40%", 20), ("70%", 14), ("100%", 32), ("100%", 32))
    with Element("div").classes("stack"):
        for alert in (*samples.sample_alerts(now_ms()), samples.seen_alert()):
            alert_row(alert, lambda alert: toast("ok", f"Seen: {alert}"))


def _second_column() -> None:
    with Card("Buttons", pad=True), Element("div").classes("cluster").style("flex-wrap: wrap"):
        button("Save limits", kind="primary")
        button("Silence", _ask)
        button("See device", kind="plain")
        button("Stop motor", kind="danger")
        button("Start").disable()
        button("Photo", icon="photo_camera", size="glove")
        icon_button("search", "Search")
        link_button("All pits", "/overview", icon="arrow_back")
        button("Start 20 min", kind="primary", icon="play_circle", size="motor")
    with Card("Choice", pad=True):
        Segmented("Window", WINDOWS_S, "3600", lambda _key: None)
    with Card("Form field", pad=True), Element("div").classes("stack wide"):
        text_field("Car number", "MH 12 AB 1234", help="As on the plate.", code=True)
        wrong = number_field("Humidity, upper limit", 25, unit="%", check=_above_lower)
        wrong.is_right()
        select_field("Film", {"gloss": "Gloss", "matte": "Matte"}, "gloss")
        text_field("Password", kind="password")
    with Card("Devices"):
        for device in samples.DEVICES:
            device_row(device)
    with Card("Toast", pad=True), Element("div").classes("cluster").style("flex-wrap: wrap"):
        button("Done", lambda: toast("ok", "20 min added to Salma", "Undo", lambda: toast("ok", "Taken back")))
        button("Refused", lambda: toast("warn", "Pit 2 is taken until 15:00", "Pick a pit"))


def _third_column() -> None:
    empty("directions_car", "No jobs today", "Cars that you receive appear here with their promised time.", "New job")
    failure("The chart did not load", "The server did not answer in 5 s. Live values still arrive.", lambda: None)
    failure("No readings", "The node is silent since 09:41.", icon="sensors_off", data_missing=True)
    with Card("Table"):
        table = DataTable(
            [
                Column("car", "Car", sortable=True),
                Column("stage", "Stage"),
                Column("due", "Promised", "right", sortable=True),
            ],
            lambda request: table.show(_jobs(), 47, request),
            page_size=3,
        )
        table.show(_jobs(), 47, TableRequest("due", False, 1))
    _node_card()


def _node_card() -> None:
    with Card("Node PP-0417", pad=False) as card:
        raw(key_value(_("Readings lost, 1 h"), f"{meter(0.02)}0.4 %")).classes("inside")
        key_values([(_("Signal"), "−61 dBm"), (_("Clock off by"), "12 ms")]).classes("inside")
    with card.header:
        tone_chip("ok", "Online")


def _framed(
    current: str, title: str, look_of: tuple[Theme, Language, bool], *, live: bool = True, back: str | None = None
) -> AbstractContextManager[Frame]:
    theme, lang, own_digits = look_of
    view = replace(samples.sample_frame(), theme=theme, lang=lang, own_digits=own_digits)
    phone = not live or back is not None
    return frame(view, current=current, title=title, live=live and back is None, back=back, title_on_phone=phone)


def _title(counts: dict[str, int]) -> str:
    total = sum(counts.values())
    words = {"ok": _("{n} in spec"), "warn": _("{n} warning"), "crit": _("{n} critical"), "unknown": _("{n} unknown")}
    parts = [words[state].format(n=counts[state]) for state in words if counts[state]]
    return ngettext("{n} pit: {states}", "{n} pits: {states}", total).format(n=total, states=", ".join(parts))


def _jobs() -> list[Row]:
    def job(car: str, stage: Cell, due: str) -> Row:
        return Row(car, {"car": Cell(car, href="/pit"), "stage": stage, "due": Cell(due)})

    return [
        job("Tata Nexon", Cell("Quality check"), "13:30"),
        job("Toyota Fortuner", Cell("Late", "warn", "schedule"), "18:30"),
        job("Kia Seltos", Cell("Received"), "Tomorrow"),
    ]


def _above_lower(value: float | None) -> str | None:
    return None if value is not None and value > 30 else "Must be above the lower limit, 30 %."


async def _ask() -> None:
    if await confirm(
        "Stop Rahim's run?", "The motor goes off now. Rahim gets 11 min 52 s back.", "Stop motor", keep="Keep running"
    ):
        toast("ok", "Motor stopped")


async def _send_sample() -> None:
    """What five pits would send now; the sixth stays silent."""
    now, near = now_ms(), random.uniform
    pits = {
        f"pit-{n}": {
            "at": now,
            "metrics": {
                "t_c": [t + near(-0.2, 0.2), "ok"],
                "rh_pct": [rh + near(-1, 1), state_rh],
                "pm25": [pm + near(-0.3, 0.3), state_pm],
            },
        }
        for n, t, rh, pm, state_rh, state_pm in (
            (1, 24.6, 52, 8.2, "ok", "ok"),
            (2, 25.1, 55, 9.6, "ok", "ok"),
            (3, 27.8, 73, 9.1, "warn", "ok"),
            (4, 26.3, 58, 41.8, "ok", "crit"),
            (5, 24.9, 50, 6.4, "ok", "ok"),
        )
    }
    await send_live({"pits": pits})
    readings = [[now, {"t_c": 26.3 + near(-0.1, 0.1), "rh_pct": 58 + near(-0.5, 0.5), "pm25": 41.8 + near(-0.4, 0.4)}]]
    await send_live({"pit": "pit-4", "readings": readings})


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.gallery", description=__doc__)
    parser.add_argument("--port", type=int, default=8090)
    parser.add_argument("--still", action="store_true", help="no values move by themselves")
    asked = parser.parse_args()
    if absent := missing():
        raise SystemExit(f"not built yet: {', '.join(absent)}\nrun: {HOW_TO_MAKE}")
    install(still=asked.still)
    ui.run(
        host="127.0.0.1",
        port=asked.port,
        title="PitPilot",
        favicon=look.FAVICON,
        tailwind=False,
        reload=False,
        show=False,
        binding_refresh_interval=None,
        reconnect_timeout=20,
        show_welcome_message=False,
    )


if __name__ in {"__main__", "__mp_main__"}:
    main()
