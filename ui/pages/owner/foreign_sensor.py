"""Mapping one topic to a pit's metrics, beside what was last heard on it and what would be read."""

from datetime import UTC, datetime
from uuid import UUID

from nicegui import ui
from nicegui.element import Element
from starlette.requests import Request
from starlette.responses import Response

from actions import foreign_sensors
from actions.devices import NAME_CHARS_MAX
from actions.foreign_sensors import Mapping, Preview, branch_of
from actions.people import Seat
from domain.access import Intent
from domain.foreign import TOPIC_CHARS_MAX, UNITS, Rule
from domain.json_paths import PATH_CHARS_MAX
from domain.readings import Metric
from domain.refusals import Refusal
from storage import queries
from storage.foreign import ForeignSensor
from storage.session import transaction
from ui.components.field import Field, select_field, text_field
from ui.components.pieces import Card, button, link_button
from ui.components.quantities import QUANTITIES
from ui.components.toast import toast
from ui.page import page
from ui.pages import shell
from ui.pages.account.asking import permitted
from ui.pages.owner.foreign_preview import show_preview
from ui.pages.owner.foreign_words import path_fault, refusal_text, topic_wrong
from ui.texts import _

NOWHERE = ""
LOOK_EVERY_S = 2.0
NEW = shell.INTEGRATIONS + "/new"


def new_href(topic: str = "") -> str:
    """The page that adds a sensor; `topic` as it stands in addresses."""
    return f"{NEW}?topic={topic}" if topic else NEW


def install() -> None:
    @page(NEW)
    async def add(request: Request) -> Response | None:
        seat = await shell.admit(request, Intent.MANAGE_DEVICES)
        if not isinstance(seat, Seat):
            return seat
        topic = request.query_params.get("topic", "")[:TOPIC_CHARS_MAX]
        await _show(seat, None, topic, _("Add a sensor of another make"))
        return None

    @page(shell.INTEGRATIONS + "/{device_id}")
    async def change(request: Request, device_id: str) -> Response | None:
        seat = await shell.admit(request, Intent.MANAGE_DEVICES)
        if not isinstance(seat, Seat):
            return seat
        found = await foreign_sensors.sensor_of(seat.viewer, device_id)
        if isinstance(found, Refusal):
            says = _("It was removed, or the link is wrong.")
            await shell.no_such(seat, _("There is no such sensor"), says, shell.INTEGRATIONS)
            return None
        await _show(seat, found, found.topic, found.name)
        return None


async def _show(seat: Seat, sensor: ForeignSensor | None, topic: str, title: str) -> None:
    async with transaction(seat.viewer.tenant_id) as tx:
        pits = {str(pit.id): pit.name for pit in await queries.pits(tx)} | {NOWHERE: _("In no pit")}
    async with shell.framed(seat, current=shell.INTEGRATIONS, title=title, back=shell.INTEGRATIONS) as frame:
        if sensor is not None:
            with frame.actions:
                link_button(_("Its device page"), f"{shell.DEVICES}/{sensor.device_id}", icon="router")
        await _Form(seat, sensor, topic, pits).start()


class _Form:
    """The fields, and beside them the last message, read again every few seconds by what stands in the fields."""

    def __init__(self, seat: Seat, sensor: ForeignSensor | None, topic: str, pits: dict[str, str]) -> None:
        self._seat, self._sensor = seat, sensor
        self._shown: Preview | None = None
        self._fields: dict[Metric, tuple[Field, Field]] = {}
        with Element("div").classes("columns around"):
            with (
                Element("div").classes("two stack wide"),
                Card(_("Where it speaks"), pad=True),
                Element("div").classes("form-grid"),
            ):
                self._show_place(topic, pits)
            self._beside = Element("div").classes("stack wide beside")
            with Element("div").classes("two stack wide"):
                with Card(_("What is read"), pad=True), Element("div").classes("mapping"):
                    self._show_rules()
                with Element("div").classes("cluster"):
                    button(_("Save"), self._save, kind="primary", icon="check")

    async def start(self) -> None:
        await self._look()
        ui.timer(LOOK_EVERY_S, self._look, immediate=False)

    def _show_place(self, topic: str, pits: dict[str, str]) -> None:
        branch = branch_of(self._seat.viewer.tenant_id)
        if self._sensor is None:
            self._name = text_field(_("Name"), help=_("By which people know it."), check=_name_fault)
            self._name.input.props["maxlength"] = NAME_CHARS_MAX
            self._pit = select_field(_("Pit"), pits, next((key for key in pits if key), NOWHERE))
        self._topic = text_field(
            _("Topic"), topic, help=_("Below {branch}").format(branch=branch), check=topic_wrong, code=True
        )
        help_ = _("Empty: a message counts for the moment of its arrival.")
        time_path = self._sensor.time_path if self._sensor else ""
        self._time = text_field(_("Where its time stands"), time_path, help=help_, check=path_fault, code=True)

    def _show_rules(self) -> None:
        known = {rule.metric: rule for rule in self._sensor.rules} if self._sensor else {}
        for metric in Metric:
            rule = known.get(metric)
            word = _(QUANTITIES[metric].name)
            path = text_field(word, rule.path if rule else "", check=path_fault, code=True)
            path.input.props["maxlength"] = PATH_CHARS_MAX
            units = {unit: unit for unit in UNITS[metric]}
            unit = select_field(_("Unit"), units, rule.unit if rule else next(iter(units)))
            unit.input.props["aria-label"] = _("Unit of {metric}").format(metric=word)
            self._fields[metric] = (path, unit)

    def _mapping(self) -> Mapping:
        """What stands in the fields, as far as it can be read."""
        rules = [
            Rule(metric, str(path.value or "").strip(), str(unit.value))
            for metric, (path, unit) in self._fields.items()
            if str(path.value or "").strip()
        ]
        return Mapping(str(self._topic.value or ""), tuple(rules), str(self._time.value or ""))

    async def _look(self) -> None:
        mapping = self._mapping()
        usable = tuple(rule for rule in mapping.rules if not rule.fault)
        time_path = "" if path_fault(mapping.time_path) else mapping.time_path
        found = await foreign_sensors.preview(
            self._seat.viewer, Mapping(mapping.topic, usable, time_path), self._seat.zone
        )
        if isinstance(found, Refusal) or found == self._shown:
            return
        self._shown = found
        self._beside.clear()
        with self._beside:
            show_preview(found, self._seat.zone, self._take_suggested)

    async def _take_suggested(self) -> None:
        """Fills the fields that are empty with what the names in the message suggest."""
        if self._shown is None:
            return
        for rule in self._shown.suggested:
            path, unit = self._fields[rule.metric]
            if not path.value:
                path.value, unit.value = rule.path, rule.unit
        if not self._time.value:
            self._time.value = self._shown.suggested_time
        await self._look()

    async def _save(self) -> None:
        checked = [self._topic, self._time, *(path for path, _ in self._fields.values())]
        if self._sensor is None:
            checked.insert(0, self._name)
        wrong = [field for field in checked if not field.is_right()]
        if wrong:
            wrong[0].focus()
            return
        seat = await permitted(Intent.MANAGE_DEVICES)
        if seat is None:
            return
        now, mapping = datetime.now(UTC), self._mapping()
        answer: Refusal | str | None
        if self._sensor is None:
            pit_id = UUID(self._pit.value) if self._pit.value else None
            answer = await foreign_sensors.add_sensor(str(self._name.value), pit_id, mapping, seat.viewer, now)
        else:
            answer = await foreign_sensors.change_sensor(self._sensor.device_id, mapping, seat.viewer, now)
        if answer in (Refusal.TOPIC_TAKEN, Refusal.TOPIC_UNUSABLE):
            self._topic.say(refusal_text(Refusal(answer)))
            self._topic.focus()
        elif isinstance(answer, Refusal):
            toast("warn", refusal_text(answer))
        elif answer is None:
            toast("ok", _("The next message is read this way."))
        else:
            ui.navigate.to(f"{shell.INTEGRATIONS}/{answer}")


def _name_fault(value: str) -> str | None:
    return None if (value or "").strip() else _("Enter a name.")
