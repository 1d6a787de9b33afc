"""Silencing a pit's alerts for a while, and ending that."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from nicegui import ui
from nicegui.element import Element

from actions.alerts import end_silence, silence
from actions.people import Seat
from domain.access import Intent
from domain.refusals import Refusal
from storage import queries
from storage.session import transaction
from ui import guard
from ui.components.dialog import answer_of
from ui.components.field import select_field, text_field
from ui.components.markup import Text
from ui.components.pieces import button
from ui.components.toast import toast
from ui.pages.acknowledging import refusal_text
from ui.texts import _, moment

HOURS = (1, 4, 8, 24)


class SilenceButton:
    """`Silence`, or until when it is silenced already."""

    def __init__(self, seat: Seat, pit_id: UUID) -> None:
        self._seat, self._pit_id = seat, pit_id
        self._place = Element("div").classes("cluster")

    async def start(self) -> None:
        await self._refresh()

    async def _refresh(self) -> None:
        now = datetime.now(UTC)
        async with transaction(self._seat.viewer.tenant_id) as tx:
            found = await queries.silences(tx, self._pit_id, now)
        self._place.clear()
        with self._place:
            if found:
                silence_id, _rule, until, _note, _who = found[-1]
                word = _("Silenced until {time}").format(time=moment(until, self._seat.zone, now))
                button(word, lambda: self._end(silence_id), icon="notifications_off")
            else:
                button(_("Silence"), self._ask, icon="notifications")

    async def _ask(self) -> None:
        with ui.dialog() as dialog, Element("div").classes("dialog"):
            Text("h2", _("Silence the alerts of this pit?"))
            Text("p", _("They are still recorded, but call nobody and stand on no strip until the time is over."))
            hours = select_field(_("For how long"), {h: _("{n} h").format(n=h) for h in HOURS}, HOURS[0])
            note = text_field(_("Why"), help=_("For example: cleaning, door open for delivery."))
            with Element("footer"):
                button(_("Cancel"), lambda: dialog.submit(None))
                button(_("Silence"), lambda: dialog.submit((hours.value, note.value or "")), kind="primary")
        answer = await answer_of(dialog)
        if answer is None:
            return
        seat = await guard.still(Intent.SILENCE_ALERTS)
        now = datetime.now(UTC)
        result: object = Refusal.NOT_ALLOWED
        if seat is not None:
            result = await silence(
                self._pit_id, None, now + timedelta(hours=int(answer[0])), str(answer[1]), seat.viewer, now
            )
        await self._say(result, _("Silenced."))

    async def _end(self, silence_id: UUID) -> None:
        seat = await guard.still(Intent.SILENCE_ALERTS)
        result: object = Refusal.NOT_ALLOWED
        if seat is not None:
            result = await end_silence(silence_id, seat.viewer, datetime.now(UTC))
        await self._say(result, _("Alerts call again."))

    async def _say(self, result: object, done: str) -> None:
        if isinstance(result, Refusal):
            toast("warn", refusal_text(result))
        else:
            toast("ok", done)
        await self._refresh()
