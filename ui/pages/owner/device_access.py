"""Whether a device is who it says, and what the owner does about it: let it in, give it a new password, cut it off."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from nicegui import ui
from nicegui.element import Element

from actions.device_credentials import KEY, PASSWORD, Credential, revoke, rotate
from actions.people import Seat
from domain.access import Intent
from domain.claims import Identity
from domain.refusals import Refusal
from storage.queries import DeviceRow
from ui.components.copy_link import CopySecret
from ui.components.dialog import answer_of, confirm
from ui.components.markup import Text
from ui.components.pieces import Card, button
from ui.components.rows import row
from ui.components.toast import toast
from ui.pages.account.asking import permitted
from ui.pages.owner.device_claim import offer_claim
from ui.pages.owner.device_words import entrance_text, identity_title, refusal_text
from ui.texts import _, moment

ICONS = {Identity.WAITING: "hourglass_top", Identity.CLAIMED: "verified_user", Identity.REVOKED: "block"}
Changed = Callable[[], Awaitable[None]]


def access_card(seat: Seat, device: DeviceRow, changed: Changed) -> None:
    """The state for everybody; what changes it for those who may. `changed` is called after each change."""
    now, may = datetime.now(UTC), seat.viewer.may(Intent.MANAGE_DEVICES)
    is_in = device.identity is Identity.CLAIMED
    with Card(_("Access")), Element("div"):
        line = entrance_text(device, seat.zone)
        if device.code_until is not None:
            line += " " + _("A claim code works until {time}.").format(time=moment(device.code_until, seat.zone, now))
        with row(ICONS[device.identity], identity_title(device, seat.zone, now), line):
            if may:
                button(_("Claim code"), lambda: _claim(device, changed), kind="plain" if is_in else "primary")
        if may and is_in and device.credential in (PASSWORD, KEY):
            with row("key", *_what_is_rotated(device)):
                button(_("Rotate"), lambda: _rotate(device, changed), kind="plain")
        if may and is_in:
            with row("block", _("Cut off"), _("Ends all that it comes in with, within seconds.")):
                button(_("Revoke"), lambda: _revoke(device, changed), kind="plain")


def _what_is_rotated(device: DeviceRow) -> tuple[str, str]:
    if device.credential == KEY:
        return _("Key"), _("For a device that can't claim itself: a new one to type in. The old one ends.")
    return _("Password and key"), _("For a device that can't claim itself: new ones to type in. The old ones end.")


async def _claim(device: DeviceRow, changed: Changed) -> None:
    if device.identity is Identity.CLAIMED:
        effect = _("It goes on working with what it has. When a device uses the code, that one takes its place.")
        question = _("Make a claim code for {name}?").format(name=device.name)
        if not await confirm(question, effect, _("Make the code"), danger=False):
            return
    await offer_claim(device.id)
    await changed()


async def _rotate(device: DeviceRow, changed: Changed) -> None:
    if device.credential == KEY:
        question = _("Rotate the key of {name}?")
        effect = _("It is cut off, and its motor OFF, until somebody types the new one into it.")
    else:
        question = _("Rotate password and key of {name}?")
        effect = _("It is cut off until somebody types the new ones into it.")
    if not await confirm(question.format(name=device.name), effect, _("Rotate")):
        return
    seat = await permitted(Intent.MANAGE_DEVICES)
    if seat is None:
        return
    answer = await rotate(device.id, seat.viewer, datetime.now(UTC))
    if isinstance(answer, Refusal):
        toast("warn", refusal_text(answer))
    else:
        await _show_once(device, answer)
    await changed()


async def _show_once(device: DeviceRow, given: Credential) -> None:
    with ui.dialog() as dialog, Element("div").classes("dialog"):
        title = Text("h2", _("Keep these now"))
        Text("p", _("They are shown this once. Type them into {name}.").format(name=device.name))
        with Element("div").classes("stack wide fields"):
            for word, secret in _secrets(device, given):
                with Element("div").classes("field"):
                    Text("label", word)
                    CopySecret(secret, word)
        with Element("footer"):
            button(_("I have kept them"), dialog.close, kind="primary")
    dialog.props.update({"persistent": True, "aria-labelledby": title.html_id})  # a slip must not lose them
    await answer_of(dialog)


def _secrets(device: DeviceRow, given: Credential) -> list[tuple[str, str]]:
    key = (_("Key for HTTP"), given.key or "")
    if given.password is None:
        return [(_("Device"), device.id), key]
    return [(_("User name at the broker"), device.id), (_("Password at the broker"), given.password), key]


async def _revoke(device: DeviceRow, changed: Changed) -> None:
    effect = _("Its password, certificate, key and claim code end within seconds. A new claim code lets it in again.")
    if not await confirm(_("Revoke {name}?").format(name=device.name), effect, _("Revoke")):
        return
    seat = await permitted(Intent.MANAGE_DEVICES)
    if seat is None:
        return
    answer = await revoke(device.id, seat.viewer, datetime.now(UTC))
    if isinstance(answer, Refusal):
        toast("warn", refusal_text(answer))
    else:
        toast("ok", _("{name} is cut off.").format(name=device.name))
    await changed()
