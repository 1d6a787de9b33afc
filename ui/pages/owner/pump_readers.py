"""What the card reader of each motor does: a tap starts and stops, or a turn lasts as long as the card stays in."""

from collections.abc import Awaitable, Callable

from nicegui.element import Element

from actions.pumps import motors
from domain.access import Intent
from domain.pump.words import Mode
from storage.pump_followed import PumpState
from storage.pump_views import MotorView
from ui.components.pieces import Card
from ui.components.rows import row
from ui.components.segmented import Segmented
from ui.components.toast import toast
from ui.pages.account.asking import permitted
from ui.pages.pump_refusals import refusal_text
from ui.texts import _


def readers_card(state: PumpState) -> None:
    """Nothing where there is no motor yet."""
    found = [motor for group in state.groups for motor in group.motors]
    if not found:
        return
    with Card(_("Card readers")):
        for motor in found:
            words = {Mode.AUTO.value: _("Tap"), Mode.CARD.value: _("Leave in")}
            help_text = _("Tap: once starts, once more stops. Leave in: runs while the card stays in the reader.")
            with row("contactless", motor.name, help_text, below=True), Element("div"):
                Segmented(_("Card reader"), words, motor.mode.value, _choosing(motor))


def _choosing(motor: MotorView) -> Callable[[str], Awaitable[None]]:
    async def choose(key: str) -> None:
        seat = await permitted(Intent.MANAGE_CARDS)
        if seat is None:
            return
        refusal = await motors.set_mode(motor.device_id, Mode(key), seat.viewer)
        if refusal is None:
            toast("ok", _("Saved."))
        else:
            toast("warn", refusal_text(refusal))

    return choose
