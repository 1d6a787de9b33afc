"""Pits in their order: added, renamed, moved up and down, closed once nothing is in them."""

from datetime import UTC, datetime
from uuid import uuid4

from nicegui import ui
from nicegui.element import Element

from actions.people import Seat
from actions.workshop import pits as acts
from domain.access import Intent
from domain.refusals import Refusal
from storage import workshop
from storage.session import transaction
from storage.workshop import PitPlace
from ui.components.dialog import answer_of, confirm
from ui.components.field import text_field
from ui.components.markup import Text
from ui.components.pieces import Card, button, icon_button
from ui.components.rows import row
from ui.components.toast import toast
from ui.pages.account.asking import permitted
from ui.pages.account.words import refusal_text
from ui.texts import _, ngettext, number


class Pits:
    def __init__(self, seat: Seat) -> None:
        self._tenant_id = seat.viewer.tenant_id
        self._pits: list[PitPlace] = []

    async def start(self) -> None:
        with Card(_("Pits")) as card:
            self._list = Element("div")
        with card.header:
            button(_("Add pit"), lambda: self._name(None), kind="plain", icon="add")
        await self._show()

    async def _show(self) -> None:
        async with transaction(self._tenant_id) as tx:
            self._pits = await workshop.pits(tx, self._tenant_id)
        self._list.clear()
        with self._list:
            for n, pit in enumerate(self._pits):
                self._listed(n, pit)
            if not self._pits:
                Text("p", _("There is none yet. A job needs one before work begins.")).classes("note")

    def _listed(self, n: int, pit: PitPlace) -> None:
        with row("garage", pit.name, _holds(pit), below=True):
            up = icon_button("arrow_upward", _("Move {name} up").format(name=pit.name), lambda: self._move(n, -1))
            up.classes("plain").set_enabled(n > 0)
            down = icon_button("arrow_downward", _("Move {name} down").format(name=pit.name), lambda: self._move(n, 1))
            down.classes("plain").set_enabled(n < len(self._pits) - 1)
            button(_("Rename"), lambda: self._name(pit), kind="plain")
            button(_("Remove"), lambda: self._close(pit), kind="plain")

    async def _name(self, pit: PitPlace | None) -> None:
        with ui.dialog() as dialog, Element("div").classes("dialog stack wide"):
            Text("h2", _("Rename {name}").format(name=pit.name) if pit else _("Add a pit"))
            name = text_field(_("Name"), pit.name if pit else "", check=_name_fault)
            name.input.props.update({"maxlength": acts.NAME_CHARS, "autofocus": True})
            with Element("footer"):
                button(_("Cancel"), lambda: dialog.submit(None))
                button(_("Save"), lambda: dialog.submit(True) if name.is_right() else None, kind="primary")
        key = uuid4()
        if not await answer_of(dialog):
            return
        seat = await permitted(Intent.MANAGE_WORKSHOP)
        if seat is None:
            return
        said = str(name.value)
        if pit is None:
            await self._said(await acts.add_pit(said, seat.viewer, datetime.now(UTC), key=key))
        else:
            await self._said(await acts.rename_pit(pit.id, said, seat.viewer))

    async def _move(self, n: int, by: int) -> None:
        ids = [pit.id for pit in self._pits]
        if not 0 <= n + by < len(ids):
            return
        ids[n], ids[n + by] = ids[n + by], ids[n]
        seat = await permitted(Intent.MANAGE_WORKSHOP)
        if seat is not None:
            await self._said(await acts.order_pits(ids, seat.viewer))

    async def _close(self, pit: PitPlace) -> None:
        if not await confirm(
            _("Remove {name}?").format(name=pit.name), _("Its past stays in the jobs. It can't be brought back."),
            _("Remove pit"),
        ):  # fmt: skip
            return
        seat = await permitted(Intent.MANAGE_WORKSHOP)
        if seat is not None:
            await self._said(await acts.close_pit(pit.id, seat.viewer, datetime.now(UTC)))

    async def _said(self, answer: object) -> None:
        if answer is Refusal.NOT_POSSIBLE_NOW:
            toast("warn", _("Cars or devices are in this pit. Move them first."))
        elif isinstance(answer, Refusal) and answer is not Refusal.ALREADY_SO:
            toast("warn", refusal_text(answer))
        await self._show()


def _holds(pit: PitPlace) -> str:
    jobs = ngettext("{n} open job", "{n} open jobs", pit.open_jobs).format(n=number(pit.open_jobs))
    devices = ngettext("{n} device", "{n} devices", pit.devices).format(n=number(pit.devices))
    return f"{jobs}, {devices}"


def _name_fault(value: str) -> str | None:
    return None if (value or "").strip() else _("Enter something that can be read.")
