"""Minutes that members ask for: approved with one press, declined with a reason."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from nicegui.element import Element

from actions.people import Seat
from actions.pumps import requests
from domain.access import Intent
from domain.minute_requests import RequestState
from storage import pump_lists
from storage.session import transaction
from storage.wallet_views import MinuteRequestRow
from ui.components.markup import raw
from ui.components.pieces import Card, button
from ui.components.rows import row
from ui.components.toast import toast
from ui.pages.account.asking import permitted
from ui.pages.owner.pump_dialogs import ask_reason
from ui.pages.pump_refusals import REFUSALS, refusal_text
from ui.pages.pump_words import minutes
from ui.texts import _, moment, number

SHOWN_MAX = 50


class RequestsCard:
    """Hidden while nobody asks."""

    def __init__(self, seat: Seat) -> None:
        self._seat = seat
        self._shown: object = None
        with Card(_("Minutes asked for")) as self._card, self._card.header:
            self._count = raw("", "span").classes("fine num")
        with self._card:
            self._list = Element("div")

    async def show(self) -> None:
        async with transaction(self._seat.viewer.tenant_id) as tx:
            found = await pump_lists.minute_requests(tx, RequestState.PENDING, None, 0, SHOWN_MAX)
        self._card.visible = bool(found.rows)
        if found.rows == self._shown:
            return
        self._shown = found.rows
        self._count.content = number(found.total)
        self._list.clear()
        with self._list:
            for asked in found.rows:
                self._row(asked)

    def _row(self, asked: MinuteRequestRow) -> None:
        at = moment(asked.asked_at, self._seat.zone, datetime.now(UTC))
        says = ", ".join(text for text in (minutes(asked.seconds), at, asked.note) if text)
        with row("timer", asked.member_name, says):
            button(_("Approve"), self._approving(asked), kind="secondary", icon="check")
            button(_("Decline"), self._declining(asked), kind="plain")

    def _approving(self, asked: MinuteRequestRow) -> Callable[[], Awaitable[None]]:
        async def approve() -> None:
            seat = await permitted(Intent.CHANGE_WALLETS)
            if seat is None:
                return
            said = _("{name} has {time} more.").format(name=asked.member_name, time=minutes(asked.seconds))
            self._say(await requests.approve(asked.id, seat.viewer, datetime.now(UTC)), said)
            await self.show()

        return approve

    def _declining(self, asked: MinuteRequestRow) -> Callable[[], Awaitable[None]]:
        async def decline() -> None:
            effect = _("{name} reads the reason.").format(name=asked.member_name)
            question = _("Decline {time}?").format(time=minutes(asked.seconds))
            reason = await ask_reason(question, effect, _("Decline"))
            seat = await permitted(Intent.CHANGE_WALLETS) if reason is not None else None
            if seat is None or reason is None:
                return
            answer = await requests.decline(asked.id, reason, seat.viewer, datetime.now(UTC))
            self._say(answer, _("Declined. {name} sees why.").format(name=asked.member_name))
            await self.show()

        return decline

    def _say(self, answer: requests.Answer, done: str) -> None:
        if isinstance(answer, REFUSALS):
            toast("warn", refusal_text(answer))
        else:
            toast("ok", done)
