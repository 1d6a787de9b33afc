"""The inbox: every alert there was, filtered and paged on the server, and one alert with its history."""

from datetime import UTC, datetime
from uuid import UUID

from nicegui import ui
from nicegui.element import Element
from starlette.requests import Request
from starlette.responses import Response

from actions.people import Seat
from domain.access import Intent
from domain.alerts import WITHOUT_VALUE
from domain.limits import Level
from storage import queries
from storage.queries import AlertEventRow, AlertFilter, AlertRow
from storage.session import transaction
from ui import motor_alert_words
from ui.alert_feed import AlertFeed
from ui.components.data_table import PAGE_SIZE, Cell, Column, DataTable, Row, TableRequest
from ui.components.field import select_field
from ui.components.markup import Text
from ui.components.pieces import Card, button, empty, key_values, link_button, state_chip
from ui.components.plain_table import plain_table
from ui.components.segmented import Segmented
from ui.frame import Frame
from ui.page import page
from ui.pages import acknowledging, shell
from ui.presenters import alert_state, alert_title, pit_href, value_text
from ui.texts import _, clock, day, duration, moment, ngettext, number

ANY = ""


def install(feed: AlertFeed) -> None:
    @page(shell.ALERTS)
    async def inbox(request: Request) -> Response | None:
        seat = await shell.admit(request, Intent.SEE_ALERTS)
        if not isinstance(seat, Seat):
            return seat
        async with shell.framed(seat, current=shell.ALERTS, title=_("Alerts")) as frame:
            await _Inbox(seat, frame).start(feed)
        return None

    @page(shell.ALERTS + "/{alert_id}")
    async def one(request: Request, alert_id: str) -> Response | None:
        seat = await shell.admit(request, Intent.SEE_ALERTS)
        if not isinstance(seat, Seat):
            return seat
        wanted = shell.parse_id(alert_id)
        async with transaction(seat.viewer.tenant_id) as tx:
            found = await queries.alert(tx, wanted) if wanted else None
        if found is None:
            await shell.no_such(seat, _("There is no such alert"), _("The link is wrong or old."), shell.ALERTS)
            return None
        await _show_one(seat, *found)
        return None


class _Inbox:
    """Filters above one table."""

    def __init__(self, seat: Seat, frame: Frame) -> None:
        self._seat, self._frame = seat, frame
        self._state, self._level, self._pit_id = "open", ANY, ANY

    async def start(self, feed: AlertFeed) -> None:
        async with transaction(self._seat.viewer.tenant_id) as tx:
            pits = await queries.pits(tx)
        with Element("div").classes("filters"):
            states = {"open": _("Open"), "unacknowledged": _("Not seen"), "resolved": _("Over"), ANY: _("All")}
            Segmented(_("State"), states, self._state, self._choose_state)
            levels = {ANY: _("Any severity"), "1": _("Warning"), "2": _("Critical")}
            level = select_field(_("Severity"), levels, ANY)
            level.input.on_value_change(lambda event: self._choose_level(event.value))
            places = {ANY: _("All pits")} | {str(row.id): row.name for row in pits}
            pit = select_field(_("Pit"), places, ANY)
            pit.visible = bool(pits)
            pit.input.on_value_change(lambda event: self._choose_pit(event.value))
        columns = (
            Column("what", _("Alert")),
            Column("state", _("State")),
            Column("raised", _("Began")),
            Column("lasted", _("Lasted"), align="right"),
            Column("seen", _("Seen by")),
        )
        self._card = Card()
        with self._card:
            self._table = DataTable(columns, self._load)
        self._nothing = Element("div")
        await self._load(self._table.request)
        feed.follow(self._seat.viewer.tenant_id, self._changed)

    async def _changed(self, rows: list[AlertRow]) -> None:
        self._frame.set_count(shell.ALERTS, sum(row.acknowledged_at is None for row in rows))
        await self._load(self._table.request)

    async def _choose_state(self, state: str) -> None:
        self._state = state
        await self._load(TableRequest(None, False, 1))

    async def _choose_level(self, level: str) -> None:
        self._level = level
        await self._load(TableRequest(None, False, 1))

    async def _choose_pit(self, pit_id: str) -> None:
        self._pit_id = pit_id
        await self._load(TableRequest(None, False, 1))

    async def _load(self, request: TableRequest) -> None:
        wanted = AlertFilter(
            state=self._state or None,
            level=Level(int(self._level)) if self._level else None,
            pit_id=UUID(self._pit_id) if self._pit_id else None,
        )
        async with transaction(self._seat.viewer.tenant_id) as tx:
            rows, total = await queries.alerts(tx, wanted, (request.page - 1) * PAGE_SIZE, PAGE_SIZE)
        now = datetime.now(UTC)
        self._table.show([table_row(row, self._seat.zone, now) for row in rows], total, request)
        self._card.visible = bool(total)
        self._frame.set_title(self._title(total))
        self._nothing.clear()
        if not total:
            with self._nothing:
                self._say_nothing()

    def _title(self, total: int) -> str:
        if self._state == "open":
            return ngettext("{n} open alert", "{n} open alerts", total).format(n=number(total))
        return ngettext("{n} alert", "{n} alerts", total).format(n=number(total))

    def _say_nothing(self) -> None:
        if self._state in ("open", "unacknowledged") and not self._level and not self._pit_id:
            empty(
                "check_circle",
                _("All is well"),
                _("When a value leaves its limits, or a motor needs somebody, the alert appears here."),
            )
        else:
            empty("filter_alt_off", _("No alert fits"), _("Choose another state, severity or pit."))


def table_row(row: AlertRow, zone: str, now: datetime) -> Row:
    lasted = duration(((row.resolved_at or now) - row.raised_at).total_seconds())
    seen = f"{row.acknowledged_by}: {row.note}" if row.note else (row.acknowledged_by or "–")
    return Row(
        str(row.id),
        {
            "what": Cell(alert_title(row, zone, now), href=f"{shell.ALERTS}/{row.id}"),
            "state": Cell(level_word(row), state=alert_state(row) if row.resolved_at is None else ""),
            "raised": Cell(moment(row.raised_at, zone, now)),
            "lasted": Cell(lasted),
            "seen": Cell(seen if len(seen) <= 60 else seen[:59] + "…"),
        },
    )


def level_word(row: AlertRow) -> str:
    if row.resolved_at is not None:
        return _("Over")
    if row.rule in WITHOUT_VALUE:
        return _("No data")
    return _("Critical") if row.level is Level.CRITICAL else _("Warning")


async def _show_one(seat: Seat, row: AlertRow, events: list[AlertEventRow]) -> None:
    now = datetime.now(UTC)
    async with shell.framed(
        seat, current=shell.ALERTS, title=alert_title(row, seat.zone, now), back=shell.ALERTS
    ) as frame:
        with frame.beside_title:
            state_chip(alert_state(row) if row.resolved_at is None else "ok", level_word(row))
        with frame.actions:
            if row.pit_id:
                link_button(_("See the pit"), pit_href(row.pit_id))
            if row.rule in motor_alert_words.RULES:
                link_button(_("See the motors"), shell.PUMP)
            if row.resolved_at is None and row.acknowledged_at is None and seat.viewer.may(Intent.ACKNOWLEDGE_ALERT):
                button(_("Acknowledge"), lambda: _acknowledge(row.id), kind="primary")
        with Element("div").classes("columns"):
            with Element("div").classes("two"), Card(_("History")):
                history_table(row, events, seat.zone)
            with Card(_("Facts"), pad=False), Element("div").classes("inside"):
                if row.rule in motor_alert_words.RULES:
                    Text("p", motor_alert_words.advice(row.rule))
                key_values(_facts(row, seat.zone, now))


async def _acknowledge(alert_id: UUID) -> None:
    if await acknowledging.acknowledge(alert_id):
        ui.navigate.reload()


def _facts(row: AlertRow, zone: str, now: datetime) -> list[tuple[str, str]]:
    facts = [
        (_("Pit"), row.pit_name or "–"),
        (_("Began"), moment(row.raised_at, zone, now)),
        (_("Over"), moment(row.resolved_at, zone, now) if row.resolved_at else "–"),
        (_("Lasted"), duration(((row.resolved_at or now) - row.raised_at).total_seconds(), exact=True)),
    ]
    if row.device_name:
        facts.insert(1, (_("Device"), row.device_name))
    if row.rule in motor_alert_words.RULES:
        return facts[1:]  # it stands in no pit
    if row.rule not in WITHOUT_VALUE:
        facts.append((_("Limit"), value_text(row.rule, row.limit_value)))
        facts.append((_("Latest value"), value_text(row.rule, row.value)))
    if row.flapping:
        facts.append((_("Flapping"), _("It came and went often; it clears after 10 quiet minutes.")))
    return facts


def history_table(row: AlertRow, events: list[AlertEventRow], zone: str) -> None:
    """What happened, when, by whom."""
    words = {
        "raised": _("Began"), "escalated": _("Became critical"), "eased": _("Back to warning"),
        "resolved": _("Over"), "acknowledged": _("Seen"),
    }  # fmt: skip
    plain_table(
        (_("When"), _("What"), _("Value"), _("Who")),
        [
            (
                f"{day(event.at, zone)}, {clock(event.at, zone, seconds=True)}",
                words.get(event.kind, event.kind),
                value_text(row.rule, event.value) if event.value is not None else "",
                f"{event.person}: {event.note}" if event.person and event.note else (event.person or ""),
            )
            for event in events
        ],
    )
