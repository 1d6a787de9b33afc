"""One member: the balance with recharge and taking back, the statement, the cards."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from nicegui.element import Element
from starlette.requests import Request
from starlette.responses import Response

from actions.people import Seat
from domain.access import Intent
from storage import pump_lists
from storage.session import transaction
from storage.wallet_views import BalanceRow
from ui.components.markup import Text
from ui.components.pieces import Card, button, link_button, tone_chip
from ui.page import page
from ui.pages import shell
from ui.pages.member.ledger import StatementCard
from ui.pages.member.turns import turns_card
from ui.pages.owner import wallet_dialogs
from ui.pages.owner.pump_cards import CardsCard
from ui.pages.pump_words import minutes
from ui.texts import _

Change = Callable[[UUID, str], Awaitable[bool]]


def install() -> None:
    @page(shell.MEMBERS + "/{member_id}")
    async def show(request: Request, member_id: str) -> Response | None:
        seat = await shell.admit(request, Intent.SEE_WALLETS)
        if not isinstance(seat, Seat):
            return seat
        wanted = shell.parse_id(member_id)
        found = await _balance(seat, wanted) if wanted else None
        if found is None:
            text = _("The link is wrong or old.")
            await shell.no_such(seat, _("There is no such member here"), text, shell.MEMBERS)
            return None
        async with shell.framed(seat, current=shell.MEMBERS, title=found.name, back=shell.MEMBERS) as frame:
            with frame.beside_title:
                if found.is_suspended:
                    tone_chip("", _("Suspended"), "block")
            await _Member(seat, found).start()
        return None


class _Member:
    def __init__(self, seat: Seat, found: BalanceRow) -> None:
        self._seat, self._found = seat, found

    async def start(self) -> None:
        with Element("div").classes("columns"):
            with Element("div").classes("stack wide"):
                self._wallet()
                cards = CardsCard(self._seat, self._found.member_id)
            with Element("div").classes("two stack wide"):
                self._statement = StatementCard(self._seat, self._found.member_id)
                await self._statement.start()
                await turns_card(self._seat, self._found.member_id)
        self._show(self._found)
        await cards.show()

    def _wallet(self) -> None:
        with Card(_("Minutes"), pad=True), Element("div").classes("stack"):
            self._number = Text("p", "").classes("big-number num")
            self._held = Text("p", "").classes("quiet")
            if self._seat.viewer.may(Intent.CHANGE_WALLETS):
                with Element("div").classes("cluster wrap"):
                    button(_("Recharge"), self._changing(wallet_dialogs.recharge), kind="primary", icon="add")
                    button(_("Take back"), self._changing(wallet_dialogs.take_back))
                    button(_("Give"), self._changing(wallet_dialogs.give))
            link_button(_("Role and access"), f"{shell.PEOPLE}/{self._found.member_id}", kind="plain", icon="person")

    def _show(self, found: BalanceRow) -> None:
        self._number.set_text(minutes(found.available_s))
        held = _("{time} more are set aside for a turn").format(time=minutes(found.held_s))
        self._held.set_text(held if found.held_s else _("are free to use"))

    def _changing(self, change: Change) -> Callable[[], Awaitable[None]]:
        async def go() -> None:
            if not await change(self._found.member_id, self._found.name):
                return
            found = await _balance(self._seat, self._found.member_id)
            if found is not None:
                self._show(found)
                await self._statement.load()

        return go


async def _balance(seat: Seat, member_id: UUID) -> BalanceRow | None:
    async with transaction(seat.viewer.tenant_id) as tx:
        return await pump_lists.balance(tx, member_id)
