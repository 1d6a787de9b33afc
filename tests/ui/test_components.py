"""Still components: what they say, in which state, and what pressing them does."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from nicegui import ui
from nicegui.testing import User
from nicegui.testing.user_interaction import UserInteraction

from domain.passport import Verdict
from tests.ui.conftest import Show
from tools import gallery_samples as samples
from tools.gallery_customer import sample_seat, sample_side
from ui.components import markup
from ui.components.alerts import AlertStrip, AlertView
from ui.components.data_table import Cell, Column, DataTable, Row, TableRequest
from ui.components.device_row import DeviceView, device_row
from ui.components.field import Field, number_field, text_field
from ui.components.metric import metric_html, sparkline_html
from ui.components.navigation import Navigation
from ui.components.pieces import Card, button, empty, failure, key_values, link_button, state_chip, tone_chip
from ui.components.pit_grid import PitGrid
from ui.components.quantities import QUANTITIES, chart_metric, metric_view
from ui.components.segmented import Segmented
from ui.components.toast import toast
from ui.frame import FrameView, NavGroup, NavItem, frame
from ui.pages.owner.job_link import link_card, passport_card


async def test_a_state_is_word_icon_and_colour(user: User, show: Show) -> None:
    def page() -> None:
        state_chip("warn")
        state_chip("unknown", "No data 23 min")
        tone_chip("brand", "WAITING #2", "hourglass_top")

    await show(page)
    for words in (("warning", "Warning", 'data-state="warn"'), ("help", "No data 23 min"), ("hourglass_top", "#2")):
        for word in words:
            await user.should_see(word)


async def test_foreign_words_can_not_become_markup(user: User, show: Show) -> None:
    evil = "<img src=x onerror=alert(1)>"

    def page() -> None:
        state_chip("ok", evil)
        key_values([(evil, evil)])
        device_row(DeviceView(evil, evil, None, href='"><script>'))
        link_button(evil, '"><script>')
        AlertStrip([AlertView("1", "crit", evil, evil, 0, "Open")], print, label="Alerts")

    await show(page)
    await user.should_not_see("<img")
    await user.should_not_see("<script>")
    await user.should_see("&lt;img")


@pytest.mark.parametrize(
    ("value", "state", "words"),
    [
        (24.6, "ok", ["24.6", "°C", "15–35"]),
        (36.2, "warn", ["36.2", "≤", "35", "warning"]),
        (12.0, "warn", ["12.0", "≥", "15", "warning"]),
        (None, "unknown", ["– –", "was 27.4", "15–35", "gone"]),
    ],
)
def test_a_number_never_stands_without_its_band(value: float | None, state: Any, words: list[str]) -> None:
    spark = [24.0, None, 25.0, value]
    view = metric_view("t_c", value=value, was=27.4, state=state, low=15, high=35, spark=spark)
    for word in words:
        assert word in metric_html(view)


def test_a_gap_of_a_sparkline_is_never_bridged() -> None:
    view = metric_view("rh_pct", value=50, state="ok", low=30, high=70, spark=[50, 51, None, 52, 53])
    (line,) = {part.split('"')[0] for part in sparkline_html(view).split('class="trace" d="')[1:]}
    assert line.count("M") == 2


def test_what_leaves_the_band_is_drawn_again_in_the_colour_of_its_severity() -> None:
    quiet = metric_view("pm25", value=8, state="ok", high=12, crit_high=35.4, spark=[8, 9, 8])
    dusty = metric_view("pm25", value=41.8, state="crit", high=12, crit_high=35.4, spark=[8, 20, 41.8])
    assert 'class="trace crit"' not in sparkline_html(quiet)
    assert 'class="trace warn"' in sparkline_html(dusty) and 'class="trace crit"' in sparkline_html(dusty)


def test_a_sparkline_of_nothing_draws_nothing() -> None:
    view = metric_view("pm25", value=None, state="unknown", spark=[None] * 72)
    assert 'class="trace" d=""' in sparkline_html(view, ends=True)


@pytest.mark.parametrize("key", QUANTITIES)
@pytest.mark.parametrize("limits", [{}, {"low": 5.0}, {"high": 50.0}, {"low": 5.0, "high": 50.0}, {"low": 2_000.0}])
def test_every_quantity_has_a_scale_whatever_its_limits(key: str, limits: dict[str, Any]) -> None:
    view = metric_view(key, value=None, state="unknown", **limits)
    assert view.range_low < view.range_high
    assert chart_metric(key, **limits).label


async def test_alerts_stand_by_severity_then_age_and_keep_their_place_when_nothing_changed(
    user: User, show: Show
) -> None:
    pressed: list[str] = []
    strips: list[AlertStrip] = []
    alerts = [
        AlertView("new warning", "warn", "Pit 3: humidity 73 %", "Limit 70", 200, "Acknowledge"),
        AlertView("silent", "unknown", "Pit 6: no data", "Node silent", 50, "See device"),
        AlertView("critical", "crit", "Pit 4: PM2.5 41.8", "Limit 35.4", 300, "Acknowledge"),
        AlertView("old warning", "warn", "Pit 2: PM2.5 13.1", "Seen by Sunil", 100, "Open", seen=True),
    ]
    await show(lambda: strips.append(AlertStrip(alerts, pressed.append, label="Open alerts", more_href="/alerts")))
    (strip,) = strips
    for row in strip.default_slot.children[:4]:
        with user:
            (press,) = [child for child in row.descendants() if isinstance(child, ui.button)]
        _click(user, press)
    assert pressed == ["critical", "old warning", "new warning", "silent"]
    before = list(strip.default_slot.children)
    with user:
        strip.show(list(reversed(alerts)))
    assert strip.default_slot.children == before
    await user.should_see("3 more alerts")
    with user:
        strip.show([])
    assert not strip.visible


def _click(user: User, element: ui.element) -> None:
    UserInteraction(user, {element}, None).click()


async def test_a_toast_of_what_was_done_offers_one_way_back(user: User, show: Show) -> None:
    undone: list[bool] = []
    await show(lambda: button("do", lambda: toast("ok", "20 min added", "Undo", lambda: undone.append(True))))
    user.find("do").click()
    await user.should_see("20 min added")
    user.find("Undo").click()
    await user.should_not_see("20 min added")
    assert undone == [True]


async def test_a_refusal_stays_until_it_is_closed(user: User, show: Show) -> None:
    await show(lambda: button("do", lambda: toast("warn", "Pit 2 is taken until 15:00")))
    user.find("do").click()
    await user.should_see("Pit 2 is taken")
    (close,) = [b for b in user.find(kind=ui.button).elements if b.props.get("aria-label") == "Close"]
    _click(user, close)
    await user.should_not_see("Pit 2 is taken")


async def test_a_field_is_checked_when_it_is_left_and_says_what_to_enter(user: User, show: Show) -> None:
    fields: list[Field] = []

    def above_30(value: float | None) -> str | None:
        return None if value is not None and value > 30 else "Must be above 30 %."

    await show(lambda: fields.append(number_field("Upper limit", 25, help="In per cent.", check=above_30)))
    (field,) = fields
    await user.should_see("In per cent.")
    user.find(kind=ui.number).trigger("blur")
    await user.should_see("Must be above 30 %.")
    assert (field.props["data-state"], field.input.props["aria-invalid"]) == ("crit", "true")
    field.value = 65
    assert field.is_right()
    await user.should_see("In per cent.")
    assert "data-state" not in field.props and "aria-invalid" not in field.input.props


async def test_a_label_names_its_input(user: User, show: Show) -> None:
    fields: list[Field] = []
    await show(lambda: fields.append(text_field("Car number", code=True)))
    (field,) = fields
    label = next(child for child in field.default_slot.children if isinstance(child, markup.Text))
    assert label.props["for"] == field.input.props["for"]
    assert field.input.props["aria-label"] == "Car number"


async def test_only_an_offered_choice_can_be_chosen(user: User, show: Show) -> None:
    chosen: list[str] = []
    made: list[Segmented] = []
    await show(lambda: made.append(Segmented("Window", {"h": "1 h", "d": "24 h"}, "h", chosen.append)))
    user.find(kind=Segmented).trigger("choose", "d")
    user.find(kind=Segmented).trigger("choose", "year")
    user.find(kind=Segmented).trigger("choose", ["d"])
    assert chosen == ["d"] and made[0].value == "d"


async def test_a_table_asks_only_for_what_exists(user: User, show: Show) -> None:
    asked: list[TableRequest] = []

    def page() -> None:
        columns = [Column("car", "Car", sortable=True), Column("stage", "Stage")]
        table = DataTable(columns, asked.append, page_size=1)
        table.show(
            [Row("1", {"car": Cell("Tata Nexon"), "stage": Cell("Late", "warn")})], 2, TableRequest(None, False, 1)
        )

    await show(page)
    await user.should_see("Tata Nexon")
    table = user.find(kind=DataTable)
    table.trigger("request", {"sort": "car", "descending": True, "page": 2})
    table.trigger("request", {"sort": "password", "descending": False, "page": 1})
    table.trigger("request", {"sort": "car", "descending": False, "page": 0})
    table.trigger("request", {"sort": "car", "descending": False, "page": "1; DROP TABLE"})
    table.trigger("request", {"sort": ["car"], "descending": False, "page": 1})
    table.trigger("request", ["car"])
    assert asked == [TableRequest("car", True, 2)]


@pytest.mark.parametrize(("lost", "state"), [(0.004, "ok"), (0.05, "warn"), (0.4, "warn"), (None, "unknown")])
def test_a_device_that_loses_readings_or_is_silent_shows_it(lost: float | None, state: str) -> None:
    assert DeviceView("Node", "Pit 4", lost).state == state


@pytest.mark.parametrize(("share", "width"), [(-1, "0%"), (0.25, "25%"), (7, "100%")])
def test_a_meter_stays_inside_its_track(share: float, width: str) -> None:
    assert f"width:{width}" in markup.meter(share)


async def test_nothing_and_failure_say_what_is_the_case_and_what_to_do(user: User, show: Show) -> None:
    tried: list[bool] = []

    def page() -> None:
        empty("directions_car", "No jobs today", "Cars appear here.", "New job", lambda: None)
        failure("The chart did not load", "Live values still arrive.", lambda: tried.append(True))
        with Card("Climate"):
            ui.label("inside")

    await show(page)
    for word in ("No jobs today", "Cars appear here.", "New job", "Live values still arrive.", "Climate", "inside"):
        await user.should_see(word)
    user.find("Try again").click()
    assert tried == [True]


def owner() -> FrameView:
    ways = (
        NavItem("dashboard", "Overview", "/part", tab="Overview"),
        NavItem("notifications", "Alerts", "/alerts", count=3, tab="Alerts"),
        NavItem("router", "Devices", "/devices"),
    )
    return FrameView("Priya Shah", "Owner", "Baner, Pune", (NavGroup("Workshop", ways),))


async def test_a_frame_shows_the_given_ways_and_no_others(user: User, show: Show) -> None:
    def page() -> None:
        with frame(owner(), current="/part", title="6 pits: 6 in spec") as shell:
            ui.label("content")
            shell.set_count("/alerts", 2)
            shell.set_title("6 pits: 5 in spec, 1 warning")

    await show(page)
    for word in (
        "Overview",
        "Alerts",
        "Devices",
        "Priya Shah",
        "Owner · Baner, Pune",
        "Sign out",
        "content",
        "5 in spec",
    ):
        await user.should_see(word)
    await user.should_not_see("Ledger")
    (navigation,) = user.find(kind=Navigation).elements
    assert navigation.props["counts"] == {"/alerts": 2}
    assert [item.label for item in navigation.props["tabs"]] == ["Overview", "Alerts"]
    assert [item.label for item in navigation.props["rest"]] == ["Devices"]


async def test_a_person_chooses_theme_and_language_from_what_there_is(user: User, show: Show) -> None:
    chosen: list[str] = []
    saved = asyncio.Event()

    async def save_language(lang: str) -> None:
        chosen.append(lang)
        saved.set()

    def page() -> None:
        with frame(owner(), current="/part", title="Pits", on_theme=chosen.append, on_lang=save_language):
            pass

    await show(page)
    navigation = user.find(kind=Navigation)
    navigation.trigger("theme", "dark")
    navigation.trigger("theme", "pink")
    navigation.trigger("lang", "bn")
    navigation.trigger("lang", "xx")
    await asyncio.wait_for(saved.wait(), timeout=60)
    assert chosen == ["dark", "bn"]


async def test_a_dashboard_of_many_pits_is_one_element(user: User, show: Show) -> None:
    seen: list[Any] = []
    pits = samples.sample_pits(1_000_000)
    await show(lambda: PitGrid(pits, on_visibility=seen.append, on_counts=seen.append))
    grid = user.find(kind=PitGrid)
    (element,) = grid.elements
    assert len(list(element.descendants(include_self=True))) == 1
    await user.should_see("Toyota Fortuner")
    grid.trigger("visibility", False)
    grid.trigger("counts", {"ok": 6, "warn": "<b>", "other": 1})
    assert seen == [False, {"ok": 6, "warn": 0, "crit": 0, "unknown": 0}]


async def test_a_jobs_customer_side_leads_to_its_passport_and_its_film(user: User, show: Show) -> None:
    side, over = sample_side(), sample_side(is_over=True)

    async def changed() -> None:
        raise AssertionError("nothing was pressed")

    def page() -> None:
        for each in (side, over, replace(side, verdict=Verdict.CHANGED)):
            link_card(each, sample_seat(), changed)
            passport_card(each, sample_seat(), changed)

    await show(page)
    for words in (
        "Works until",
        "No link works",
        "Genuine",
        "Changed",
        "Revoked",
        "The plate was wrong.",
        side.films[0],
    ):
        await user.should_see(words)
