"""What works together with the tenant's devices: sensors of other makes, Home Assistant, and logins at the broker."""

from datetime import UTC, datetime
from urllib.parse import quote

from nicegui.element import Element
from starlette.requests import Request
from starlette.responses import Response

from actions import foreign_sensors
from actions.broker_logins import Use, logins_of
from actions.foreign_sensors import branch_of
from actions.home_assistant import is_home_assistant_on, switch_home_assistant
from actions.people import Seat
from domain.access import Intent
from domain.refusals import Refusal
from storage.foreign import ForeignSensor, Message
from storage.queries import DeviceRow
from ui.components.data_table import Cell, Column, DataTable, Row, TableRequest
from ui.components.markup import Text
from ui.components.pieces import Card, button, empty, link_button
from ui.components.rows import row
from ui.components.toast import toast
from ui.frame import Frame
from ui.page import page
from ui.pages import shell
from ui.pages.account.asking import permitted
from ui.pages.account.words import refusal_text
from ui.pages.owner import foreign_sensor
from ui.pages.owner.broker_login import login_row
from ui.pages.owner.device_words import kind_word
from ui.texts import _, ago, moment, ngettext, number

HEARD_SHOWN_MAX = 20


def install() -> None:
    foreign_sensor.install()

    @page(shell.INTEGRATIONS)
    async def show(request: Request) -> Response | None:
        seat = await shell.admit(request, Intent.MANAGE_DEVICES)
        if not isinstance(seat, Seat):
            return seat
        async with shell.framed(seat, current=shell.INTEGRATIONS, title=_("Integrations")) as frame:
            await _Integrations(seat, frame).start()
        return None


class _Integrations:
    """Drawn again after each change."""

    def __init__(self, seat: Seat, frame: Frame) -> None:
        self._seat, self._frame = seat, frame
        with frame.actions:
            link_button(_("Add sensor"), foreign_sensor.new_href(), kind="primary", icon="add")
        self._place = Element("div").classes("columns")

    async def start(self) -> None:
        by = self._seat.viewer
        found, heard = await foreign_sensors.sensors_of(by), await foreign_sensors.heard_topics(by)
        sensors = [] if isinstance(found, Refusal) else found
        messages = [] if isinstance(heard, Refusal) else heard
        logins, is_on = await logins_of(by), await is_home_assistant_on(by)
        count = ngettext("{n} sensor of another make", "{n} sensors of other makes", len(sensors))
        self._frame.set_title(count.format(n=number(len(sensors))))
        self._place.clear()
        with self._place:
            with Element("div").classes("two stack wide"):
                self._show_sensors(sensors)
                _show_unread(messages, {sensor.topic for sensor in sensors})
            with Element("div").classes("stack wide beside"):
                with Card(_("Home Assistant")):
                    self._show_switch(is_on)
                    login_row(Use.READING, logins.get(Use.READING), self._seat.zone, self.start)
                with Card(_("Tasmota, Zigbee2MQTT and others")):
                    login_row(Use.SENSORS, logins.get(Use.SENSORS), self._seat.zone, self.start)
                    Text("p", _("They speak below {branch}").format(branch=branch_of(by.tenant_id))).classes(
                        "note fingerprint"
                    )

    def _show_sensors(self, sensors: list[ForeignSensor]) -> None:
        if not sensors:
            says = _("Make a login for your Tasmota or Zigbee2MQTT. What it says appears here to be mapped.")
            empty("sensors", _("No sensors of other makes yet"), says)
            return
        columns = (
            Column("name", _("Sensor")),
            Column("pit", _("Pit")),
            Column("topic", _("Topic"), wide_only=True),
            Column("heard", _("Last heard"), align="right"),
        )
        with Card(_("Sensors of other makes")):
            table = DataTable(columns, lambda _request: None, page_size=max(1, len(sensors)))
            table.show([self._row(each) for each in sensors], len(sensors), TableRequest(None, False, 1))

    def _row(self, sensor: ForeignSensor) -> Row:
        heard = moment(sensor.heard_at, self._seat.zone, datetime.now(UTC)) if sensor.heard_at else _("never")
        return Row(
            sensor.device_id,
            {
                "name": Cell(sensor.name, href=f"{shell.INTEGRATIONS}/{sensor.device_id}"),
                "pit": Cell(sensor.pit or _("In no pit")),
                "topic": Cell(sensor.topic, code=True),
                "heard": Cell(heard),
            },
        )

    def _show_switch(self, is_on: bool) -> None:
        says = _("It finds your devices by itself and shows what they measure.")
        title = _("Devices are announced") if is_on else _("Devices are not announced")
        with row("home", title, says):
            word = _("Switch off") if is_on else _("Switch on")
            button(word, lambda: self._switch(not is_on), kind="plain")

    async def _switch(self, on: bool) -> None:
        seat = await permitted(Intent.MANAGE_DEVICES)
        if seat is None:
            return
        refusal = await switch_home_assistant(seat.viewer, on)
        with self._place:
            await self.start()
            if refusal is not None:
                toast("warn", refusal_text(refusal))
                return
            said = _("Home Assistant finds your devices now.") if on else _("Your devices are taken back there.")
            toast("ok", said, _("Undo"), lambda: self._switch(not on))


def mapping_card(seat: Seat, device: DeviceRow) -> None:
    """On the page of a sensor of another make: how it comes in."""
    with Card(_("Access")), row("hub", kind_word(device.kind), _("It speaks by your own login at the broker.")):
        if seat.viewer.may(Intent.MANAGE_DEVICES):
            link_button(_("Mapping"), f"{shell.INTEGRATIONS}/{device.id}", kind="plain")


def _show_unread(messages: list[Message], read: set[str]) -> None:
    """Topics that speak and that nobody reads yet."""
    unread = [message for message in messages if message.topic not in read][:HEARD_SHOWN_MAX]
    if not unread:
        return
    with Card(_("Heard, but not read yet")):
        for message in unread:
            age = ago((datetime.now(UTC) - message.at).total_seconds())
            with row("sensors", message.topic, f"{age} · {message.payload[:120]}"):
                link_button(_("Map"), foreign_sensor.new_href(quote(message.topic, safe="")), kind="plain")
