"""A pump's members with their balances; beside them the cards, and which minutes were used."""

from datetime import UTC, datetime

from nicegui.element import Element
from starlette.requests import Request
from starlette.responses import Response

from actions.people import Seat
from domain.access import Intent
from storage import pump_lists
from storage.pump_followed import PumpState
from storage.session import transaction
from storage.wallet_views import BalanceRow
from ui.components.data_table import PAGE_SIZE, Cell, Column, DataTable, Row, TableRequest
from ui.components.field import text_field
from ui.components.pieces import Card, empty, link_button
from ui.frame import Frame
from ui.page import page
from ui.pages import shell
from ui.pages.account.asking import permitted
from ui.pages.owner import member
from ui.pages.owner.pump_cards import CardsCard
from ui.pages.owner.pump_usage import EXPORT, UsageCard
from ui.pages.pump_words import minutes, run_look
from ui.pump_feed import PumpFeed
from ui.texts import _, moment, ngettext, number

SETTLE_S = 0.3  # a search begins when nobody has typed for so long


def install(feed: PumpFeed) -> None:
    member.install()

    @page(shell.MEMBERS)
    async def members(request: Request) -> Response | None:
        seat = await shell.admit(request, Intent.SEE_WALLETS)
        if not isinstance(seat, Seat):
            return seat
        if not seat.has_pump:
            await shell.no_pump(seat)
            return None
        async with shell.framed(seat, current=shell.MEMBERS, title=_("Members")) as frame:
            with frame.actions:
                link_button(_("Export CSV"), EXPORT, icon="download")
            shown = _Members(seat, frame)
            await shown.start()
        feed.follow(seat.viewer.tenant_id, seat.viewer.person_id, shown.again)
        return None


class _Members:
    def __init__(self, seat: Seat, frame: Frame) -> None:
        self._seat, self._frame = seat, frame
        self._search = ""

    async def start(self) -> None:
        with Element("div").classes("columns"):
            with Element("div").classes("two stack wide"):
                search = text_field(_("Search"), kind="search")
                search.input.props.update({"debounce": round(SETTLE_S * 1_000), "clearable": True})
                search.input.on_value_change(lambda event: self._look_for(str(event.value or "")))
                with Card() as self._card:
                    self._table = DataTable(_columns(), self._load)
                self._nothing = Element("div")
            with Element("div").classes("stack wide"):
                usage = UsageCard(self._seat)
                self._cards = CardsCard(self._seat) if self._seat.viewer.may(Intent.MANAGE_CARDS) else None
        await self._load(self._table.request)
        await usage.show()
        if self._cards:
            await self._cards.show()

    async def again(self, _state: PumpState) -> None:
        """Something of the pump changed: minutes, a turn, or a reader has seen a card."""
        await self._load(self._table.request)
        if self._cards:
            await self._cards.show()

    async def _look_for(self, text: str) -> None:
        self._search = text.strip()
        await self._load(TableRequest(None, False, 1))

    async def _load(self, request: TableRequest) -> None:
        if await permitted(Intent.SEE_WALLETS) is None:
            return
        async with transaction(self._seat.viewer.tenant_id) as tx:
            found = await pump_lists.balances(tx, self._search, (request.page - 1) * PAGE_SIZE, PAGE_SIZE)
        now = datetime.now(UTC)
        self._card.visible = bool(found.total)
        self._table.show([_row(each, self._seat.zone, now) for each in found.rows], found.total, request)
        self._frame.set_title(ngettext("{n} member", "{n} members", found.total).format(n=number(found.total)))
        self._nothing.clear()
        if found.total:
            return
        with self._nothing:
            if self._search:
                empty("person_search", _("Nobody fits"), _("Search for another name."))
            else:
                empty("group", _("No members yet"), _("Invite members on the page “People”; then recharge them here."))


def _columns() -> tuple[Column, ...]:
    return (
        Column("name", _("Name")),
        Column("state", _("State")),
        Column("balance", _("Minutes"), align="right"),
        Column("cards", _("Cards"), align="right", wide_only=True),
        Column("last", _("Last turn"), align="right", wide_only=True),
    )


def _row(each: BalanceRow, zone: str, now: datetime) -> Row:
    return Row(
        str(each.member_id),
        {
            "name": Cell(each.name, href=f"{shell.MEMBERS}/{each.member_id}"),
            "state": _state(each),
            "balance": Cell(minutes(each.available_s + each.held_s)),
            "cards": Cell(number(each.cards)),
            "last": Cell(moment(each.last_run_at, zone, now) if each.last_run_at else "–"),
        },
    )


def _state(each: BalanceRow) -> Cell:
    if each.is_suspended:
        return Cell(_("Suspended"), state="", icon="block")
    if each.open_state is None:
        return Cell("")
    tone, word, mark = run_look(each.open_state)
    return Cell(word, state=tone, icon=mark)
