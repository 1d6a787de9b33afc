"""Acknowledging an alert with a note, from any page."""

from datetime import UTC, datetime
from uuid import UUID

from nicegui import ui
from nicegui.element import Element

from actions.alerts import NOTE_CHARS_MAX
from actions.alerts import acknowledge as acknowledge_alert
from domain.access import Intent
from domain.refusals import Refusal
from ui import guard
from ui.components.dialog import answer_of
from ui.components.field import text_field
from ui.components.markup import Text
from ui.components.pieces import button
from ui.components.toast import toast
from ui.texts import _

STRIP_MAX = 6  # rows of alerts on top of a page; the inbox has them all


async def acknowledge(alert_id: UUID) -> bool:
    """Asks for a note and acknowledges; says what became of it. True if the alert is now seen by this person."""
    note = await _ask_note()
    if note is None:
        return False
    seat = await guard.still(Intent.ACKNOWLEDGE_ALERT)
    if seat is None:
        toast("warn", _("You may not acknowledge alerts any more."))
        return False
    answer = await acknowledge_alert(alert_id, note, seat.viewer, datetime.now(UTC))
    if isinstance(answer, Refusal):
        toast("warn", refusal_text(answer))
        return False
    toast("ok", _("Seen. Everybody sees your note."))
    return True


async def _ask_note() -> str | None:
    with ui.dialog() as dialog, Element("div").classes("dialog"):
        Text("h2", _("Acknowledge this alert?"))
        Text("p", _("It stays open until the value is back. Say what you do about it, if you like."))
        field = text_field(
            _("Note"),
            help=_("Others see it beside the alert."),
            check=lambda value: _too_long(value),
        )
        field.input.props["maxlength"] = NOTE_CHARS_MAX
        field.input.on("keydown.enter", lambda: dialog.submit(field.value or ""))
        with Element("footer"):
            button(_("Cancel"), lambda: dialog.submit(None))
            button(_("Acknowledge"), lambda: dialog.submit(field.value or ""), kind="primary")
    note = await answer_of(dialog)
    return None if note is None else str(note)


def _too_long(value: str) -> str | None:
    if len(value or "") <= NOTE_CHARS_MAX:
        return None
    return _("Enter at most {n} characters.").format(n=NOTE_CHARS_MAX)


def refusal_text(refusal: Refusal) -> str:
    """What is the case, and what to do."""
    texts = {
        Refusal.ALREADY_ACKNOWLEDGED: _("Somebody else has acknowledged it already."),
        Refusal.ALREADY_RESOLVED: _("It is over already; there is nothing to acknowledge."),
        Refusal.NOT_FOUND: _("There is no such thing here any more. Load the page again."),
        Refusal.NOT_ALLOWED: _("Your role does not allow this. Ask the owner."),
        Refusal.TOO_LONG: _("That is too long."),
        Refusal.END_IN_THE_PAST: _("The end must be in the future."),
    }
    return texts.get(refusal, _("That was refused: {code}").format(code=refusal))
