"""A member's statement: every second that came or went, with what it was for; a month at a time."""

from datetime import UTC, date, datetime, timedelta
from html import escape
from uuid import UUID
from zoneinfo import ZoneInfo

from nicegui.element import Element
from starlette.requests import Request
from starlette.responses import Response

from actions.people import Seat
from domain.access import Intent
from domain.wallet import TransferKind
from storage import pump_history
from storage.session import transaction
from storage.wallet_views import Statement, StatementLine
from ui.components.markup import Text, icon, key_value, raw
from ui.components.pieces import Card, empty, icon_button
from ui.page import page
from ui.pages import shell
from ui.pages.member.turns import turns_card
from ui.pages.pump_words import kind_word, minutes, reason_text, signed_minutes
from ui.texts import _, moment, month

ICONS = {
    TransferKind.RECHARGE: "add_circle",
    TransferKind.REVERSAL: "remove_circle",
    TransferKind.HOLD: "lock_clock",
    TransferKind.CAPTURE: "water_pump",
    TransferKind.RELEASE: "undo",
    TransferKind.GIFT: "redeem",
    TransferKind.DEDUCTION: "remove_circle",
}


def install() -> None:
    @page(shell.MY_LEDGER)
    async def my_ledger(request: Request) -> Response | None:
        seat = await shell.admit(request, Intent.SEE_OWN_PUMP)
        if not isinstance(seat, Seat):
            return seat
        if not seat.has_pump:
            await shell.no_pump(seat)
            return None
        async with shell.framed(seat, current=shell.MY_LEDGER, title=_("Ledger"), title_on_phone=False):
            with Element("div").classes("my-pump"):
                await StatementCard(seat, seat.viewer.person_id).start()
                await turns_card(seat, seat.viewer.person_id)
        return None


class StatementCard:
    """One member's month. Whoever shows it has checked the right to see it."""

    def __init__(self, seat: Seat, member_id: UUID) -> None:
        self._seat, self._member_id = seat, member_id
        self._first = datetime.now(UTC).astimezone(ZoneInfo(seat.zone)).date().replace(day=1)

    async def start(self) -> None:
        with Element("div").classes("cluster"):
            icon_button("chevron_left", _("Earlier"), lambda: self._turn(-1))
            self._month = Text("h2", "").classes("grow")
            self._month.props["aria-live"] = "polite"
            self._later = icon_button("chevron_right", _("Later"), lambda: self._turn(1))
        self._place = Element("section").classes("stack wide ledger")
        await self.load()

    async def _turn(self, by: int) -> None:
        self._first = (self._first + timedelta(days=31)).replace(day=1) if by > 0 else _month_before(self._first)
        await self.load()

    async def load(self) -> None:
        last = (self._first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        today = datetime.now(UTC).astimezone(ZoneInfo(self._seat.zone)).date()
        self._later.set_enabled(last < today)
        self._month.set_text(month(self._first))
        async with transaction(self._seat.viewer.tenant_id) as tx:
            found = await pump_history.statement(tx, self._member_id, self._first, last)
        self._place.clear()
        with self._place:
            if found is None or not found.lines:
                self._nothing(found)
            else:
                self._show(found)

    def _nothing(self, found: Statement | None) -> None:
        balance = minutes(found.closing_s if found else 0)
        empty(
            "receipt_long", _("Nothing happened in this month"), _("The balance stayed at {time}.").format(time=balance)
        )

    def _show(self, found: Statement) -> None:
        with Card():
            sums = [
                (_("Balance before"), minutes(found.opening_s)),
                (_("Minutes bought"), minutes(found.recharged_s)),
                (_("Motor ran"), signed_minutes(-found.used_s) if found.used_s else minutes(0)),
                (_("Balance after"), minutes(found.closing_s)),
            ]
            other_s = found.closing_s - found.opening_s - found.recharged_s + found.used_s
            if other_s:
                sums.insert(3, (_("Given, taken, taken back"), signed_minutes(other_s)))
            raw("".join(key_value(key, escape(value)) for key, value in sums)).classes("inside")
        now = datetime.now(UTC)
        with Card():
            raw("".join(_line(line, self._seat.zone, now) for line in reversed(found.lines)))


def _line(line: StatementLine, zone: str, now: datetime) -> str:
    says = [moment(line.at, zone, now)]
    says += [text for text in (line.motor_name,) if text]
    if line.end_reason is not None and line.kind is TransferKind.CAPTURE:
        says.append(reason_text(line.end_reason))
    says += [text for text in (line.by, line.reason) if text]
    is_aside = line.change_s == 0
    amount = minutes(line.seconds) if is_aside else signed_minutes(line.change_s)
    after = _("balance {time}").format(time=minutes(line.balance_s))
    return (
        f'<div class="ledger-row{" aside" if is_aside else ""}">{icon(ICONS[line.kind], "l")}'
        f"<div><h3>{escape(kind_word(line.kind))}</h3><p>{escape(', '.join(says))}</p></div>"
        f'<div class="sum num"><b>{escape(amount)}</b><p>{escape(after)}</p></div></div>'
    )


def _month_before(first: date) -> date:
    return (first - timedelta(days=1)).replace(day=1)
