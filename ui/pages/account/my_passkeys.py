"""A person's passkeys: made in the browser that shows the page, listed, removed."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from nicegui import ui
from nicegui.element import Element

from actions.people import Seat
from actions.people.passkey_answers import Asked
from actions.people.passkeys import NAME_CHARS_MAX, PasskeyRow, add_passkey, begin_passkey, passkeys_of, remove_passkey
from actions.people.profile import Profile
from domain.access import Intent
from domain.refusals import Refusal
from domain.relying_party import RelyingParty
from ui import passkeys
from ui.components.dialog import answer_of, confirm
from ui.components.field import Field, text_field
from ui.components.markup import Text, chip
from ui.components.pieces import button
from ui.components.rows import row
from ui.components.toast import toast
from ui.pages.account.asking import address, permitted, said
from ui.pages.account.words import refusal_text
from ui.texts import _, day


class PasskeyRows:
    """Rows of the card about signing in, made by `start`; `on_changed` shows the card anew."""

    def __init__(self, seat: Seat, profile: Profile, on_changed: Callable[[], Awaitable[None]]) -> None:
        self._seat, self._profile, self._on_changed = seat, profile, on_changed
        self._here = passkeys.here(ui.context.client.request)

    async def start(self) -> None:
        own = await passkeys_of(self._seat)
        for passkey in own:
            self._row(passkey)
        here = self._here
        if not isinstance(here, RelyingParty):
            row("fingerprint", _("Passkeys"), refusal_text(here))
            return
        line = _("Sign in with your finger, your face or this device's PIN, without a password.")
        with row("fingerprint", _("Another passkey") if own else _("Passkeys"), line):
            button(_("Add a passkey"), lambda: self._add(here), kind="plain")

    def _row(self, passkey: PasskeyRow) -> None:
        zone = self._seat.zone
        used = _("last used {day}").format(day=day(passkey.used_at, zone)) if passkey.used_at else _("not used yet")
        line = _("Passkey since {day}, {used}").format(day=day(passkey.created_at, zone, year=True), used=used)
        is_here = isinstance(self._here, RelyingParty) and self._here.id == passkey.rp_id
        elsewhere = "" if is_here else chip("", _("Only at {host}").format(host=passkey.rp_id), "link_off")
        with row("fingerprint", passkey.name, line, chip=elsewhere):
            remove = button(_("Remove"), lambda: self._remove(passkey), kind="plain")
            remove.props["aria-label"] = _("Remove {passkey}").format(passkey=passkey.name)

    async def _add(self, here: RelyingParty) -> None:
        with ui.dialog() as dialog, Element("div").classes("dialog"):
            title = Text("h2", _("Add a passkey"))
            Text("p", _("Your browser makes it and asks for your finger, face or PIN. We never see those."))
            with Element("div").classes("stack wide fields"):
                name = text_field(
                    _("Name"), help=_("By which you know it again, for example “Ravi's phone”."), check=_name_fault
                )
                name.input.props.update({"maxlength": NAME_CHARS_MAX, "autofocus": True})
                password = None
                if self._profile.has_password:
                    password = text_field(
                        _("Password"),
                        help=_("To show that it is you."),
                        kind="password",
                        autocomplete="current-password",
                    )
            with Element("footer"):
                button(_("Cancel"), dialog.close)
                button(_("Go on"), lambda: self._make(here, dialog, name, password), kind="primary")
        dialog.props["aria-labelledby"] = title.html_id
        await answer_of(dialog)
        await self._on_changed()

    async def _make(self, here: RelyingParty, dialog: ui.dialog, name: Field, password: Field | None) -> None:
        if not name.is_right():
            return
        seat = await permitted(Intent.CHANGE_OWN_ACCOUNT)
        if seat is None:
            return
        typed = str(password.value or "") if password else ""
        asked = await begin_passkey(seat, typed, here, address(), datetime.now(UTC))
        if not isinstance(asked, Asked):
            is_password = password is not None and asked is Refusal.WRONG_CREDENTIALS
            text = _("This is not your password. Try again.") if is_password else said(asked)
            (password if password and is_password else name).say(text)
            return
        answer, fault = await _made(asked)
        if fault:
            name.say(fault)
            return
        added = await add_passkey(seat, asked.ticket, answer, str(name.value), here, datetime.now(UTC))
        if isinstance(added, Refusal):
            name.say(refusal_text(added))
            return
        dialog.close()
        toast("ok", _("{passkey} opens your account from now on.").format(passkey=added.name))

    async def _remove(self, passkey: PasskeyRow) -> None:
        effect = _("It opens your account no more. Delete it on its device too, or the browser goes on offering it.")
        if not await confirm(_("Remove {passkey}?").format(passkey=passkey.name), effect, _("Remove")):
            return
        seat = await permitted(Intent.CHANGE_OWN_ACCOUNT)
        if seat is None:
            return
        answer = await remove_passkey(seat, passkey.id, datetime.now(UTC))
        if isinstance(answer, Refusal):
            toast("warn", refusal_text(answer))
        await self._on_changed()


async def _made(asked: Asked) -> tuple[str, str]:
    """The browser's answer, or why there is none."""
    texts = {
        "cancelled": _("Nothing was made: the browser was told to stop, or had to wait too long. Try again."),
        "known": _("This device has a passkey for you here already."),
        "impossible": _("This browser can't make a passkey here. Try another browser or device."),
    }
    try:
        answer, fault = await passkeys.make(asked.options)
    except TimeoutError:
        return "", texts["cancelled"]
    return answer, texts[fault] if fault else ""


def _name_fault(value: str) -> str | None:
    return None if (value or "").strip() else _("Enter a name by which you know it again.")
