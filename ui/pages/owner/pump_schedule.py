"""The usual power cuts of a tenant's grid: in these hours every motor stands still, and waits are estimated by them."""

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, time, timedelta

from babel.dates import format_date
from nicegui import ui
from nicegui.element import Element

from actions.people import Seat
from actions.pumps import shedding
from domain.access import Intent
from domain.pump.shedding import Window
from storage import pump_lists
from storage.pump_views import ShedWindowRow
from storage.session import transaction
from ui.components.dialog import answer_of
from ui.components.field import number_field, select_field, text_field
from ui.components.markup import Text
from ui.components.pieces import Card, button
from ui.components.rows import row
from ui.components.toast import toast
from ui.pages.account.asking import permitted
from ui.pages.member.minutes import minutes_fault
from ui.pages.pump_refusals import refusal_text
from ui.texts import _, number, voice

EVERY_DAY = -1
MONDAY = date(2024, 1, 1)
HOURS_AND_MINUTES = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
USUAL_FROM, USUAL_MIN = "14:00", 120


class ScheduleCard:
    """Each change replaces the whole plan; what is not listed does not happen."""

    def __init__(self, seat: Seat) -> None:
        self._seat = seat
        with Card(_("Usual power cuts")) as card:
            with card.header:
                button(_("Add"), self._add, kind="plain", icon="add")
            self._list = Element("div")

    async def show(self) -> None:
        rows = await self._rows()
        self._list.clear()
        with self._list:
            for each in rows:
                with row("event_repeat", weekday_word(each.weekday), _hours(each)):
                    button(_("Remove"), self._removing(each), kind="plain")
            if not rows:
                row("event_available", _("None planned"), _("Motors stop in these hours by themselves, uncharged."))

    async def _rows(self) -> list[ShedWindowRow]:
        async with transaction(self._seat.viewer.tenant_id) as tx:
            return await pump_lists.windows(tx)

    async def _add(self) -> None:
        with ui.dialog() as dialog, Element("div").classes("dialog stack wide"):
            Text("h2", _("Add a usual power cut"))
            days = {EVERY_DAY: _("Every day")} | {n: weekday_word(n) for n in range(7)}
            day = select_field(_("Day"), days, EVERY_DAY)
            begins = text_field(_("From"), USUAL_FROM, help=_("Hours and minutes, as 14:00."), check=_time_fault)
            lasts = number_field(_("Minutes"), USUAL_MIN, unit=_("min"), check=minutes_fault)

            def submit() -> None:
                if all([begins.is_right(), lasts.is_right()]):
                    dialog.submit(True)

            with Element("footer"):
                button(_("Cancel"), lambda: dialog.submit(None))
                button(_("Add"), submit, kind="primary")
        if await answer_of(dialog) is None:
            return
        chosen = range(7) if day.value == EVERY_DAY else [int(day.value)]
        at = time.fromisoformat(str(begins.value))
        added = [Window(weekday, at, int(lasts.value)) for weekday in chosen]
        known = [pump_lists.window_of(each) for each in await self._rows()]
        await self._plan([*known, *(window for window in added if window not in known)])

    def _removing(self, gone: ShedWindowRow) -> Callable[[], Awaitable[None]]:
        async def remove() -> None:
            await self._plan([pump_lists.window_of(each) for each in await self._rows() if each.id != gone.id])

        return remove

    async def _plan(self, windows: list[Window]) -> None:
        seat = await permitted(Intent.MANAGE_PUMPS)
        if seat is None:
            return
        refusal = await shedding.plan(windows, seat.viewer, datetime.now(UTC))
        if refusal is not None:
            toast("warn", refusal_text(refusal))
        await self.show()


def weekday_word(weekday: int) -> str:
    """Monday is 0."""
    return format_date(MONDAY + timedelta(days=weekday), "EEEE", locale=voice().language)


def _hours(each: ShedWindowRow) -> str:
    """14:00–16:00; the end may be on the next day."""
    until = each.from_minute + each.minutes
    return f"{_clock(each.from_minute)}–{_clock(until)}"


def _clock(minute: int) -> str:
    hours, rest = divmod(minute % (24 * 60), 60)
    return f"{number(hours // 10)}{number(hours % 10)}:{number(rest // 10)}{number(rest % 10)}"


def _time_fault(value: str) -> str | None:
    return None if HOURS_AND_MINUTES.fullmatch(value or "") else _("Enter hours and minutes, as 14:00.")
