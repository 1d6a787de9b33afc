"""One tenant as the platform sees it: approving, declining, suspending, and looking inside as support."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

from nicegui import ui
from nicegui.element import Element
from starlette.requests import Request
from starlette.responses import Response

from actions.people import Seat
from actions.people.tenants import (
    NOTE_CHARS_MAX,
    SUPPORTED,
    approve_tenant,
    decline_tenant,
    enter_as_support,
    reactivate_tenant,
    suspend_tenant,
)
from actions.people.tenants import tenant as tenant_of
from domain.access import Intent, Viewer
from domain.refusals import Refusal
from domain.tenancy import TenantStatus
from storage.people import TenantRow
from ui.components.dialog import answer_of, confirm
from ui.components.field import text_field
from ui.components.markup import Text
from ui.components.pieces import Card, button, key_values, tone_chip
from ui.components.rows import row
from ui.components.toast import toast
from ui.page import page
from ui.pages import shell
from ui.pages.account.asking import permitted
from ui.pages.account.words import refusal_text
from ui.pages.platform.words import STATUS_LOOKS, halves_text, status_word
from ui.texts import LANGUAGES, Language, _, day, moment, number

Change = Callable[[Viewer, UUID, datetime], Awaitable[Refusal | None]]


def install() -> None:
    @page(shell.TENANTS + "/{tenant_id}")
    async def show(request: Request, tenant_id: str) -> Response | None:
        seat = await shell.admit(request, Intent.SEE_TENANTS)
        if not isinstance(seat, Seat):
            return seat
        wanted = shell.parse_id(tenant_id)
        found = await tenant_of(seat.viewer, wanted) if wanted else Refusal.NOT_FOUND
        if isinstance(found, Refusal):
            await shell.no_such(seat, _("There is no such tenant"), _("The link is wrong or old."), shell.TENANTS)
            return None
        async with shell.framed(seat, current=shell.TENANTS, title=found.name, back=shell.TENANTS) as frame:
            _Tenant(seat, found, frame.beside_title).show()
        return None


class _Tenant:
    """Shown anew after each change."""

    def __init__(self, seat: Seat, found: TenantRow, beside_title: Element) -> None:
        self._seat, self._row, self._beside = seat, found, beside_title
        self._place = Element("div").classes("columns")

    def show(self) -> None:
        self._beside.clear()
        self._place.clear()
        with self._beside:
            tone, icon = STATUS_LOOKS[self._row.status]
            tone_chip(tone, status_word(self._row.status), icon)
        with self._place:
            with Element("div").classes("two stack wide"):
                if self._seat.viewer.may(Intent.MANAGE_TENANTS):
                    with Card(_("State")):
                        self._ways()
                if self._seat.viewer.may(Intent.ENTER_AS_SUPPORT) and self._row.status in SUPPORTED:
                    with Card(_("Support")):
                        line = _("You see and do what its owner may. It stands in the tenant's audit trail.")
                        with row("support_agent", _("Look inside"), line):
                            button(_("Enter as support"), self._enter)
            with Card(_("Facts")), Element("div").classes("inside"):
                key_values(self._facts())

    def _ways(self) -> None:
        """What is the case, and what can become of it (domain.tenancy.MOVES)."""
        since = moment(self._row.status_at or self._row.created_at, self._seat.zone, datetime.now(UTC))
        note = self._row.note
        if self._row.status is TenantStatus.PENDING:
            with row("hourglass_top", status_word(self._row.status), _("Since {time}.").format(time=since)):
                button(_("Decline"), self._decline)
                button(_("Approve"), self._approve, kind="primary")
        elif self._row.status is TenantStatus.ACTIVE:
            with row("check_circle", status_word(self._row.status), _("Since {time}.").format(time=since)):
                button(_("Suspend"), self._suspend)
        elif self._row.status is TenantStatus.SUSPENDED:
            with row("block", status_word(self._row.status), _("Since {time}: {why}").format(time=since, why=note)):
                button(_("Let in again"), self._reactivate, kind="primary")
        else:
            with row("cancel", status_word(self._row.status), _("Since {time}: {why}").format(time=since, why=note)):
                button(_("Approve after all"), self._approve)

    def _facts(self) -> list[tuple[str, str]]:
        found = self._row
        return [
            (_("Uses"), halves_text(found)),
            (_("Owner"), found.owner_name or "–"),
            (_("Sign-in name"), found.owner_login or "–"),
            (_("Phone or mail"), found.owner_contact or "–"),
            (_("People"), number(found.people)),
            (_("Devices"), number(found.devices)),
            (_("Time zone"), found.zone),
            (_("Language"), LANGUAGES[cast(Language, found.language)]),
            (_("Registered"), day(found.created_at, self._seat.zone, year=True)),
        ]

    async def _approve(self) -> None:
        await self._change(approve_tenant, _("{tenant} is approved: its owner may sign in."))

    async def _decline(self) -> None:
        question = _("Decline {tenant}?").format(tenant=self._row.name)
        effect = _("Its owner can't sign in and reads that it was declined. You can still approve it later.")
        note = await _ask_reason(question, effect, _("Decline"))
        if note is not None:
            said = _("{tenant} is declined.")
            await self._change(lambda by, who, now: decline_tenant(by, who, note, now), said, self._approve)

    async def _suspend(self) -> None:
        question = _("Suspend {tenant}?").format(tenant=self._row.name)
        effect = _(
            "Everybody there is signed out within a second and can't sign in; keys stop working, and a running pump"
            " stops. Devices go on measuring."
        )
        note = await _ask_reason(question, effect, _("Suspend"))
        if note is not None:
            said = _("{tenant} is suspended.")
            await self._change(lambda by, who, now: suspend_tenant(by, who, note, now), said, self._reactivate)

    async def _reactivate(self) -> None:
        await self._change(reactivate_tenant, _("{tenant} may sign in again."))

    async def _enter(self) -> None:
        question = _("Enter {tenant} as support?").format(tenant=self._row.name)
        effect = _("Your other open pages follow. A bar on every page leads back; its owner can read that you came.")
        if not await confirm(question, effect, _("Enter as support"), danger=False):
            return
        seat = await permitted(Intent.ENTER_AS_SUPPORT)
        if seat is None:
            return
        answer = await enter_as_support(seat, self._row.id, datetime.now(UTC))
        if isinstance(answer, Refusal):
            toast("warn", refusal_text(answer))
        else:
            ui.navigate.to("/")

    async def _change(self, change: Change, said: str, undo: Callable[[], Any] | None = None) -> None:
        """Makes the change, shows what is now, and says `said`, or why it was refused."""
        seat = await permitted(Intent.MANAGE_TENANTS)
        if seat is None:
            return
        answer = await change(seat.viewer, self._row.id, datetime.now(UTC))
        with self._place:  # the pressed button is gone after showing anew
            found = await tenant_of(seat.viewer, self._row.id)
            if isinstance(found, Refusal):
                ui.navigate.to(shell.TENANTS)
                return
            self._row = found
            self.show()
            if isinstance(answer, Refusal):
                toast("warn", refusal_text(answer))
            else:
                toast("ok", said.format(tenant=found.name), _("Undo") if undo else None, undo)


async def _ask_reason(question: str, effect: str, verb: str) -> str | None:
    """Why; None if the person thought better of it."""
    with ui.dialog() as dialog, Element("div").classes("dialog"):
        title = Text("h2", question)
        Text("p", effect)
        said = _("Its owners read it at the sign-in. It stands on this page and in the audit trail.")
        why = text_field(_("Why"), help=said, check=_reason_fault)
        why.input.props.update({"maxlength": NOTE_CHARS_MAX, "autofocus": True})

        def give() -> None:
            if why.is_right():
                dialog.submit(str(why.value).strip())

        why.input.on("keydown.enter", give)
        with Element("footer"):
            button(_("Cancel"), lambda: dialog.submit(None))
            button(verb, give, kind="danger")
    dialog.props["aria-labelledby"] = title.html_id
    reason = await answer_of(dialog)
    return None if reason is None else str(reason)


def _reason_fault(value: str) -> str | None:
    return None if (value or "").strip() else _("Say why, in a few words.")
