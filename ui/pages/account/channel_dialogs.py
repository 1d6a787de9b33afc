"""Adding a way to be reached: its address, then the code that was sent there."""

from datetime import UTC, datetime
from uuid import UUID

from nicegui import ui
from nicegui.element import Element

from actions.outbox import ways
from actions.outbox.channels import CODE_DIGITS, ChannelRow, add_channel, channels_of, send_code, verify_channel
from actions.people.profile import profile
from domain.access import Intent
from domain.outbox import MessageStatus
from domain.refusals import Refusal, TryLater
from domain.ways import ADDRESS_CHARS_MAX, Way, understand
from ui.components.dialog import answer_of
from ui.components.field import Check, Field, select_field, text_field
from ui.components.markup import Text
from ui.components.pieces import button
from ui.components.toast import toast
from ui.pages.account.asking import address, permitted, said
from ui.pages.account.channel_words import address_help, address_label, last_line, way_word
from ui.pages.account.words import refusal_text
from ui.texts import _

LOOK_EVERY_S = 1.0


async def add_way() -> None:
    """Asks for kind and address, then for the code."""
    seat = await permitted(Intent.CHANGE_OWN_ACCOUNT)
    if seat is None:
        return
    has_password = (await profile(seat)).has_password
    with ui.dialog() as dialog, Element("div").classes("dialog") as body:
        _Adding(dialog, body, asks_password=has_password)
    await answer_of(dialog)


async def enter_code(channel: ChannelRow) -> None:
    """Asks for the code of a channel that waits for it."""
    with ui.dialog() as dialog, Element("div").classes("dialog") as body:
        _Proving(dialog, body, channel.id, channel.shown)
    await answer_of(dialog)


class _Adding:
    """Becomes the question for the code."""

    def __init__(self, dialog: ui.dialog, body: Element, *, asks_password: bool) -> None:
        self._dialog, self._body, self._asks_password = dialog, body, asks_password
        offered = ways.offered()
        with body:
            title = Text("h2", _("Add a way to reach you"))
            Text("p", _("A code goes there. You enter it here, and alerts go there too from then on."))
            with Element("div").classes("stack wide fields"):
                kind = select_field(_("Kind"), {way: way_word(way) for way in offered}, offered[0])
                self._place = Element("div")
            with Element("footer"):
                button(_("Cancel"), dialog.close)
                button(_("Send the code"), self._save, kind="primary")
        dialog.props["aria-labelledby"] = title.html_id
        self._ask(offered[0])
        kind.input.on_value_change(lambda event: self._ask(event.value))

    def _ask(self, way: Way) -> None:
        self._way = way
        self._password: Field | None = None
        self._place.clear()
        with self._place, Element("div").classes("stack wide"):
            self._address: Field = text_field(
                address_label(way), help=address_help(way), check=_address_check(way), code=True
            )
            if way is Way.MAIL and self._asks_password:
                self._password = text_field(
                    _("Password"), kind="password", autocomplete="current-password",
                    help=_("A link for a new password may go there, so show that it is you."),
                )  # fmt: skip
                self._password.input.on("keydown.enter", self._save)
        self._address.input.props["maxlength"] = ADDRESS_CHARS_MAX
        self._address.input.on("keydown.enter", self._save)

    async def _save(self) -> None:
        if not self._address.is_right():
            return
        seat = await permitted(Intent.CHANGE_OWN_ACCOUNT)
        if seat is None:
            return
        typed, password = str(self._address.value), str(self._password.value or "") if self._password else ""
        answer = await add_channel(seat, self._way, typed, datetime.now(UTC), password=password, asked_by=address())
        if isinstance(answer, UUID):
            [channel] = [row for row in await channels_of(seat) if row.id == answer]
            self._body.clear()
            _Proving(self._dialog, self._body, channel.id, channel.shown)
        elif answer is Refusal.WRONG_CREDENTIALS and self._password:
            self._password.say(_("This is not your password. Try again."))
        else:
            self._address.say(_address_fault(answer))


class _Proving:
    """Says what becomes of the message with the code while it asks for it."""

    def __init__(self, dialog: ui.dialog, body: Element, channel_id: UUID, shown: str) -> None:
        self._dialog, self._channel_id = dialog, channel_id
        with body:
            title = Text("h2", _("Enter the code"))
            Text("p", _("It was sent to {address} and works for 30 minutes.").format(address=shown))
            with Element("div").classes("stack wide fields"):
                self._code = text_field(_("Code"), check=_code_check, autocomplete="one-time-code", code=True)
                self._code.input.props.update({"inputmode": "numeric", "maxlength": 2 * CODE_DIGITS})
                self._code.input.on("keydown.enter", self._verify)
                self._fate = Text("p", "").classes("quiet")
                self._fate.props["role"] = "status"
            with Element("footer"):
                button(_("Send another"), self._again, kind="plain")
                button(_("Close"), dialog.close)
                button(_("Verify"), self._verify, kind="primary")
            ui.timer(LOOK_EVERY_S, self._look)
        dialog.props["aria-labelledby"] = title.html_id

    async def _look(self) -> None:
        seat = await permitted(Intent.CHANGE_OWN_ACCOUNT)
        found = [row for row in await channels_of(seat) if row.id == self._channel_id] if seat else []
        for channel in found:
            error, zone = channel.last_error, seat.zone if seat else "UTC"
            self._fate.set_text(last_line(channel.last_status, channel.last_at, error, zone, datetime.now(UTC)))

    async def _verify(self) -> None:
        if not self._code.is_right():
            return
        seat = await permitted(Intent.CHANGE_OWN_ACCOUNT)
        if seat is None:
            return
        answer = await verify_channel(seat, self._channel_id, str(self._code.value), datetime.now(UTC))
        if isinstance(answer, Refusal) and answer is not Refusal.ALREADY_SO:
            self._code.say(_code_fault(answer))
            return
        self._dialog.close()
        toast("ok", _("Verified. Messages go there from now on."))

    async def _again(self) -> None:
        seat = await permitted(Intent.CHANGE_OWN_ACCOUNT)
        if seat is None:
            return
        answer = await send_code(seat, self._channel_id, datetime.now(UTC))
        self._code.say(said(answer) if answer is not None else None)


def is_troubled(channel: ChannelRow) -> bool:
    """Whether the last message did not arrive."""
    return channel.last_status in (MessageStatus.FAILED, MessageStatus.GIVEN_UP) and bool(channel.last_error)


def _address_check(way: Way) -> Check:
    def check(value: str) -> str | None:
        return None if understand(way, value or "") else _address_fault(Refusal.ADDRESS_UNUSABLE)

    return check


def _address_fault(answer: Refusal | TryLater) -> str:
    if answer is Refusal.ALREADY_SO:
        return _("You have this one already.")
    return said(answer)


def _code_check(value: str) -> str | None:
    digits = sum(character.isdecimal() for character in value or "")
    return None if digits == CODE_DIGITS else _("Enter the 6 digits of the message.")


def _code_fault(answer: Refusal) -> str:
    texts = {
        Refusal.WRONG_CODE: _("That is not the code. Look at the newest message."),
        Refusal.LINK_EXPIRED: _("That code is too old, or was wrong too often. Send another."),
    }
    return texts.get(answer) or refusal_text(answer)
