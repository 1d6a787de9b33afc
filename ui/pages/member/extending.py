"""Adding minutes to the own running turn, as long as the wallet and the longest turn allow it."""

from datetime import UTC, datetime
from uuid import uuid4

from nicegui import ui
from nicegui.element import Element

from actions.pumps import asking
from domain.access import Intent
from domain.pump.words import RunState
from storage.pump_views import MemberPump
from ui.components.dialog import answer_of
from ui.components.markup import Text
from ui.components.pieces import button
from ui.components.segmented import Segmented
from ui.components.toast import toast
from ui.pages.account.asking import permitted
from ui.pages.pump_refusals import refusal_text
from ui.pages.pump_words import minutes
from ui.texts import _

STEPS_S = (300, 600, 1_200, 1_800)


def choices(pump: MemberPump) -> list[int]:
    """How many seconds may be added."""
    if pump.run is None:
        return []
    most = min(pump.wallet.available_s, pump.longest_s - pump.run.amount_s)
    return [seconds for seconds in STEPS_S if seconds <= most]


def is_possible(pump: MemberPump) -> bool:
    return pump.run is not None and pump.run.state is RunState.RUNNING and bool(choices(pump))


async def ask(pump: MemberPump) -> bool:
    """Asks how many, and adds them; says what became of it. The dialog's key keeps a second press from adding twice."""
    offered, run, key = choices(pump), pump.run, uuid4()
    if not offered or run is None:
        return False
    with ui.dialog() as dialog, Element("div").classes("dialog"):
        Text("h2", _("Add minutes to this turn"))
        Text("p", _("They are set aside from your {time}. What is left goes back.").format(
            time=minutes(pump.wallet.available_s)
        ))  # fmt: skip
        words = {str(seconds): minutes(seconds) for seconds in offered}
        chosen = Segmented(_("How long?"), words, str(offered[0]), lambda _key: None, wide=True)
        with Element("footer"):
            button(_("Cancel"), lambda: dialog.submit(None))
            button(_("Add minutes"), lambda: dialog.submit(chosen.value), kind="primary")
    answer = await answer_of(dialog)
    if answer is None:
        return False
    seat = await permitted(Intent.RUN_PUMP)
    if seat is None:
        return False
    extended = await asking.extend(run.id, int(answer), seat.viewer, datetime.now(UTC), key=key)
    if isinstance(extended, str):
        toast("warn", refusal_text(extended))
        return False
    toast("ok", _("{time} are added to your turn.").format(time=minutes(int(answer))))
    return True
