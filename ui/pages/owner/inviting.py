"""Inviting somebody: who, into which role, and the link to hand over; and the invitations that are still open."""

from datetime import UTC, datetime

from nicegui import ui
from nicegui.element import Element

from actions.outbox import ways
from actions.people import Seat
from actions.people.invitations import (
    CONTACT_CHARS_MAX,
    NAME_CHARS_MAX,
    InvitationRow,
    Invited,
    LinkState,
    invite,
    renew_invitation,
    revoke_invitation,
    waiting_invitations,
)
from domain.access import MAY_GIVE, Intent, Role
from domain.refusals import Refusal
from domain.ways import Way
from ui.components.copy_link import CopyLink
from ui.components.dialog import answer_of, confirm
from ui.components.field import text_field
from ui.components.markup import Text, chip, raw
from ui.components.pieces import Card, button
from ui.components.qr import qr_svg
from ui.components.rows import row
from ui.components.segmented import Segmented
from ui.components.toast import toast
from ui.links import absolute
from ui.pages.account import invitation
from ui.pages.account.asking import permitted
from ui.pages.account.words import refusal_text, role_help, role_word
from ui.texts import _, duration, number

AT_FIRST, MORE = 8, 50


class InvitationsCard:
    """Open and expired invitations, the newest first, a few at a time; filled by `start`."""

    def __init__(self, seat: Seat) -> None:
        self._seat = seat
        self._search, self._most = "", AT_FIRST
        with Card(_("Invitations")):
            self._list = Element("div")

    async def find(self, search: str) -> None:
        """Shows those whose name or contact holds the text."""
        self._search, self._most = search, AT_FIRST
        await self.start()

    async def start(self) -> None:
        now = datetime.now(UTC)
        rows, total = await waiting_invitations(self._seat.viewer, self._search, self._most, now)
        self._list.clear()
        with self._list:
            for entry in rows:
                self._row(entry, now)
            if total > len(rows):
                with Element("div").classes("inside"):
                    more = _("{n} more").format(n=number(total - len(rows)))
                    button(more, self._show_more, kind="plain", icon="expand_more")
            if not rows:
                nobody = _("Nobody is invited at the moment. A link that you make stands here until it is used.")
                Text("p", _("Nobody fits") if self._search else nobody).classes("note")

    async def _show_more(self) -> None:
        self._most += MORE
        await self.start()

    def _row(self, entry: InvitationRow, now: datetime) -> None:
        is_over = entry.state is LinkState.EXPIRED
        left = duration((entry.expires_at - now).total_seconds())
        line = role_word(entry.role) + " · " + (entry.contact + " · " if entry.contact else "")
        line += _("made by {who}").format(who=entry.invited_by) if is_over else _("{time} left").format(time=left)
        mark = chip("", _("Expired"), "event_busy") if is_over else ""
        with row("mail", entry.name, line, chip=mark, faded=is_over, below=True):
            button(_("New link"), lambda: self._renew(entry), kind="plain")
            button(_("Revoke"), lambda: self._revoke(entry), kind="plain")

    async def invite(self) -> None:
        """Asks whom and shows the link."""
        with ui.dialog() as dialog, Element("div").classes("dialog") as body:
            _Form(self._seat.viewer.role, body, dialog)
        await answer_of(dialog)
        await self.start()

    async def _renew(self, entry: InvitationRow) -> None:
        effect = _("The link that {name} may have stops working.").format(name=entry.name)
        if entry.state is LinkState.OPEN and not await confirm(
            _("Make a new link?"), effect, _("New link"), danger=False
        ):
            return
        seat = await permitted(Intent.INVITE_PERSON)
        if seat is None:
            return
        now = datetime.now(UTC)
        answer = await renew_invitation(seat.viewer, entry.id, now)
        if isinstance(answer, Refusal):
            toast("warn", refusal_text(answer))
        else:
            with ui.dialog() as dialog, Element("div").classes("dialog") as body:
                show_link(body, dialog, entry.name, answer, now)
            await answer_of(dialog)
        await self.start()

    async def _revoke(self, entry: InvitationRow) -> None:
        question = _("Revoke the invitation of {name}?").format(name=entry.name)
        effect = _("The link stops working. You can invite {name} again.").format(name=entry.name)
        if not await confirm(question, effect, _("Revoke")):
            return
        seat = await permitted(Intent.INVITE_PERSON)
        if seat is None:
            return
        answer = await revoke_invitation(seat.viewer, entry.id, datetime.now(UTC))
        if isinstance(answer, Refusal):
            toast("warn", refusal_text(answer))
        else:
            toast("ok", _("The invitation of {name} is revoked.").format(name=entry.name))
        await self.start()


class _Form:
    """Whom to invite; becomes the link. It may hold any role that `by` may give."""

    def __init__(self, by: Role, body: Element, dialog: ui.dialog) -> None:
        self._body, self._dialog = body, dialog
        roles = [role for role in Role if role in MAY_GIVE[by]]
        self._role = Role.STAFF if Role.STAFF in roles else roles[0]
        with body:
            title = Text("h2", _("Invite somebody"))
            Text("p", _("You get a link that works once. Hand it over as you like."))
            with Element("div").classes("stack wide fields"):
                self._name = text_field(_("Name"), check=_name_fault)
                self._name.input.props.update({"maxlength": NAME_CHARS_MAX, "autofocus": True})
                self._contact = text_field(_("Phone or mail"), help=_contact_help())
                self._contact.input.props["maxlength"] = CONTACT_CHARS_MAX
                with Element("div").classes("field"):
                    Text("label", _("Role"))
                    Segmented(
                        _("Role"), {role.value: role_word(role) for role in roles}, self._role.value, self._choose
                    )
                    self._meaning = Text("p", role_help(self._role))
            with Element("footer"):
                button(_("Cancel"), dialog.close)
                button(_("Make the link"), self._save, kind="primary")
        dialog.props["aria-labelledby"] = title.html_id
        for field in (self._name, self._contact):
            field.input.on("keydown.enter", self._save)

    def _choose(self, role: str) -> None:
        self._role = Role(role)
        self._meaning.set_text(role_help(self._role))

    async def _save(self) -> None:
        if not self._name.is_right():
            return
        seat = await permitted(Intent.INVITE_PERSON)
        if seat is None:
            return
        name, now = str(self._name.value).strip(), datetime.now(UTC)
        answer = await invite(seat.viewer, self._role, name, str(self._contact.value or "").strip(), now)
        if isinstance(answer, Refusal):
            self._name.say(refusal_text(answer))
        else:
            show_link(self._body, self._dialog, name, answer, now)


def show_link(body: Element, dialog: ui.dialog, name: str, made: Invited, now: datetime) -> None:
    """The link, this once: to copy, to share, or to be scanned from the screen."""
    href = absolute(f"{invitation.PATH}/{made.token}")
    lasts = duration((made.expires_at - now).total_seconds() + 1)
    dialog.props["persistent"] = True  # a slip of the finger must not lose it
    body.clear()
    with body:
        Text("h2", _("The link for {name}").format(name=name))
        Text("p", _("Send it, or let {name} scan it. It works once, for {time}.").format(name=name, time=lasts))
        with Element("div").classes("stack wide fields"):
            raw(qr_svg(href, _("QR code of the link")))
            CopyLink(href, _("Link"))
            if made.mailed_to:
                Text("p", mailed_text(made.mailed_to)).classes("quiet")
        with Element("footer"):
            button(_("Done"), dialog.close, kind="primary")


def mailed_text(address: str) -> str:
    """That a link goes out by mail as well."""
    return _("It is mailed to {address} too; the page Messages says what became of it.").format(address=address)


def _contact_help() -> str:
    if Way.MAIL in ways.offered():
        return _("A mail address gets the link too.")
    return _("For your list; nothing is sent.")


def _name_fault(value: str) -> str | None:
    return None if (value or "").strip() else _("Enter the name of whom you invite.")
