"""A member's minutes: what there is, asking the owner for more, and what became of earlier requests."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from uuid import UUID, uuid4

from nicegui import ui
from nicegui.element import Element
from starlette.requests import Request
from starlette.responses import Response

from actions.people import Seat
from actions.pumps import requests
from domain.access import Intent
from domain.minute_requests import NOTE_CHARS, RequestState
from storage import pump_lists
from storage.pump_followed import PumpState
from storage.session import transaction
from storage.wallet_views import MinuteRequestRow
from ui.components.dialog import answer_of
from ui.components.field import number_field, text_field
from ui.components.markup import Text
from ui.components.pieces import Card, button
from ui.components.rows import row
from ui.components.toast import toast
from ui.page import page
from ui.pages import shell
from ui.pages.account.asking import permitted
from ui.pages.pump_refusals import REFUSALS, refusal_text
from ui.pages.pump_words import minutes, request_word
from ui.pump_feed import PumpFeed, state_of
from ui.texts import _, moment

SHOWN_MAX = 20
USUAL_MIN = 60
ICONS = {
    RequestState.PENDING: "hourglass_top",
    RequestState.APPROVED: "check_circle",
    RequestState.DECLINED: "block",
    RequestState.WITHDRAWN: "undo",
}


def install(feed: PumpFeed) -> None:
    @page(shell.MY_MINUTES)
    async def my_minutes(request: Request) -> Response | None:
        seat = await shell.admit(request, Intent.SEE_OWN_PUMP)
        if not isinstance(seat, Seat):
            return seat
        if not seat.has_pump:
            await shell.no_pump(seat)
            return None
        async with shell.framed(seat, current=shell.MY_MINUTES, title=_("Minutes"), title_on_phone=False):
            shown = _MyMinutes(seat)
            await shown.show(await state_of(seat.viewer.tenant_id, [seat.viewer.person_id]))
        feed.follow(seat.viewer.tenant_id, seat.viewer.person_id, shown.show)
        return None


class _MyMinutes:
    def __init__(self, seat: Seat) -> None:
        self._seat = seat
        with Element("div").classes("my-pump"):
            with Element("div").classes("middle"):
                self._number = Text("p", "").classes("big-number num")
                self._caption = Text("p", "").classes("quiet")
            if seat.viewer.may(Intent.RUN_PUMP):
                with Element("div").classes("under"):
                    button(_("Ask for minutes"), self._ask, kind="primary", icon="add")
            self._list = Element("section").classes("stack")

    async def show(self, state: PumpState) -> None:
        wallet = state.wallets[self._seat.viewer.person_id]
        self._number.set_text(minutes(wallet.available_s))
        caption = _("are yours to use")
        if wallet.held_s:
            caption = _("are yours to use; {time} more are set aside for your turn").format(time=minutes(wallet.held_s))
        self._caption.set_text(caption)
        async with transaction(self._seat.viewer.tenant_id) as tx:
            asked = await pump_lists.minute_requests(tx, None, self._seat.viewer.person_id, 0, SHOWN_MAX)
        self._list.clear()
        with self._list:
            Text("h3", _("What you asked for"))
            with Card():
                if not asked.rows:
                    with Element("div").classes("inside low"):
                        Text("p", _("Nothing yet. Ask when your minutes run low.")).classes("quiet")
                for each in asked.rows:
                    self._row(each)

    def _row(self, asked: MinuteRequestRow) -> None:
        now = datetime.now(UTC)
        at = moment(asked.decided_at or asked.asked_at, self._seat.zone, now)
        says = [request_word(asked.state), at]
        if asked.decided_by:
            says.append(asked.decided_by)
        says += [text for text in (asked.reason, asked.note) if text][:1]
        with row(ICONS[asked.state], minutes(asked.seconds), ", ".join(says)):
            if asked.state is RequestState.PENDING:
                button(_("Withdraw"), self._withdrawing(asked.id), kind="plain")

    def _withdrawing(self, request_id: UUID) -> Callable[[], Awaitable[None]]:
        async def withdraw() -> None:
            seat = await permitted(Intent.RUN_PUMP)
            if seat is None:
                return
            answer = await requests.withdraw(request_id, seat.viewer, datetime.now(UTC))
            if isinstance(answer, REFUSALS):
                toast("warn", refusal_text(answer))
            await self._again()

        return withdraw

    async def _ask(self) -> None:
        key = uuid4()  # of this dialog: a second press asks for nothing more
        with ui.dialog() as dialog, Element("div").classes("dialog stack wide"):
            Text("h2", _("Ask for minutes"))
            wanted = number_field(_("Minutes"), USUAL_MIN, unit=_("min"), check=minutes_fault)
            note = text_field(_("Note"), help=_("The owner reads it: that you paid, for which field."))
            note.input.props["maxlength"] = NOTE_CHARS
            with Element("footer"):
                button(_("Cancel"), lambda: dialog.submit(None))
                button(_("Ask"), lambda: dialog.submit(True) if wanted.is_right() else None, kind="primary")
        if await answer_of(dialog) is None:
            return
        seat = await permitted(Intent.RUN_PUMP)
        if seat is None:
            return
        said = str(note.value or "")
        answer = await requests.ask(int(wanted.value) * 60, said, seat.viewer, datetime.now(UTC), key=key)
        if isinstance(answer, REFUSALS):
            toast("warn", refusal_text(answer))
        else:
            toast("ok", _("Asked. You see the answer here."))
        await self._again()

    async def _again(self) -> None:
        await self.show(await state_of(self._seat.viewer.tenant_id, [self._seat.viewer.person_id]))


def minutes_fault(value: float | None) -> str | None:
    """Whole minutes above 0."""
    if value is None or value <= 0 or value != int(value):
        return _("Enter whole minutes, more than 0.")
    return None
