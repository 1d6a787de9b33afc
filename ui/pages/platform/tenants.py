"""Every workshop and pump on this platform: who waits for approval first, then by name."""

from nicegui.element import Element
from starlette.requests import Request
from starlette.responses import Response

from actions.people import Seat
from actions.people.tenants import tenants
from domain.access import Intent
from domain.refusals import Refusal
from domain.tenancy import TenantStatus
from storage.people import TenantRow
from ui.components.data_table import PAGE_SIZE, Cell, Column, DataTable, Row, TableRequest
from ui.components.field import select_field, text_field
from ui.components.pieces import Card, empty, failure
from ui.frame import Frame
from ui.page import page
from ui.pages import shell
from ui.pages.account.asking import permitted
from ui.pages.account.words import refusal_text
from ui.pages.platform import tenant
from ui.pages.platform.words import STATUS_LOOKS, halves_text, status_word
from ui.texts import _, day, ngettext, number

ANY = ""
SETTLE_MS = 300  # a search begins when nobody has typed for so long


def install() -> None:
    tenant.install()

    @page(shell.TENANTS)
    async def show(request: Request) -> Response | None:
        seat = await shell.admit(request, Intent.SEE_TENANTS)
        if not isinstance(seat, Seat):
            return seat
        async with shell.framed(seat, current=shell.TENANTS, title=_("Tenants")) as frame:
            await _Tenants(seat, frame).start()
        return None


class _Tenants:
    """Filters above one table."""

    def __init__(self, seat: Seat, frame: Frame) -> None:
        self._seat, self._frame = seat, frame
        self._search, self._status = "", ANY

    async def start(self) -> None:
        with Element("div").classes("filters"):
            search = text_field(_("Search"), kind="search")
            search.input.props.update({"debounce": SETTLE_MS, "clearable": True})
            search.input.on_value_change(lambda event: self._choose(search=str(event.value or "")))
            states = {ANY: _("All")} | {status.value: status_word(status) for status in TenantStatus}
            state = select_field(_("State"), states, ANY)
            state.input.on_value_change(lambda event: self._choose(status=str(event.value)))
        columns = (
            Column("name", _("Name")),
            Column("state", _("State")),
            Column("halves", _("Uses")),
            Column("owner", _("Owner")),
            Column("people", _("People"), align="right", wide_only=True),
            Column("devices", _("Devices"), align="right", wide_only=True),
            Column("since", _("Registered"), align="right"),
        )
        self._card = Card()
        with self._card:
            self._table = DataTable(columns, self._load)
        self._nothing = Element("div")
        await self._load(self._table.request)

    async def _choose(self, *, search: str | None = None, status: str | None = None) -> None:
        self._search = self._search if search is None else search
        self._status = self._status if status is None else status
        await self._load(TableRequest(None, False, 1))

    async def _load(self, request: TableRequest) -> None:
        seat = await permitted(Intent.SEE_TENANTS)
        if seat is None:
            return
        status = TenantStatus(self._status) if self._status else None
        found = await tenants(seat.viewer, status, self._search.strip(), (request.page - 1) * PAGE_SIZE, PAGE_SIZE)
        self._nothing.clear()
        self._card.visible = not isinstance(found, Refusal) and bool(found.total)
        if isinstance(found, Refusal):
            with self._nothing:
                failure(_("The list did not load"), refusal_text(found), lambda: self._load(request))
            return
        self._table.show([_row(row, self._seat.zone) for row in found.rows], found.total, request)
        self._frame.set_title(await self._title(seat, found.total))
        if not found.total:
            with self._nothing:
                self._say_nothing()

    async def _title(self, seat: Seat, total: int) -> str:
        text = ngettext("{n} tenant", "{n} tenants", total).format(n=number(total))
        waiting = await tenants(seat.viewer, TenantStatus.PENDING, "", 0, 1)
        if self._status or self._search or isinstance(waiting, Refusal) or not waiting.total:
            return text
        more = ngettext("{n} waits for approval", "{n} wait for approval", waiting.total)
        return f"{text}: {more.format(n=number(waiting.total))}"

    def _say_nothing(self) -> None:
        if self._status or self._search:
            empty("filter_alt_off", _("No tenant fits"), _("Search for another name, or choose another state."))
        else:
            empty("domain_add", _("No tenants yet"), _("Who registers a workshop or pump appears here for approval."))


def _row(row: TenantRow, zone: str) -> Row:
    return Row(
        str(row.id),
        {
            "name": Cell(row.name, href=f"{shell.TENANTS}/{row.id}"),
            "state": status_cell(row.status),
            "halves": Cell(halves_text(row)),
            "owner": Cell(row.owner_name or "–"),
            "people": Cell(number(row.people)),
            "devices": Cell(number(row.devices)),
            "since": Cell(day(row.created_at, zone, year=True)),
        },
    )


def status_cell(status: TenantStatus) -> Cell:
    """Active is a bare word; what wants a look is a chip."""
    if status is TenantStatus.ACTIVE:
        return Cell(status_word(status))
    tone, icon = STATUS_LOOKS[status]
    return Cell(status_word(status), state=tone, icon=icon)
