"""What was sent to people outside of pages: filtered and paged on the server; and when owners are called."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from nicegui.element import Element
from starlette.requests import Request
from starlette.responses import Response

from actions.outbox.settings import set_settings, settings_of
from actions.people import Seat
from domain.access import Intent
from domain.notify import NotifySettings
from domain.outbox import MessageStatus
from domain.refusals import Refusal
from domain.ways import Way
from storage.messages import MessageFilter, MessageRow, counts, messages
from storage.session import transaction
from ui.components.data_table import PAGE_SIZE, Cell, Column, DataTable, Row, TableRequest
from ui.components.field import select_field, text_field
from ui.components.markup import Text
from ui.components.pieces import Card, button, empty
from ui.components.toast import toast
from ui.frame import Frame
from ui.page import page
from ui.pages import shell
from ui.pages.account.asking import permitted
from ui.pages.account.channel_words import STATUS_LOOKS, status_word, way_word
from ui.pages.account.words import refusal_text
from ui.pages.owner import customer_messages, message
from ui.pages.owner.message_words import reason_word, receiver, says
from ui.texts import _, moment, ngettext, number

ANY = ""
NEVER = 0
SETTLE_S = 0.3  # a search begins when nobody has typed for so long
MINUTES = (5, 10, 15, 30, 60, 120)
Place = tuple[datetime, UUID]


def install() -> None:
    message.install()
    customer_messages.install()

    @page(shell.MESSAGES)
    async def log(request: Request) -> Response | None:
        seat = await shell.admit(request, Intent.SEE_MESSAGES)
        if not isinstance(seat, Seat):
            return seat
        async with shell.framed(seat, current=shell.MESSAGES, title=_("Messages")) as frame:
            await _Messages(seat, frame).start()
        return None


class _Messages:
    """Filters above one table, the newest first; what is settled stands beside it."""

    def __init__(self, seat: Seat, frame: Frame) -> None:
        self._seat, self._frame = seat, frame
        self._wanted = MessageFilter()
        self._newer: list[Place | None] = []
        """Where the pages that were turned over began, the newest first."""
        self._before: Place | None = None
        self._next: Place | None = None

    async def start(self) -> None:
        self._filters()
        with Element("div").classes("columns"):
            with Element("div").classes("two stack wide"):
                self._place = Element("div")
                self._pager()
            with Element("div").classes("stack wide"):
                await _settings_card(self._seat)
                customer_messages.way_there()
        await self._load()

    def _filters(self) -> None:
        with Element("div").classes("filters"):
            search = text_field(_("Search"), kind="search")
            search.input.props.update({"debounce": round(SETTLE_S * 1_000), "clearable": True})
            search.input.on_value_change(lambda event: self._choose(search=str(event.value or "")))
            states = {ANY: _("All")} | {status.value: status_word(status) for status in MessageStatus}
            state = select_field(_("State"), states, ANY)
            state.input.on_value_change(
                lambda event: self._choose(status=MessageStatus(event.value) if event.value else None)
            )
            kinds = {ANY: _("All")} | {way.value: way_word(way) for way in Way}
            kind = select_field(_("Kind"), kinds, ANY)
            kind.input.on_value_change(lambda event: self._choose(way=Way(event.value) if event.value else None))

    async def _choose(self, **said: Any) -> None:
        now = self._wanted
        known = {"search": now.search, "status": now.status, "way": now.way}
        self._wanted = MessageFilter(**(known | said))
        await self._turn_to(None, [])

    async def _turn_to(self, before: Place | None, newer: list[Place | None]) -> None:
        if await permitted(Intent.SEE_MESSAGES) is None:
            return
        self._before, self._newer = before, newer
        await self._load()

    async def _load(self) -> None:
        async with transaction(self._seat.viewer.tenant_id) as tx:
            rows = await messages(tx, self._wanted, self._before, PAGE_SIZE + 1)
            by_status = await counts(tx)
        has_older, rows = len(rows) > PAGE_SIZE, rows[:PAGE_SIZE]
        self._frame.set_title(_title(by_status))
        self._place.clear()
        with self._place:
            self._show(rows)
        self._next = (rows[-1].created_at, rows[-1].id) if has_older else None
        self._turning.visible = bool(self._newer) or has_older
        self._newer_button.set_enabled(bool(self._newer))
        self._older_button.set_enabled(has_older)

    def _show(self, rows: list[MessageRow]) -> None:
        if rows:
            with Card():
                table = DataTable(_columns(), lambda request: None)
            shown = [_row(row, self._seat.zone, datetime.now(UTC)) for row in rows]
            table.show(shown, len(shown), TableRequest(None, False, 1))
        elif self._wanted == MessageFilter():
            empty(
                "outgoing_mail",
                _("Nothing was sent yet"),
                _("Alerts and invitations that leave PitPilot appear here, with what became of each."),
            )
        else:
            empty("filter_alt_off", _("No message fits"), _("Search for another word, or choose another state."))

    def _pager(self) -> None:
        with Element("nav").classes("cluster") as self._turning:
            self._newer_button = button(_("Newer"), self._show_newer, icon="chevron_left")
            self._older_button = button(_("Older"), self._show_older, icon="chevron_right")
        self._turning.props["aria-label"] = _("Pages")

    async def _show_newer(self) -> None:
        if self._newer:
            await self._turn_to(self._newer[-1], self._newer[:-1])

    async def _show_older(self) -> None:
        if self._next is not None:
            await self._turn_to(self._next, [*self._newer, self._before])


async def _settings_card(seat: Seat) -> None:
    settings = await settings_of(seat.viewer)
    now = settings.escalate_after_min
    with Card(_("Calling the owners"), pad=True), Element("div").classes("stack wide"):
        offered = {minutes: _("After {n} min").format(n=number(minutes)) for minutes in sorted({*MINUTES, now or 5})}
        after = select_field(
            _("If nobody acknowledges"),
            offered | {NEVER: _("Never")},
            now or NEVER,
            help=_("A critical alert then goes to every owner who can be reached."),
        )
        who = _("Each person settles in their account what they are told, by which way, and when not.")
        Text("p", who).classes("quiet")

    async def save() -> None:
        still = await permitted(Intent.CHANGE_NOTIFICATIONS)
        if still is None:
            return
        answer = await set_settings(still.viewer, NotifySettings(after.value or None), datetime.now(UTC))
        if isinstance(answer, Refusal):
            toast("warn", refusal_text(answer))
        else:
            toast("ok", _("Saved."))

    after.input.on_value_change(save)


def _title(by_status: dict[MessageStatus, int]) -> str:
    """What is wrong first: 2 messages given up."""
    given_up = by_status[MessageStatus.GIVEN_UP]
    open_ = by_status[MessageStatus.WAITING] + by_status[MessageStatus.FAILED]
    sent = by_status[MessageStatus.SENT]
    if given_up:
        return ngettext("{n} message given up", "{n} messages given up", given_up).format(n=number(given_up))
    if open_:
        return ngettext("{n} message on its way", "{n} messages on their way", open_).format(n=number(open_))
    return ngettext("{n} message sent", "{n} messages sent", sent).format(n=number(sent)) if sent else _("Messages")


def _columns() -> tuple[Column, ...]:
    return (
        Column("when", _("When")),
        Column("what", _("What")),
        Column("who", _("To")),
        Column("state", _("State")),
        Column("why", _("Why"), wide_only=True),
    )


def _row(row: MessageRow, zone: str, now: datetime) -> Row:
    tone, icon = STATUS_LOOKS[row.status]
    return Row(
        str(row.id),
        {
            "when": Cell(moment(row.created_at, zone, now)),
            "what": Cell(says(row, zone)[0], href=f"{shell.MESSAGES}/{row.id}"),
            "who": Cell(receiver(row)),
            "state": Cell(status_word(row.status), state=tone, icon=icon if tone is not None else None),
            "why": Cell(reason_word(row.reason)),
        },
    )
