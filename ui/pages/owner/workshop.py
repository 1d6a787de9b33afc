"""What an owner settles for the workshop: hours, holidays, pits, film rolls, and the warranty of films."""

from datetime import UTC, date, datetime

from nicegui.element import Element
from starlette.requests import Request
from starlette.responses import Response

from actions.people import Seat
from actions.workshop import hours as acts
from domain.access import Intent
from domain.jobs.calendar import DEFAULT_HOURS
from domain.refusals import Refusal
from storage import workshop
from storage.session import transaction
from ui.components.field import Field, text_field
from ui.components.markup import Text
from ui.components.pieces import Card, button, icon_button
from ui.components.rows import row
from ui.components.toast import toast
from ui.page import page
from ui.pages import shell
from ui.pages.account.asking import permitted
from ui.pages.account.words import refusal_text
from ui.pages.owner import workshop_films, workshop_pits
from ui.pages.owner.workshop_words import spans_of, spans_text
from ui.texts import _, weekday

A_MONDAY = date(2024, 1, 1)


def install() -> None:
    @page(shell.WORKSHOP)
    async def settings(request: Request) -> Response | None:
        seat = await shell.admit(request, Intent.MANAGE_WORKSHOP)
        if not isinstance(seat, Seat):
            return seat
        async with shell.framed(seat, current=shell.WORKSHOP, title=_("Workshop settings")):
            with Element("div").classes("columns"):
                with Element("div").classes("stack wide"):
                    await _Hours(seat).start()
                    await _Holidays(seat).start()
                with Element("div").classes("stack wide"):
                    await workshop_pits.Pits(seat).start()
                with Element("div").classes("stack wide"):
                    await workshop_films.Films(seat).start()
        return None


class _Hours:
    """One field a weekday."""

    def __init__(self, seat: Seat) -> None:
        self._tenant_id = seat.viewer.tenant_id
        self._fields: dict[int, Field] = {}

    async def start(self) -> None:
        async with transaction(self._tenant_id) as tx:
            said = await workshop.hours(tx, self._tenant_id)
        known = said or dict(DEFAULT_HOURS)
        with Card(_("Working hours"), pad=True), Element("div").classes("stack wide"):
            Text("p", _("Times that are promised are reckoned by them. An empty day is closed.")).classes("quiet")
            with Element("div").classes("week"):
                for of in range(7):
                    name = weekday(date.fromordinal(A_MONDAY.toordinal() + of), whole=True)
                    field = text_field(name, spans_text(known.get(of, ())), check=_hours_fault)
                    field.input.props["placeholder"] = _("closed")
                    self._fields[of] = field
            button(_("Save hours"), self._save)

    async def _save(self) -> None:
        if False in {field.is_right() for field in self._fields.values()}:
            return
        seat = await permitted(Intent.MANAGE_WORKSHOP)
        if seat is None:
            return
        wanted = {of: spans_of(str(field.value or "")) or () for of, field in self._fields.items()}
        answer = await acts.set_hours(wanted, seat.viewer)
        if answer is Refusal.UNREADABLE:
            toast("warn", _("A workshop that is never open can promise nothing. Enter hours for at least one day."))
        elif answer is None or answer is Refusal.ALREADY_SO:
            toast("ok", _("Saved."))
        else:
            toast("warn", refusal_text(answer))


def _hours_fault(value: str) -> str | None:
    return None if spans_of(value or "") is not None else _("Enter hours like 9:30–13:00, 14:00–18:30.")


class _Holidays:
    def __init__(self, seat: Seat) -> None:
        self._tenant_id, self._zone = seat.viewer.tenant_id, seat.zone

    async def start(self) -> None:
        with Card(_("Holidays")):
            self._list = Element("div")
            with Element("div").classes("inside add-line"):
                self._day = text_field(_("Day"), check=_day_fault)
                self._day.input.props["type"] = "date"
                self._name = text_field(_("Name"), check=_name_fault)
                self._name.input.props["maxlength"] = acts.NAME_CHARS
                button(_("Add"), self._add)
        await self._show()

    async def _show(self) -> None:
        async with transaction(self._tenant_id) as tx:
            found = await workshop.holidays(tx, self._tenant_id)
        today = datetime.now(UTC).date()
        self._list.clear()
        with self._list:
            for each in [each for each in found if each.day >= today] or []:
                with row("event_busy", each.name, f"{weekday(each.day)} {each.day:%d.%m.%Y}"):
                    label = _("Remove {name}").format(name=each.name)
                    icon_button("delete", label, lambda day=each.day: self._remove(day)).classes("plain")
            if not any(each.day >= today for each in found):
                Text("p", _("None is planned.")).classes("note")

    async def _add(self) -> None:
        if False in {self._day.is_right(), self._name.is_right()}:
            return
        seat = await permitted(Intent.MANAGE_WORKSHOP)
        if seat is None:
            return
        answer = await acts.add_holiday(date.fromisoformat(self._day.value), str(self._name.value), seat.viewer)
        if isinstance(answer, Refusal) and answer is not Refusal.ALREADY_SO:
            toast("warn", refusal_text(answer))
            return
        self._day.value = self._name.value = ""
        await self._show()

    async def _remove(self, day: date) -> None:
        seat = await permitted(Intent.MANAGE_WORKSHOP)
        if seat is None:
            return
        answer = await acts.remove_holiday(day, seat.viewer)
        if isinstance(answer, Refusal):
            toast("warn", refusal_text(answer))
        await self._show()


def _day_fault(value: str) -> str | None:
    try:
        date.fromisoformat(value or "")
    except ValueError:
        return _("Enter a day.")
    return None


def _name_fault(value: str) -> str | None:
    return None if (value or "").strip() else _("Enter something that can be read.")
