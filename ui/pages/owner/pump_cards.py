"""RFID cards: those of members, and those that a reader saw and nobody knows, each registered with one click."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from uuid import UUID

from nicegui import ui
from nicegui.element import Element

from actions.people import Seat
from actions.pumps import cards
from domain.access import Intent
from storage import pump_lists
from storage.session import transaction
from storage.wallet_views import CardRow, UnknownCardRow
from ui.components.dialog import answer_of, confirm
from ui.components.field import select_field, text_field
from ui.components.markup import Text
from ui.components.pieces import Card, button
from ui.components.rows import row
from ui.components.toast import toast
from ui.pages.account.asking import permitted
from ui.pages.pump_refusals import refusal_text
from ui.texts import _, moment, ngettext, number

MEMBERS_MAX = 500


class CardsCard:
    """All of the tenant's cards, or with `member_id` those of one member; unknown ones first."""

    def __init__(self, seat: Seat, member_id: UUID | None = None) -> None:
        self._seat, self._member_id = seat, member_id
        self._shown: object = None
        with Card(_("Cards")) as card:
            with card.header:
                button(_("Register"), lambda: self._register(""), kind="plain", icon="add")
            self._list = Element("div")

    async def show(self) -> None:
        async with transaction(self._seat.viewer.tenant_id) as tx:
            known = await pump_lists.cards(tx, self._member_id)
            unknown = await pump_lists.unknown_cards(tx)
        if (known, unknown) == self._shown:
            return
        self._shown = (known, unknown)
        self._list.clear()
        with self._list:
            for found in unknown:
                self._unknown(found)
            for each in known:
                self._known(each)
            if not known and not unknown:
                row("badge", _("No card yet"), _("Hold a new card to the motor's reader: it appears here."))

    def _unknown(self, found: UnknownCardRow) -> None:
        at = moment(found.last_at, self._seat.zone, datetime.now(UTC))
        seen = ngettext("seen {n} time", "seen {n} times", found.count).format(n=number(found.count))
        with row("help", found.uid, ", ".join([_("Unknown"), seen, found.motor_name, at]), below=True):
            button(_("Register"), lambda: self._register(found.uid))

    def _known(self, each: CardRow) -> None:
        seen = _("not used yet")
        if each.last_seen_at:
            seen = moment(each.last_seen_at, self._seat.zone, datetime.now(UTC))
        says = ", ".join(text for text in (each.uid, each.label, seen) if text)
        with row("badge", each.member_name, says):
            button(_("Remove"), self._removing(each), kind="plain")

    async def _register(self, uid: str) -> None:
        members = await self._members()
        if not members:
            toast("warn", _("There is no member yet."))
            return
        with ui.dialog() as dialog, Element("div").classes("dialog stack wide"):
            Text("h2", _("Register a card"))
            code = text_field(_("Number of the card"), uid, code=True)
            who = select_field(_("Member"), members, str(self._member_id) if self._member_id else next(iter(members)))
            label = text_field(_("Label"), help=_("For example its colour."))
            label.input.props["maxlength"] = cards.LABEL_CHARS_MAX
            with Element("footer"):
                button(_("Cancel"), lambda: dialog.submit(None))
                button(_("Register"), lambda: dialog.submit(True), kind="primary")
        if await answer_of(dialog) is None:
            return
        seat = await permitted(Intent.MANAGE_CARDS)
        if seat is None:
            return
        member_id, said = UUID(str(who.value)), str(label.value or "")
        refusal = await cards.register(str(code.value), member_id, said, seat.viewer, datetime.now(UTC))
        if refusal is None:
            toast("ok", _("The card belongs to {name} now.").format(name=members[str(member_id)]))
        else:
            toast("warn", refusal_text(refusal))
        await self.show()

    async def _members(self) -> Mapping[str, str]:
        async with transaction(self._seat.viewer.tenant_id) as tx:
            found = await pump_lists.balances(tx, "", 0, MEMBERS_MAX)
        return {str(each.member_id): each.name for each in found.rows}

    def _removing(self, each: CardRow) -> Callable[[], Awaitable[None]]:
        async def remove() -> None:
            effect = _("It starts nothing any more. It can be registered again.")
            question = _("Remove the card of {name}?").format(name=each.member_name)
            if not await confirm(question, effect, _("Remove")):
                return
            seat = await permitted(Intent.MANAGE_CARDS)
            if seat is None:
                return
            refusal = await cards.remove(each.uid, seat.viewer, datetime.now(UTC))
            if refusal is not None:
                toast("warn", refusal_text(refusal))
            await self.show()

        return remove
