"""Groups in which at most one motor is ON: make, name and remove them, move motors between them when that is safe."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from uuid import UUID

from nicegui import ui
from nicegui.element import Element

from actions.people import Seat
from actions.pumps import groups
from actions.pumps.groups import NAME_CHARS_MAX
from domain.access import Intent
from storage.pump_views import GroupView, MotorView
from ui.components.dialog import answer_of
from ui.components.field import select_field, text_field
from ui.components.markup import Text
from ui.components.pieces import Card, button
from ui.components.rows import row
from ui.components.toast import toast
from ui.pages.account.asking import permitted
from ui.pages.pump_refusals import REFUSALS, refusal_text
from ui.pump_feed import state_of
from ui.texts import _, ngettext, number


class GroupsCard:
    """Drawn anew after each change of its own."""

    def __init__(self, seat: Seat) -> None:
        self._seat = seat
        with Card(_("Groups of motors")) as self._card:
            with self._card.header:
                button(_("New group"), self._create, kind="plain", icon="add")
            Text("p", _("Of a group only one motor runs at a time.")).classes("inside quiet group-rule")
            self._list = Element("div")

    async def show(self) -> None:
        self._groups = (await state_of(self._seat.viewer.tenant_id, [])).groups
        self._list.clear()
        with self._list:
            for group in self._groups:
                self._show_group(group)
            if not self._groups:
                row("water_pump", _("No motor yet"), _("The first one makes the first group."))

    def _show_group(self, group: GroupView) -> None:
        count = ngettext("{n} motor", "{n} motors", len(group.motors)).format(n=number(len(group.motors)))
        with row("account_tree", group.name, count):
            button(_("Rename"), self._renaming(group), kind="plain")
            if not group.motors and len(self._groups) > 1:
                button(_("Remove"), self._removing(group), kind="plain")
        for motor in group.motors:
            with row("water_pump", motor.name, _("in {group}").format(group=group.name)):
                if len(self._groups) > 1:
                    button(_("Move"), self._moving(motor, group), kind="plain")

    async def _create(self) -> None:
        name = await _ask_name(_("New group"), "", _("Make group"))
        seat = await permitted(Intent.MANAGE_PUMPS) if name else None
        if seat is not None and name:
            answer = await groups.create(name, seat.viewer, datetime.now(UTC))
            await self._said(None if isinstance(answer, UUID) else answer, _("Move motors into it next."))

    def _renaming(self, group: GroupView) -> Callable[[], Awaitable[None]]:
        async def rename() -> None:
            name = await _ask_name(_("Rename {group}").format(group=group.name), group.name, _("Rename"))
            seat = await permitted(Intent.MANAGE_PUMPS) if name else None
            if seat is not None and name:
                await self._said(await groups.rename(group.id, name, seat.viewer), _("Saved."))

        return rename

    def _removing(self, group: GroupView) -> Callable[[], Awaitable[None]]:
        async def remove() -> None:
            seat = await permitted(Intent.MANAGE_PUMPS)
            if seat is not None:
                answer = await groups.remove(group.id, seat.viewer, datetime.now(UTC))
                await self._said(answer, _("{group} is removed.").format(group=group.name))

        return remove

    def _moving(self, motor: MotorView, group: GroupView) -> Callable[[], Awaitable[None]]:
        async def move() -> None:
            others = {str(each.id): each.name for each in self._groups if each.id != group.id}
            target = await _ask_group(motor, others)
            seat = await permitted(Intent.MANAGE_PUMPS) if target else None
            if seat is not None and target:
                answer = await groups.move(motor.device_id, UUID(target), seat.viewer, datetime.now(UTC))
                await self._said(answer, _("{motor} is in {group} now.").format(motor=motor.name, group=others[target]))

        return move

    async def _said(self, answer: object, done: str) -> None:
        await self.show()
        with self._card:  # the row that was pressed is gone
            if isinstance(answer, REFUSALS):
                toast("warn", refusal_text(answer))
            else:
                toast("ok", done)


async def _ask_name(question: str, before: str, verb: str) -> str | None:
    with ui.dialog() as dialog, Element("div").classes("dialog stack wide"):
        Text("h2", question)
        name = text_field(_("Name"), before, check=_name_fault)
        name.input.props["maxlength"] = NAME_CHARS_MAX
        with Element("footer"):
            button(_("Cancel"), lambda: dialog.submit(None))
            button(verb, lambda: dialog.submit(name.value) if name.is_right() else None, kind="primary")
    answer = await answer_of(dialog)
    return None if answer is None else str(answer)


async def _ask_group(motor: MotorView, others: dict[str, str]) -> str | None:
    with ui.dialog() as dialog, Element("div").classes("dialog stack wide"):
        Text("h2", _("Move {motor} to another group").format(motor=motor.name))
        Text("p", _("It may run beside the motors of its old group then, and never beside those of the new one."))
        group = select_field(_("Group"), others, next(iter(others)))
        with Element("footer"):
            button(_("Cancel"), lambda: dialog.submit(None))
            button(_("Move"), lambda: dialog.submit(group.value), kind="primary")
    answer = await answer_of(dialog)
    return None if answer is None else str(answer)


def _name_fault(value: str) -> str | None:
    return None if (value or "").strip() else _("Enter a name.")
