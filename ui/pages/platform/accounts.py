"""People of every tenant, for the platform: found by a search, taken out of everything, let in again."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from nicegui.element import Element
from starlette.requests import Request
from starlette.responses import Response

from actions.people import Seat
from actions.people.members import accounts, reactivate_account, suspend_account
from domain.access import Intent, Viewer
from domain.refusals import Refusal
from storage.people import AccountRow
from ui.components.dialog import confirm
from ui.components.field import text_field
from ui.components.markup import Text, chip
from ui.components.pieces import Card, button, empty, failure
from ui.components.rows import row
from ui.components.toast import toast
from ui.frame import Frame
from ui.page import page
from ui.pages import shell
from ui.pages.account.asking import permitted
from ui.pages.account.words import refusal_text
from ui.texts import _, ngettext, number

SHOWN_MAX = 25
SETTLE_MS = 300  # a search begins when nobody has typed for so long

Change = Callable[[Viewer, UUID, datetime], Awaitable[Refusal | None]]


def install() -> None:
    @page(shell.ACCOUNTS)
    async def show(request: Request) -> Response | None:
        seat = await shell.admit(request, Intent.SUSPEND_ACCOUNT)
        if not isinstance(seat, Seat):
            return seat
        async with shell.framed(seat, current=shell.ACCOUNTS, title=_("Accounts")) as frame:
            await _Accounts(seat, frame).start()
        return None


class _Accounts:
    """A search above the first who fit."""

    def __init__(self, seat: Seat, frame: Frame) -> None:
        self._seat, self._frame = seat, frame
        with Element("div").classes("filters"):
            self._search = text_field(_("Search"), help=_("Name, sign-in name, phone or mail."), kind="search")
        self._search.input.props.update({"debounce": SETTLE_MS, "clearable": True})
        self._search.input.on_value_change(self.start)
        self._place = Element("div").classes("columns")

    async def start(self) -> None:
        seat = await permitted(Intent.SUSPEND_ACCOUNT)
        if seat is None:
            return
        found = await accounts(seat.viewer, str(self._search.value or "").strip(), 0, SHOWN_MAX)
        self._place.clear()
        with self._place, Element("div").classes("three"):
            if isinstance(found, Refusal):
                failure(_("The list did not load"), refusal_text(found), self.start)
                return
            self._frame.set_title(ngettext("{n} account", "{n} accounts", found.total).format(n=number(found.total)))
            if not found.total:
                empty("person_search", _("Nobody fits"), _("Search for another name."))
                return
            with Card():
                for account in found.rows:
                    self._row(account)
                if (more := found.total - len(found.rows)) > 0:
                    Text("p", _("{n} more. Search to find them.").format(n=number(more))).classes("note")

    def _row(self, account: AccountRow) -> None:
        is_out = account.suspended_at is not None
        parts = (account.login, account.contact, ", ".join(account.tenants) or _("in no tenant"))
        mark = chip("", _("Suspended everywhere"), "block") if is_out else ""
        with row("person", account.name, " · ".join(part for part in parts if part), chip=mark, faded=is_out):
            if is_out:
                button(_("Let in again"), lambda: self._reactivate(account), kind="plain")
            elif account.id != self._seat.viewer.person_id:
                button(_("Suspend"), lambda: self._suspend(account), kind="plain").props["aria-label"] = _(
                    "Suspend {name}"
                ).format(name=account.name)

    async def _suspend(self, account: AccountRow) -> None:
        question = _("Suspend {name} everywhere?").format(name=account.name)
        effect = _(
            "{name} is signed out within a second and can't sign in to any workshop or pump until somebody who runs"
            " this PitPilot lets {name} in again."
        )
        if await confirm(question, effect.format(name=account.name), _("Suspend")):
            said = _("{name} is suspended everywhere.").format(name=account.name)
            await self._change(suspend_account, account, said, lambda: self._reactivate(account))

    async def _reactivate(self, account: AccountRow) -> None:
        said = _("{name} may sign in again.").format(name=account.name)
        await self._change(reactivate_account, account, said)

    async def _change(
        self, change: Change, account: AccountRow, said: str, undo: Callable[[], Any] | None = None
    ) -> None:
        seat = await permitted(Intent.SUSPEND_ACCOUNT)
        if seat is None:
            return
        answer = await change(seat.viewer, account.id, datetime.now(UTC))
        with self._place:  # the pressed button is gone after showing anew
            await self.start()
            if isinstance(answer, Refusal):
                toast("warn", refusal_text(answer))
            else:
                toast("ok", said, _("Undo") if undo else None, undo)
