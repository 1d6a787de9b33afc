"""One of the tenant's people: role, access, and the way back in for whoever lost password or phone."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

from nicegui import ui
from nicegui.element import Element
from starlette.requests import Request
from starlette.responses import Response

from actions.people import Seat
from actions.people.members import change_role, clear_second_factor, reactivate_person, suspend_person
from actions.people.members import person as person_of
from actions.people.resets import ResetLink, make_reset_link
from domain.access import MAY_GIVE, Intent, Role, Viewer
from domain.refusals import Refusal
from storage.people import PersonRow
from ui.components.copy_link import CopyLink
from ui.components.dialog import answer_of, confirm
from ui.components.markup import Text, raw
from ui.components.pieces import Card, button, key_values, tone_chip
from ui.components.qr import qr_svg
from ui.components.rows import row
from ui.components.segmented import Segmented
from ui.components.toast import toast
from ui.links import absolute
from ui.page import page
from ui.pages import shell
from ui.pages.account import reset
from ui.pages.account.asking import permitted
from ui.pages.account.words import refusal_text, role_help, role_word
from ui.pages.owner.inviting import mailed_text
from ui.role_words import role_phrase
from ui.texts import LANGUAGES, Language, _, day, duration, moment

Change = Callable[[Viewer, UUID, datetime], Awaitable[Refusal | None]]


def install() -> None:
    @page(shell.PEOPLE + "/{person_id}")
    async def show(request: Request, person_id: str) -> Response | None:
        seat = await shell.admit(request, Intent.SEE_PEOPLE)
        if not isinstance(seat, Seat):
            return seat
        wanted = shell.parse_id(person_id)
        found = await person_of(seat.viewer, wanted, datetime.now(UTC)) if wanted else Refusal.NOT_FOUND
        if isinstance(found, Refusal):
            await shell.no_such(seat, _("There is no such person here"), _("The link is wrong or old."), shell.PEOPLE)
            return None
        async with shell.framed(seat, current=shell.PEOPLE, title=found.name, back=shell.PEOPLE) as frame:
            _Person(seat, found, frame.beside_title).show()
        return None


class _Person:
    """Shown anew after each change."""

    def __init__(self, seat: Seat, found: PersonRow, beside_title: Element) -> None:
        self._seat, self._row, self._beside = seat, found, beside_title
        self._place = Element("div").classes("columns")

    @property
    def _is_out(self) -> bool:
        return bool(self._row.suspended_at or self._row.account_suspended_at)

    def show(self) -> None:
        self._beside.clear()
        self._place.clear()
        with self._beside:
            if self._is_out:
                tone_chip("", _("Suspended"), "block")
        with self._place:
            with Element("div").classes("two stack wide"):
                if self._row.id == self._seat.viewer.person_id:
                    with Card(_("This is you"), pad=True):
                        Text("p", _("Nobody changes their own role or access. Ask another owner.")).classes("quiet")
                else:
                    self._role_card()
                    self._access_card()
            with Card(_("Facts")), Element("div").classes("inside"):
                key_values(self._facts())

    def _role_card(self) -> None:
        roles = [role for role in Role if role in MAY_GIVE[self._seat.viewer.role]]
        if len(roles) < 2 or not self._seat.viewer.may(Intent.CHANGE_ROLE):
            return
        with Card(_("Role"), pad=True), Element("div").classes("stack"):
            words = {role.value: role_word(role) for role in roles}
            with Element("div"):
                self._roles = Segmented(_("Role"), words, self._row.role.value, self._choose_role)
            Text("p", role_help(self._row.role)).classes("quiet")

    def _access_card(self) -> None:
        with Card(_("Access")):
            if self._row.account_suspended_at:
                row("block", _("Suspended everywhere"), _("By who runs this PitPilot. Only they can end it."))
            elif self._row.suspended_at:
                since = moment(self._row.suspended_at, self._seat.zone, datetime.now(UTC))
                with row("block", _("Suspended"), _("Since {time}. Can't sign in here.").format(time=since)):
                    button(_("Let in again"), self._reactivate)
            else:
                with row("how_to_reg", _("May sign in"), _("Suspend somebody who left or lost a device.")):
                    button(_("Suspend"), self._suspend)
            asked = self._row.reset_asked_at
            line = _("A link that works once, to hand over. It signs them out everywhere.")
            if asked:
                since = moment(asked, self._seat.zone, datetime.now(UTC))
                line = _("Asked for a new one at {time}.").format(time=since) + " " + line
            with row("lock_reset", _("New password"), line):
                button(_("Make a link"), self._make_link, kind="primary" if asked else "secondary")
            if self._row.second_factor_since or self._row.passkeys:
                line = _("Turn both off if phone and recovery codes are lost.")
                with row("phonelink_erase", _("Second step and passkeys"), line):
                    button(_("Turn off"), self._clear_second_factor)

    def _facts(self) -> list[tuple[str, str]]:
        found, zone, now = self._row, self._seat.zone, datetime.now(UTC)
        since = found.second_factor_since
        return [
            (_("Sign-in name"), found.login),
            (_("Phone or mail"), found.contact or "–"),
            (_("Role"), role_word(found.role)),
            (_("Language"), LANGUAGES[cast(Language, found.language)]),
            (_("Here since"), day(found.joined_at, zone, year=True)),
            (_("Last here"), moment(found.seen_at, zone, now) if found.seen_at else _("never")),
            (_("Second step"), _("On since {day}").format(day=day(since, zone, year=True)) if since else _("Off")),
            (_("Passkeys"), str(found.passkeys)),
        ]

    async def _choose_role(self, chosen: str) -> None:
        before, wanted = self._row.role, Role(chosen)
        if Role.OWNER in (before, wanted):
            question = _("Make {name} {role}?").format(name=self._row.name, role=role_phrase(wanted))
            effect = {
                Role.OWNER: _("Owners change everything here, people and other owners too."),
            }.get(wanted, _("{name} can't manage people, devices and limits any more.").format(name=self._row.name))
            if not await confirm(question, effect, _("Change role"), danger=before is Role.OWNER):
                self._roles.choose(before.value)
                return
        await self._set_role(wanted, lambda: self._set_role(before))

    async def _set_role(self, role: Role, undo: Callable[[], Any] | None = None) -> None:
        said = _("{name} is {role} now.").format(name=self._row.name, role=role_phrase(role))
        await self._change(Intent.CHANGE_ROLE, lambda by, who, now: change_role(by, who, role, now), said, undo)

    async def _suspend(self) -> None:
        question = _("Suspend {name}?").format(name=self._row.name)
        effect = _(
            "{name} is signed out within a second on every device, keys stop working, and there is no way in until you"
            " let {name} in again."
        )
        if self._seat.has_pump:
            effect += " " + _("A pump run of theirs ends.")
        if await confirm(question, effect.format(name=self._row.name), _("Suspend")):
            said = _("{name} is suspended.").format(name=self._row.name)
            await self._change(Intent.SUSPEND_PERSON, suspend_person, said, self._reactivate)

    async def _reactivate(self) -> None:
        said = _("{name} may sign in again.").format(name=self._row.name)
        await self._change(Intent.SUSPEND_PERSON, reactivate_person, said)

    async def _clear_second_factor(self) -> None:
        question = _("Turn off the second step and the passkeys of {name}?").format(name=self._row.name)
        effect = _("Then the password alone opens the account. Make sure that it is {name} who asks.")
        if await confirm(question, effect.format(name=self._row.name), _("Turn off")):
            said = _("Second step and passkeys of {name} are off.").format(name=self._row.name)
            await self._change(Intent.CLEAR_SECOND_FACTOR, clear_second_factor, said)

    async def _make_link(self) -> None:
        seat = await permitted(Intent.RESET_PASSWORD)
        if seat is None:
            return
        now = datetime.now(UTC)
        answer = await make_reset_link(seat.viewer, self._row.id, now)
        if isinstance(answer, Refusal):
            toast("warn", refusal_text(answer))
            return
        await _show_link(self._row.name, answer, now)
        await self._read_again(seat)

    async def _change(self, intent: Intent, change: Change, said: str, undo: Callable[[], Any] | None = None) -> None:
        """Makes the change, shows what is now, and says `said`, or why it was refused."""
        seat = await permitted(intent)
        if seat is None:
            return
        answer = await change(seat.viewer, self._row.id, datetime.now(UTC))
        with self._place:  # the pressed button is gone after showing anew
            await self._read_again(seat)
            if isinstance(answer, Refusal):
                toast("warn", refusal_text(answer))
            else:
                toast("ok", said, _("Undo") if undo else None, undo)

    async def _read_again(self, seat: Seat) -> None:
        found = await person_of(seat.viewer, self._row.id, datetime.now(UTC))
        if isinstance(found, Refusal):
            ui.navigate.to(shell.PEOPLE)
            return
        self._row = found
        self.show()


async def _show_link(name: str, made: ResetLink, now: datetime) -> None:
    """The link, this once."""
    href = absolute(f"{reset.PATH}/{made.token}")
    lasts = duration((made.expires_at - now).total_seconds() + 1)
    with ui.dialog() as dialog, Element("div").classes("dialog"):
        Text("h2", _("New password for {name}").format(name=name))
        Text("p", _("Hand this link only to {name}. It works once, for {time}.").format(name=name, time=lasts))
        with Element("div").classes("stack wide fields"):
            raw(qr_svg(href, _("QR code of the link")))
            CopyLink(href, _("Link"))
            if made.mailed_to:
                Text("p", mailed_text(made.mailed_to)).classes("quiet")
        with Element("footer"):
            button(_("Done"), dialog.close, kind="primary")
    dialog.props["persistent"] = True  # a slip of the finger must not lose it
    await answer_of(dialog)
