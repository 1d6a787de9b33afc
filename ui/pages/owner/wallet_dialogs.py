"""Recharging a member, taking back, giving: each dialog has one idempotency key, so that two clicks pay once."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from uuid import UUID, uuid4

from nicegui import ui
from nicegui.element import Element

from actions.pumps import wallets
from domain.access import Intent, Viewer
from ui.components.dialog import answer_of
from ui.components.field import number_field, text_field
from ui.components.markup import Text
from ui.components.pieces import button
from ui.components.toast import toast
from ui.pages.account.asking import permitted
from ui.pages.member.minutes import minutes_fault
from ui.pages.pump_refusals import REFUSALS, refusal_text
from ui.pages.pump_words import minutes
from ui.texts import _

USUAL_MIN = 60
Book = Callable[[int, str, Viewer, datetime, UUID], Awaitable[wallets.Answer]]
"""Seconds, reason, who, when, idempotency key."""


async def recharge(member_id: UUID, name: str) -> bool:
    """Sells minutes; True if something changed."""

    async def book(seconds: int, note: str, by: Viewer, now: datetime, key: UUID) -> wallets.Answer:
        return await wallets.recharge(member_id, seconds, by, now, key=key, reason=note)

    question = _("Recharge {name}").format(name=name)
    return await _ask(question, _("Recharge"), book, needs_reason=False)


async def take_back(member_id: UUID, name: str) -> bool:
    """Takes back what was sold by mistake, at most what is available."""

    async def book(seconds: int, note: str, by: Viewer, now: datetime, key: UUID) -> wallets.Answer:
        return await wallets.reverse(member_id, seconds, note, by, now, key=key)

    question = _("Take back minutes of {name}").format(name=name)
    return await _ask(question, _("Take back"), book, needs_reason=True)


async def give(member_id: UUID, name: str) -> bool:
    """Gives minutes that nobody pays for: for an outage, for one."""

    async def book(seconds: int, note: str, by: Viewer, now: datetime, key: UUID) -> wallets.Answer:
        return await wallets.adjust(member_id, seconds, note, by, now, key=key)

    question = _("Give minutes to {name}").format(name=name)
    return await _ask(question, _("Give"), book, needs_reason=True)


async def _ask(question: str, verb: str, book: Book, *, needs_reason: bool) -> bool:
    key = uuid4()
    with ui.dialog() as dialog, Element("div").classes("dialog stack wide"):
        Text("h2", question)
        amount = number_field(_("Minutes"), USUAL_MIN, unit=_("min"), check=minutes_fault)
        check = _reason_fault if needs_reason else None
        why = text_field(_("Reason") if needs_reason else _("Note"), help=_("The member reads it too."), check=check)
        why.input.props["maxlength"] = wallets.REASON_CHARS_MAX

        def submit() -> None:
            if all([amount.is_right(), why.is_right()]):
                dialog.submit(True)

        with Element("footer"):
            button(_("Cancel"), lambda: dialog.submit(None))
            button(verb, submit, kind="primary")
    if await answer_of(dialog) is None:
        return False
    seat = await permitted(Intent.CHANGE_WALLETS)
    if seat is None:
        return False
    answer = await book(int(amount.value) * 60, str(why.value or "").strip(), seat.viewer, datetime.now(UTC), key)
    if isinstance(answer, REFUSALS):
        toast("warn", refusal_text(answer))
        return False
    toast("ok", _("Done. The balance is {time} now.").format(time=minutes(answer.balance_s)))
    return True


def _reason_fault(value: str) -> str | None:
    return None if (value or "").strip() else _("Say why, in a few words.")
