"""Everybody with a role here: searched, sorted and paged on the server, with the invitations that are open."""

from datetime import UTC, datetime

from nicegui.element import Element
from starlette.requests import Request
from starlette.responses import Response

from actions.people import Seat
from actions.people.members import people
from domain.access import MAY_GIVE, Intent, Role
from domain.refusals import Refusal
from storage.people import PeopleFilter, PeopleSort, PersonRow
from ui.components.data_table import PAGE_SIZE, Cell, Column, DataTable, Row, TableRequest
from ui.components.field import select_field, text_field
from ui.components.pieces import Card, button, empty, failure, link_button
from ui.components.segmented import Segmented
from ui.frame import Frame
from ui.page import page
from ui.pages import shell
from ui.pages.account.asking import permitted
from ui.pages.account.words import refusal_text, role_word, roles_word
from ui.pages.owner import people_import, person
from ui.pages.owner.inviting import InvitationsCard
from ui.texts import _, ago, ngettext, number

ANY = ""
SETTLE_S = 0.3  # a search begins when nobody has typed for so long
HERE_S = 120  # a last use is written once a minute


def install() -> None:
    people_import.install()  # before the pages of single people, whose address would take its own
    person.install()

    @page(shell.PEOPLE)
    async def show(request: Request) -> Response | None:
        seat = await shell.admit(request, Intent.SEE_PEOPLE)
        if not isinstance(seat, Seat):
            return seat
        async with shell.framed(seat, current=shell.PEOPLE, title=_("People")) as frame:
            await _People(seat, frame).start()
        return None


class _People:
    """Filters above one table, open invitations beside it."""

    def __init__(self, seat: Seat, frame: Frame) -> None:
        self._seat, self._frame = seat, frame
        self._search, self._role, self._access = "", ANY, ANY

    async def start(self) -> None:
        may_invite = self._seat.viewer.may(Intent.INVITE_PERSON)
        with Element("div").classes("filters"):
            self._filters()
        with Element("div").classes("columns"):
            with Element("div").classes("two stack wide"):
                self._card = Card()
                with self._card:
                    self._table = DataTable(self._columns(), self._load, request=TableRequest("name", False, 1))
                self._nothing = Element("div")
            with Element("div").classes("stack wide"):
                self._invitations = InvitationsCard(self._seat)
        with self._frame.actions:
            if self._seat.viewer.may(Intent.IMPORT_PEOPLE) and Role.MEMBER in MAY_GIVE[self._seat.viewer.role]:
                link_button(_("Import"), people_import.PATH, icon="upload_file")
            if may_invite:
                button(_("Invite"), self._invitations.invite, kind="primary", icon="person_add")
        await self._load(self._table.request)
        await self._invitations.start()

    def _filters(self) -> None:
        search = text_field(_("Search"), kind="search", help="")
        search.input.props.update({"debounce": round(SETTLE_S * 1_000), "clearable": True})
        search.input.on_value_change(lambda event: self._find(str(event.value or "")))
        given = MAY_GIVE[self._seat.viewer.role]
        if len(given) > 1:
            roles = {ANY: _("All")} | {role.value: roles_word(role) for role in Role if role in given}
            with Element("div").classes("field"):
                Segmented(_("Role"), roles, ANY, lambda role: self._choose(role=role))
        states = {ANY: _("Everybody"), "in": _("With access"), "out": _("Suspended")}
        access = select_field(_("Access"), states, ANY)
        access.input.on_value_change(lambda event: self._choose(access=str(event.value)))

    def _columns(self) -> tuple[Column, ...]:
        return (
            Column("name", _("Name"), sortable=True),
            Column("role", _("Role"), sortable=True),
            Column("access", _("Access")),
            Column("second", _("Second step"), wide_only=True),
            Column("seen", _("Last here"), align="right", sortable=True),
        )

    async def _find(self, search: str) -> None:
        """Among people and among those who are invited."""
        await self._choose(search=search)
        await self._invitations.find(search.strip())

    async def _choose(self, *, search: str | None = None, role: str | None = None, access: str | None = None) -> None:
        self._search = self._search if search is None else search
        self._role = self._role if role is None else role
        self._access = self._access if access is None else access
        now = self._table.request
        await self._load(TableRequest(now.sort, now.descending, 1))

    async def _load(self, request: TableRequest) -> None:
        seat = await permitted(Intent.SEE_PEOPLE)
        if seat is None:
            return
        wanted = PeopleFilter(
            search=self._search.strip(),
            role=Role(self._role) if self._role else None,
            suspended={ANY: None, "in": False, "out": True}[self._access],
            sort=PeopleSort(request.sort or PeopleSort.NAME),
            descending=request.descending,
        )
        now = datetime.now(UTC)
        found = await people(seat.viewer, wanted, now, (request.page - 1) * PAGE_SIZE, PAGE_SIZE)
        self._nothing.clear()
        self._card.visible = not isinstance(found, Refusal) and bool(found.total)
        if isinstance(found, Refusal):
            with self._nothing:
                failure(_("The list did not load"), refusal_text(found), lambda: self._load(request))
            return
        self._table.show([_row(row, now) for row in found.rows], found.total, request)
        self._frame.set_title(ngettext("{n} person", "{n} people", found.total).format(n=number(found.total)))
        if not found.total:
            with self._nothing:
                empty("person_search", _("Nobody fits"), _("Search for another name, or choose another role."))


def _row(row: PersonRow, now: datetime) -> Row:
    return Row(
        str(row.id),
        {
            "name": Cell(row.name, href=f"{shell.PEOPLE}/{row.id}"),
            "role": Cell(role_word(row.role)),
            "access": _access(row),
            "second": Cell(_("On") if row.second_factor_since else _("Off")),
            "seen": Cell(seen_text(row, now)),
        },
    )


def _access(row: PersonRow) -> Cell:
    if row.suspended_at or row.account_suspended_at:
        return Cell(_("Suspended"), state="", icon="block")
    if row.reset_asked_at:
        return Cell(_("Forgot the password"), state="warn", icon="lock_reset")
    return Cell("")  # all is well: no word


def seen_text(row: PersonRow, now: datetime) -> str:
    """When somebody was last here."""
    if row.seen_at is None:
        return _("never")
    since_s = (now - row.seen_at).total_seconds()
    return _("now") if since_s < HERE_S else ago(since_s)
