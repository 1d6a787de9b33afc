"""The audit trail: who changed what, filtered and paged on the server; one row with before and after; the CSV."""

from datetime import UTC, datetime
from typing import Any

from nicegui import ui
from nicegui.element import Element
from starlette.requests import Request
from starlette.responses import Response

from actions.people import Seat
from domain.access import Intent
from domain.audit import Link
from domain.refusals import Refusal
from storage.audit_trail import TrailChoices, choices, trail, trail_row
from storage.session import transaction
from ui import guard
from ui.components.data_table import PAGE_SIZE, Cell, Column, DataTable, Row, TableRequest
from ui.components.field import Field, select_field, text_field
from ui.components.pieces import Card, button, empty, key_values, link_button
from ui.components.toast import toast
from ui.frame import Frame
from ui.page import page
from ui.pages import shell
from ui.pages.acknowledging import refusal_text
from ui.pages.owner import audit_words
from ui.pages.owner.audit_asked import ANY, Asked, export_query
from ui.texts import _, clock, day, moment

EXPORT = "/api/v1/audit/export.csv"
SUMMARY_CHARS_MAX = 90


def install() -> None:
    @page(shell.AUDIT)
    async def audit(request: Request) -> Response | None:
        seat = await shell.admit(request, Intent.SEE_AUDIT)
        if not isinstance(seat, Seat):
            return seat
        async with shell.framed(seat, current=shell.AUDIT, title=_("Audit trail")) as frame:
            await TrailPage(seat, frame, Asked.of(request.query_params)).start()
        return None

    @page(shell.AUDIT + "/{n}")
    async def one(request: Request, n: str) -> Response | None:
        seat = await shell.admit(request, Intent.SEE_AUDIT)
        if not isinstance(seat, Seat):
            return seat
        back = shell.AUDIT + Asked.of(request.query_params).query()
        wanted = int(n) if n.isascii() and n.isdecimal() and len(n) < 19 else 0
        async with transaction(seat.viewer.tenant_id) as tx:
            link = await trail_row(tx, wanted)
        if link is None:
            await shell.no_such(seat, _("There is no such row"), _("The link is wrong."), back)
            return None
        await _show_one(seat, link, back)
        return None


class TrailPage:
    """Filters above one table; older rows come page by page."""

    def __init__(self, seat: Seat, frame: Frame, asked: Asked) -> None:
        self._seat, self._frame, self._asked = seat, frame, asked
        self._newer: list[int | None] = []
        """Where the pages that were turned over began, the newest first."""
        self._before: int | None = None
        self._next: int | None = None

    async def start(self) -> None:
        async with transaction(self._seat.viewer.tenant_id) as tx:
            offered = await choices(tx)
        with self._frame.actions:
            self._export = Element("div")
        self._filters(offered)
        self._place = Element("div").classes("stack")
        self._pager()
        await self._load()

    def _filters(self, offered: TrailChoices) -> None:
        asked = self._asked
        with Element("div").classes("filters"):
            self._choice("person", _("Who"), _("Everybody"), {str(id_): name for id_, name in offered.people})
            intents = {name: audit_words.intent_word(name) for name in (*offered.intents, asked.intent)}
            self._choice("intent", _("Action"), _("All actions"), intents)
            kinds = {name: audit_words.kind_word(name) for name in (*offered.kinds, asked.kind)}
            self._choice("kind", _("Thing"), _("All things"), kinds)
            with Element("div").classes("pair"):
                self._day("since", _("From"))
                self._day("until", _("Until"))

    def _choice(self, name: str, label: str, all_of_them: str, options: dict[str, str]) -> None:
        asked = getattr(self._asked, name)
        offered = {ANY: all_of_them} | {key: word for key, word in options.items() if key}
        field = select_field(label, offered, asked if asked in offered else ANY)
        self._on_change(field, name)

    def _day(self, name: str, label: str) -> None:
        field = text_field(label, getattr(self._asked, name))
        field.input.props["type"] = "date"
        self._on_change(field, name)

    def _on_change(self, field: Field, name: str) -> None:
        async def change(event: Any) -> None:
            said = {name: event.value or ANY} | ({"thing": ANY} if name == "kind" else {})
            self._asked = self._asked.but(**said)
            ui.navigate.history.replace(shell.AUDIT + self._asked.query())
            await self._turn_to(None, [])

        field.input.on_value_change(change)

    async def _turn_to(self, before: int | None, newer: list[int | None]) -> None:
        seat = await guard.still(Intent.SEE_AUDIT)
        if seat is None or seat.viewer.tenant_id != self._seat.viewer.tenant_id:
            toast("warn", refusal_text(Refusal.NOT_ALLOWED))
            return
        self._before, self._newer = before, newer
        await self._load()

    async def _load(self) -> None:
        wanted = self._asked.rows(self._seat.zone)
        async with transaction(self._seat.viewer.tenant_id) as tx:
            links = await trail(tx, wanted, self._before, PAGE_SIZE + 1)
        has_older, links = len(links) > PAGE_SIZE, links[:PAGE_SIZE]
        self._place.clear()
        self._export.clear()
        with self._export:
            link_button(_("Export CSV"), EXPORT + export_query(wanted), icon="download")
        if not self._newer:
            self._frame.set_title(self._title(links))
        with self._place:
            self._show(links)
        self._next = links[-1].entry.n if has_older else None
        self._turning.visible = bool(self._newer) or has_older
        self._newer_button.set_enabled(bool(self._newer))
        self._older_button.set_enabled(has_older)

    def _title(self, links: list[Link]) -> str:
        if not links:
            return _("No changes")
        e = links[0].entry
        when = moment(e.at, self._seat.zone, datetime.now(UTC))
        return _("Last change: {time}, {person}").format(time=when, person=audit_words.who(e.person_name))

    def _show(self, links: list[Link]) -> None:
        if self._asked.thing:
            self._one_thing(links)
        if links:
            columns = (
                Column("when", _("When")),
                Column("who", _("Who")),
                Column("what", _("Action")),
                Column("thing", _("Thing")),
                Column("change", _("Change")),
            )
            table = DataTable(columns, lambda request: None)
            rows = [table_row(link, self._seat.zone, self._asked) for link in links]
            table.show(rows, len(rows), TableRequest(None, False, 1))
        elif self._asked == Asked():
            empty(
                "history",
                _("Nothing was changed yet"),
                _("Whoever changes something appears here with before and after."),
            )
        else:
            empty("filter_alt_off", _("No change fits"), _("Choose another person, action, thing or time."))

    def _one_thing(self, links: list[Link]) -> None:
        name = audit_words.object_word(links[0].entry.object_name) if links else self._asked.thing
        with Element("div").classes("cluster"):
            ui.label(_("Only changes of {thing}.").format(thing=name)).classes("quiet")
            link_button(_("Show all"), shell.AUDIT + self._asked.but(thing=ANY).query(), kind="plain")

    def _pager(self) -> None:
        """Stays while the rows above it change: a button must not vanish while it is obeyed."""
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


def table_row(link: Link, zone: str, asked: Asked) -> Row:
    e = link.entry
    change = audit_words.summary(audit_words.differences(e.before, e.after, zone))
    return Row(
        str(e.n),
        {
            "when": Cell(f"{day(e.at, zone)}, {clock(e.at, zone, seconds=True)}"),
            "who": Cell(audit_words.who(e.person_name)),
            "what": Cell(audit_words.intent_word(e.intent), href=f"{shell.AUDIT}/{e.n}{asked.query()}"),
            "thing": Cell(audit_words.object_word(e.object_name)),
            "change": Cell(change if len(change) <= SUMMARY_CHARS_MAX else change[: SUMMARY_CHARS_MAX - 1] + "…"),
        },
    )


async def _show_one(seat: Seat, link: Link, back: str) -> None:
    e, zone = link.entry, seat.zone
    title = f"{audit_words.intent_word(e.intent)}: {audit_words.object_word(e.object_name)}"
    async with shell.framed(seat, current=shell.AUDIT, title=title, back=back) as frame:
        with frame.actions:
            only = Asked(kind=e.kind, thing=e.object_id)
            link_button(_("All of this thing"), shell.AUDIT + only.query())
        with Element("div").classes("columns"):
            with Element("div").classes("two"):
                _show_differences(link, zone)
            with Card(_("Facts"), pad=False), Element("div").classes("inside"):
                key_values(
                    [
                        (_("When"), f"{day(e.at, zone, year=True)}, {clock(e.at, zone, seconds=True)}"),
                        (_("Who"), audit_words.who(e.person_name)),
                        (_("From address"), e.address or audit_words.NOTHING),
                        (_("Kind"), audit_words.kind_word(e.kind)),
                        (_("Row"), str(e.n)),
                        (_("Hash"), f"{link.hash.hex()[:16]}…"),
                    ]
                )


def _show_differences(link: Link, zone: str) -> None:
    found = audit_words.differences(link.entry.before, link.entry.after, zone)
    if not found:
        empty(
            "check_circle", _("It was done, and no value changed"), _("Some actions only happen, such as signing out.")
        )
        return
    columns = (Column("field", _("Field")), Column("before", _("Before")), Column("after", _("After")))
    with Card(_("Before and after")):
        table = DataTable(columns, lambda request: None, page_size=len(found))
        rows = [
            Row(str(i), {"field": Cell(each.field), "before": Cell(each.before), "after": Cell(each.after)})
            for i, each in enumerate(found)
        ]
        table.show(rows, len(rows), TableRequest(None, False, 1))
