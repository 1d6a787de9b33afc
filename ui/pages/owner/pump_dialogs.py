"""What is asked before something is done for somebody else: for whom, how long, and why. The reason is kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from nicegui import ui
from nicegui.element import Element

from actions.pumps.asking import REASON_CHARS_MAX
from ui.components.dialog import answer_of
from ui.components.field import Field, number_field, select_field, text_field
from ui.components.markup import Text
from ui.components.pieces import Kind, button
from ui.pages.member.minutes import minutes_fault
from ui.texts import _

USUAL_MIN = 20


@dataclass(frozen=True, slots=True)
class StartFor:
    """Who shall get a turn, where, how long and why."""

    member_id: UUID
    device_id: str
    seconds: int
    reason: str


async def ask_reason(question: str, effect: str, verb: str, *, danger: bool = False) -> str | None:
    """A reason in a few words, or None if nothing shall be done."""
    with ui.dialog() as dialog, Element("div").classes("dialog stack wide"):
        Text("h2", question)
        Text("p", effect)
        why = _reason_field()
        with Element("footer"):
            button(_("Cancel"), lambda: dialog.submit(None))
            kind: Kind = "danger" if danger else "primary"
            button(verb, lambda: dialog.submit(why.value) if why.is_right() else None, kind=kind)
    answer = await answer_of(dialog)
    return None if answer is None else str(answer)


async def ask_start(members: Mapping[str, str], motors: Mapping[str, str]) -> StartFor | None:
    """For whom a turn is asked. `members` and `motors` are id to name; neither is empty."""
    with ui.dialog() as dialog, Element("div").classes("dialog stack wide"):
        Text("h2", _("Start for a member"))
        who = select_field(_("Member"), members, next(iter(members)))
        who.input.props["use-input"] = True
        motor = select_field(_("Motor"), motors, next(iter(motors)))
        motor.visible = len(motors) > 1
        length = number_field(_("Minutes"), USUAL_MIN, unit=_("min"), check=minutes_fault)
        why = _reason_field()
        with Element("footer"):
            button(_("Cancel"), lambda: dialog.submit(None))

            def submit() -> None:
                if all([length.is_right(), why.is_right()]):
                    dialog.submit(True)

            button(_("Get in line"), submit, kind="primary")
    if await answer_of(dialog) is None:
        return None
    return StartFor(UUID(str(who.value)), str(motor.value), int(length.value) * 60, str(why.value))


def _reason_field() -> Field:
    why = text_field(_("Reason"), help=_("It is kept in the trail."), check=_reason_fault)
    why.input.props["maxlength"] = REASON_CHARS_MAX
    return why


def _reason_fault(value: str) -> str | None:
    return None if (value or "").strip() else _("Say why, in a few words.")
