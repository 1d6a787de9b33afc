"""All jobs in one table, filtered and paged in the database; kept right while others work on them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from nicegui.element import Element
from starlette.requests import Request
from starlette.responses import Response

from actions.people import Seat
from domain.access import Intent
from domain.jobs.words import State, WorkType
from storage import job_choices, jobs
from storage.jobs import After, JobRow, Sort
from storage.session import transaction
from ui.components.data_table import PAGE_SIZE, Cell, Column, DataTable, Row, TableRequest
from ui.components.field import select_field, text_field
from ui.components.pieces import Card, button, empty, link_button
from ui.frame import Frame
from ui.job_feed import JobFeed, JobNews
from ui.page import page
from ui.pages import shell
from ui.pages.account.asking import permitted
from ui.pages.job_words import STATE_ICONS, STATE_TONES, state_word, work_word
from ui.pages.owner import job_ways
from ui.texts import _, moment, number

PATH = "/jobs/list"
ANY = ""
SETTLE_S = 0.3  # a search begins when nobody has typed for so long


@dataclass(frozen=True, slots=True)
class Asked:
    """What the table shall show."""

    search: str = ""
    state: State | None = None
    staff: UUID | None = None
    since: date | None = None
    until: date | None = None
    sort: Sort = Sort.RECEIVED

    def span(self, zone: str) -> tuple[datetime | None, datetime | None]:
        """From the first day's midnight to that after the last one, in the workshop's zone."""

        def midnight(day: date) -> datetime:
            return datetime.combine(day, time(), ZoneInfo(zone))

        return (
            midnight(self.since) if self.since else None,
            midnight(self.until + timedelta(days=1)) if self.until else None,
        )


def install(feed: JobFeed) -> None:
    @page(PATH)
    async def job_list(request: Request) -> Response | None:
        seat = await shell.admit(request, Intent.SEE_JOBS)
        if not isinstance(seat, Seat):
            return seat
        async with shell.framed(seat, current=shell.JOBS, title=_("Jobs")) as frame:
            shown = _JobList(seat, frame)
            await shown.start()
            feed.follow(seat.viewer.tenant_id, shown.news)
        return None


class _JobList:
    """Filters above one table, the latest first."""

    def __init__(self, seat: Seat, frame: Frame) -> None:
        self._seat, self._frame = seat, frame
        self._asked = Asked()
        self._newer: list[After | None] = []
        """Where the pages that were turned over began, the newest first."""
        self._after: After | None = None
        self._next: After | None = None

    async def start(self) -> None:
        tenant_id = self._seat.viewer.tenant_id
        async with transaction(tenant_id) as tx:
            crew = {row.id: row.name for row in await job_choices.crew(tx, tenant_id)}
        job_ways.ways(self._frame, self._seat, current=PATH)
        self._filters(crew)
        self._place = Element("div")
        with Element("nav").classes("cluster") as self._turning:
            self._newer_button = button(_("Newer"), self._show_newer, icon="chevron_left")
            self._older_button = button(_("Older"), self._show_older, icon="chevron_right")
        self._turning.props["aria-label"] = _("Pages")
        await self._load()

    def _filters(self, crew: dict[UUID, str]) -> None:
        with Element("div").classes("filters"):
            search = text_field(_("Plate, phone or VIN"), kind="search", help="", code=True)
            search.input.props.update({"debounce": round(SETTLE_S * 1_000), "clearable": True})
            search.input.on_value_change(lambda event: self._choose(search=str(event.value or "").strip()))
            states = {ANY: _("All")} | {state.value: state_word(state) for state in State}
            state = select_field(_("State"), states, ANY)
            state.input.on_value_change(lambda e: self._choose(state=State(e.value) if e.value else None))
            people = {ANY: _("Everybody")} | {str(id_): name for id_, name in crew.items()}
            person = select_field(_("Person"), people, ANY)
            person.input.on_value_change(lambda e: self._choose(staff=UUID(e.value) if e.value else None))
            with Element("div").classes("pair"):
                self._day(_("From"), "since")
                self._day(_("To"), "until")
            orders = {Sort.RECEIVED.value: _("Received, latest first"), Sort.PLANNED.value: _("Planned, latest first")}
            order = select_field(_("Order"), orders, Sort.RECEIVED.value)
            order.input.on_value_change(lambda e: self._choose(sort=Sort(e.value)))
            self._export = Element("div")

    def _day(self, label: str, name: str) -> None:
        field = text_field(label)
        field.input.props["type"] = "date"
        field.input.on_value_change(lambda event: self._choose(**{name: _date(event.value)}))

    async def news(self, news: JobNews) -> None:
        """Somebody did something: what is shown is read again."""
        await self._load()

    async def _choose(self, **said: Any) -> None:
        self._asked = replace(self._asked, **said)
        await self._turn_to(None, [])

    async def _turn_to(self, after: After | None, newer: list[After | None]) -> None:
        if await permitted(Intent.SEE_JOBS) is None:
            return
        self._after, self._newer = after, newer
        await self._load()

    async def _load(self) -> None:
        rows = await self._read()
        has_older, rows = len(rows) > PAGE_SIZE, rows[:PAGE_SIZE]
        self._place.clear()
        with self._place:
            self._show(rows)
        self._next = _place_of(rows[-1], self._order) if has_older else None
        self._turning.visible = bool(self._newer) or has_older
        self._newer_button.set_enabled(bool(self._newer))
        self._older_button.set_enabled(has_older)
        self._export.clear()
        if self._seat.viewer.may(Intent.EXPORT_JOBS):
            with self._export:
                link_button(_("Export CSV"), self._export_href(), icon="download")

    @property
    def _order(self) -> Sort:
        return Sort.RECEIVED if self._asked.staff else self._asked.sort

    async def _read(self) -> list[JobRow]:
        tenant_id, asked = self._seat.viewer.tenant_id, self._asked
        since, until = asked.span(self._seat.zone)
        async with transaction(tenant_id) as tx:
            self._frame.set_title(job_ways.title(await jobs.board(tx, tenant_id), datetime.now(UTC)))
            if len(asked.search) >= jobs.SEARCH_CHARS_LEAST:
                return await jobs.search(tx, tenant_id, asked.search)
            return await jobs.page(
                tx, tenant_id, state=asked.state, staff=asked.staff, since=since, until=until, sort=asked.sort,
                after=self._after, most=PAGE_SIZE + 1,
            )  # fmt: skip

    def _show(self, rows: Sequence[JobRow]) -> None:
        if rows:
            with Card():
                table = DataTable(_columns(), lambda request: None)
            now = datetime.now(UTC)
            table.show([_row(row, self._seat.zone, now) for row in rows], len(rows), TableRequest(None, False, 1))
        elif replace(self._asked, sort=Sort.RECEIVED) == Asked():
            job_ways.no_jobs()
        else:
            says = _("Look for the beginning or end of a plate or phone number, or choose another state or day.")
            empty("filter_alt_off", _("No job fits"), says)

    def _export_href(self) -> str:
        asked, (since, until) = self._asked, self._asked.span(self._seat.zone)
        said = {
            "state": asked.state,
            "staff_id": asked.staff,
            "since": since and since.isoformat(),
            "until": until and until.isoformat(),
        }
        query = urlencode({name: value for name, value in said.items() if value is not None})
        path = f"/api/v1/workshops/{self._seat.viewer.tenant_id}/jobs/export.csv"
        return f"{path}?{query}" if query else path

    async def _show_newer(self) -> None:
        if self._newer:
            await self._turn_to(self._newer[-1], self._newer[:-1])

    async def _show_older(self) -> None:
        if self._next is not None:
            await self._turn_to(self._next, [*self._newer, self._after])


def _place_of(row: JobRow, order: Sort) -> After:
    return After(row.planned_at if order is Sort.PLANNED else row.received_at, row.id)


def _date(text: Any) -> date | None:
    """A day out of a browser's date field, which may hold half of one."""
    try:
        return date.fromisoformat(str(text or ""))
    except ValueError:
        return None


def _columns() -> tuple[Column, ...]:
    return (
        Column("car", _("Car")),
        Column("plate", _("Plate")),
        Column("customer", _("Customer"), wide_only=True),
        Column("work", _("Work")),
        Column("state", _("State")),
        Column("pit", _("Pit")),
        Column("staff", _("People"), wide_only=True),
        Column("received", _("Received"), align="right", wide_only=True),
        Column("promised", _("Promised"), align="right"),
    )


def _row(row: JobRow, zone: str, now: datetime) -> Row:
    late = row.is_late(now)
    state = Cell(state_word(row.state), state=STATE_TONES[row.state], icon=STATE_ICONS[row.state])
    return Row(
        str(row.id),
        {
            "car": Cell(row.car, href=job_ways.href(row.id)),
            "plate": Cell(row.plate, code=True),
            "customer": Cell(row.customer),
            "work": Cell(work_word(WorkType(row.work_type))),
            "state": Cell(_("Late"), state="warn", icon="schedule") if late else state,
            "pit": Cell(row.pit or ""),
            "staff": Cell(", ".join(row.staff_names)),
            "received": Cell(moment(row.received_at, zone, now)),
            "promised": Cell(moment(row.promised_at, zone, now) if row.promised_at else number(None)),
        },
    )
