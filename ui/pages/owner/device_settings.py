"""A device's name, place and switch, registering a new one and removing an old one."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from nicegui import ui
from nicegui.element import Element

from actions import devices
from actions.devices import NAME_CHARS_MAX, Kind
from actions.people import Seat
from actions.pumps.steps import AnyRefusal
from domain.access import Intent, Viewer
from domain.claims import Link
from domain.refusals import Refusal
from storage import queries
from storage.queries import DeviceRow
from storage.session import transaction
from ui.components.dialog import answer_of, confirm
from ui.components.field import Field, select_field, text_field
from ui.components.markup import Text
from ui.components.pieces import Card, button
from ui.components.rows import row
from ui.components.toast import toast
from ui.pages.account.asking import permitted
from ui.pages.owner.device_claim import offer_claim
from ui.pages.owner.device_words import kind_word, refusal_text
from ui.texts import _, number

NOWHERE = ""
Changed = Callable[[], Awaitable[None]]
Act = Callable[[Viewer], Awaitable[AnyRefusal | None]]


def settings_card(device: DeviceRow, changed: Changed, removed: Callable[[], Any]) -> None:
    """`changed` is called after each change, `removed` when the device is gone."""
    with Card(_("Name and place")), Element("div"):
        with row("badge", _("Name"), device.name):
            button(_("Rename"), lambda: _rename(device, changed), kind="plain")
        if device.kind != Kind.PUMP:
            with row("garage", _("Pit"), device.pit_name or _("In no pit")):
                button(_("Move"), lambda: _move(device, changed), kind="plain")
        else:
            with row("lan", _("Connection"), _link_word(device.link)):
                button(_("Change connection"), lambda: _change_link(device, changed), kind="plain")
        says = _("What it says counts.") if device.enabled else _("What it says is refused and counted.")
        with row("power_settings_new", _("Switched on") if device.enabled else _("Switched off"), says):
            word = _("Switch off") if device.enabled else _("Switch on")
            button(word, lambda: _switch(device, not device.enabled, changed), kind="plain")
        with row("delete", _("Remove"), _("Off every list. What it measured stays.")):
            button(_("Remove"), lambda: _remove(device, removed), kind="plain")


async def register(seat: Seat) -> str | None:
    """Asks for a new device and registers it; returns its id, or None if nobody did."""
    pits = await _pits(seat)
    with ui.dialog() as dialog, Element("div").classes("dialog"):
        title = Text("h2", _("Register a device"))
        Text("p", _("Afterwards you get a code with which it claims itself."))
        with Element("div").classes("stack wide fields"):
            name = _name_field("", _("By which people know it, for example the number on its label."))
            kinds = [kind for kind, has in ((Kind.PIT, seat.has_workshop), (Kind.PUMP, seat.has_pump)) if has]
            kind = select_field(_("Kind"), {k.value: kind_word(k) for k in kinds}, kinds[0].value)
            kind.visible = len(kinds) > 1
            pit = select_field(_("Pit"), pits, next((key for key in pits if key), NOWHERE))
            pit.visible = kinds[0] is Kind.PIT
            link = _link_field()
            link.visible = kinds[0] is Kind.PUMP

        def follow(chosen: str) -> None:
            pit.visible, link.visible = chosen == Kind.PIT, chosen == Kind.PUMP

        kind.input.on_value_change(lambda event: follow(event.value))
        with Element("footer"):
            button(_("Cancel"), dialog.close)
            button(_("Register"), lambda: _register(dialog, name, kind, pit, link), kind="primary")
    dialog.props["aria-labelledby"] = title.html_id
    made = await answer_of(dialog)
    return str(made) if made else None


async def _register(dialog: ui.dialog, name: Field, kind: Field, pit: Field, link: Field) -> None:
    if not name.is_right():
        return
    seat = await permitted(Intent.MANAGE_DEVICES)
    if seat is None:
        return
    chosen = Kind(kind.value)
    place = UUID(pit.value) if pit.value and chosen is Kind.PIT else None
    way = Link(link.value) if chosen is Kind.PUMP else Link.MQTT
    answer = await devices.register(name.value, chosen, place, seat.viewer, datetime.now(UTC), way)
    if isinstance(answer, Refusal):
        (pit if answer is Refusal.NOT_FOUND else name).say(refusal_text(answer))
    else:
        dialog.submit(answer)


async def _rename(device: DeviceRow, changed: Changed) -> None:
    with ui.dialog() as dialog, Element("div").classes("dialog"):
        title = Text("h2", _("Rename {name}").format(name=device.name))
        with Element("div").classes("stack wide fields"):
            name = _name_field(device.name)

        async def save() -> None:
            if name.is_right() and await _asked(lambda by: devices.rename(device.id, name.value, by), name):
                dialog.submit(True)

        name.input.on("keydown.enter", save)
        _footer(dialog, _("Rename"), save)
    dialog.props["aria-labelledby"] = title.html_id
    if await answer_of(dialog):
        await changed()


async def _move(device: DeviceRow, changed: Changed) -> None:
    seat = await permitted(Intent.MANAGE_DEVICES)
    if seat is None:
        return
    pits = await _pits(seat)
    with ui.dialog() as dialog, Element("div").classes("dialog"):
        title = Text("h2", _("Move {name}").format(name=device.name))
        Text("p", _("What it measured so far stays with the pit where it was."))
        with Element("div").classes("stack wide fields"):
            here = str(device.pit_id) if device.pit_id else NOWHERE
            pit = select_field(_("Pit"), pits, here if here in pits else NOWHERE)

        async def save() -> None:
            place = UUID(pit.value) if pit.value else None
            if await _asked(lambda by: devices.move(device.id, place, by), pit):
                dialog.submit(True)

        _footer(dialog, _("Move"), save)
    dialog.props["aria-labelledby"] = title.html_id
    if await answer_of(dialog):
        await changed()


async def _change_link(device: DeviceRow, changed: Changed) -> None:
    """To the other of the two ways; then it needs a code."""
    other = Link.MQTT if device.link == Link.HTTP else Link.HTTP
    question = _("Connect {name} by {link}?").format(name=device.name, link=_link_word(other))
    effect = _(
        "It is cut off, and its motor OFF, until it claims itself with a new code: hold its button for 5 seconds."
    )
    if not await confirm(question, effect, _("Change connection")):
        return
    if await _asked(lambda by: devices.change_link(device.id, other, by, datetime.now(UTC))):
        await offer_claim(device.id)
        await changed()


async def _switch(device: DeviceRow, on: bool, changed: Changed) -> None:
    """Done at once; the toast takes it back."""
    if not await _asked(lambda by: devices.enable(device.id, on, by, datetime.now(UTC))):
        return
    text = _("{name} is switched on.") if on else _("{name} is switched off.")
    toast("ok", text.format(name=device.name), _("Undo"), lambda: _switch(device, not on, changed))
    await changed()


async def _remove(device: DeviceRow, removed: Callable[[], Any]) -> None:
    effect = _("It is revoked and leaves every list. What it measured stays. Its id is never given again.")
    if not await confirm(_("Remove {name}?").format(name=device.name), effect, _("Remove")):
        return
    if await _asked(lambda by: devices.remove(device.id, by, datetime.now(UTC))):
        removed()


async def _asked(act: Act, field: Field | None = None) -> bool:
    """Does it in the name of the page's person, if still allowed; else says why not, at the field if there is one."""
    seat = await permitted(Intent.MANAGE_DEVICES)
    if seat is None:
        return False
    refusal = await act(seat.viewer)
    if refusal is None:
        return True
    if field is None:
        toast("warn", refusal_text(refusal))
    else:
        field.say(refusal_text(refusal))
    return False


async def _pits(seat: Seat) -> dict[str, str]:
    async with transaction(seat.viewer.tenant_id) as tx:
        return {str(pit.id): pit.name for pit in await queries.pits(tx)} | {NOWHERE: _("In no pit")}


def _link_field() -> Field:
    ways = {Link.MQTT.value: _("MQTT, as usual"), Link.HTTP.value: _link_word(Link.HTTP)}
    says = _("HTTPS only is for a network that lets nothing else out.")
    return select_field(_("Connection"), ways, Link.MQTT.value, help=says)


def _link_word(link: str) -> str:
    return _("HTTPS only") if link == Link.HTTP else "MQTT"


def _name_field(value: str, help: str = "") -> Field:
    field = text_field(_("Name"), value, help=help, check=_name_fault)
    field.input.props.update({"maxlength": NAME_CHARS_MAX, "autofocus": True})
    return field


def _name_fault(value: str) -> str | None:
    text = (value or "").strip()
    if not text:
        return _("Enter a name.")
    return None if len(text) <= NAME_CHARS_MAX else _("Enter at most {n} characters.").format(n=number(NAME_CHARS_MAX))


def _footer(dialog: ui.dialog, verb: str, save: Callable[[], Awaitable[None]]) -> None:
    with Element("footer"):
        button(_("Cancel"), dialog.close)
        button(verb, save, kind="primary")
