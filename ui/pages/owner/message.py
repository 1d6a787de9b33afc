"""One message: what it says, to whom it goes, what was tried; and starting it again."""

from datetime import UTC, datetime

from nicegui import ui
from nicegui.element import Element
from starlette.requests import Request
from starlette.responses import Response

from actions.outbox.settings import send_again
from actions.people import Seat
from domain.access import Intent
from domain.outbox import MessageStatus
from domain.refusals import Refusal
from storage.messages import MessageRow
from storage.messages import message as message_of
from storage.session import transaction
from ui.components.markup import Text
from ui.components.pieces import Card, button, key_values, tone_chip
from ui.components.toast import toast
from ui.page import page
from ui.pages import shell
from ui.pages.account.asking import permitted
from ui.pages.account.channel_words import STATUS_LOOKS, status_word, way_word
from ui.pages.account.words import refusal_text
from ui.pages.owner.message_words import reason_word, says
from ui.texts import _, moment, number

AGAIN = (MessageStatus.FAILED, MessageStatus.GIVEN_UP)


def install() -> None:
    @page(shell.MESSAGES + "/{message_id}")
    async def one(request: Request, message_id: str) -> Response | None:
        seat = await shell.admit(request, Intent.SEE_MESSAGES)
        if not isinstance(seat, Seat):
            return seat
        wanted = shell.parse_id(message_id)
        async with transaction(seat.viewer.tenant_id) as tx:
            found = await message_of(tx, wanted) if wanted else None
        if found is None:
            await shell.no_such(seat, _("There is no such message"), _("The link is wrong or old."), shell.MESSAGES)
            return None
        await _show(seat, found)
        return None


async def _show(seat: Seat, row: MessageRow) -> None:
    subject, text = says(row, seat.zone)
    async with shell.framed(seat, current=shell.MESSAGES, title=subject, back=shell.MESSAGES) as frame:
        tone, icon = STATUS_LOOKS[row.status]
        with frame.beside_title:
            tone_chip(tone or "", status_word(row.status), icon)
        if row.status in AGAIN and seat.viewer.may(Intent.CHANGE_NOTIFICATIONS):
            with frame.actions:
                button(_("Send again"), lambda: _again(row), kind="primary", icon="refresh")
        with Element("div").classes("columns"):
            with Element("div").classes("two stack wide"):
                if row.last_error and row.status is not MessageStatus.SENT:
                    with Card(_("What was wrong"), pad=True):
                        Text("p", f"{row.last_error[:1].upper()}{row.last_error[1:]}")
                with Card(_("Text"), pad=True), Element("div").classes("stack"):
                    for line in text.split("\n"):
                        if line:
                            Text("p", line)
                    if not text:
                        Text("p", _("Its words are found when it is sent.")).classes("quiet")
            with Card(_("Facts")), Element("div").classes("inside"):
                key_values(_facts(row, seat.zone, datetime.now(UTC)))


def _facts(row: MessageRow, zone: str, now: datetime) -> list[tuple[str, str]]:
    facts = [
        (_("To"), row.person or row.shown),
        (_("Way"), f"{way_word(row.way)} {row.shown}"),
        (_("Why"), reason_word(row.reason)),
        (_("Added"), moment(row.created_at, zone, now)),
        (_("Tries"), number(row.attempts)),
        (_("Last try"), moment(row.tried_at, zone, now) if row.tried_at else "–"),
    ]
    if row.status in (MessageStatus.WAITING, MessageStatus.FAILED):
        facts.append((_("Next try"), moment(row.next_try_at, zone, now)))
    return facts


async def _again(row: MessageRow) -> None:
    seat = await permitted(Intent.CHANGE_NOTIFICATIONS)
    if seat is None:
        return
    answer = await send_again(seat.viewer, row.id, datetime.now(UTC))
    if isinstance(answer, Refusal):
        toast("warn", refusal_text(answer))
    else:
        ui.navigate.to(f"{shell.MESSAGES}/{row.id}")
