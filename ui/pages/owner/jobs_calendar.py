"""Bookings and work by pit, a week or a day at a time; a booking is put to another time or pit."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from nicegui import ui
from nicegui.element import Element
from starlette.requests import Request
from starlette.responses import Response

from actions.jobs import plan
from actions.people import Seat
from domain.access import Intent
from domain.jobs.job import Job
from domain.jobs.words import State, WorkType
from storage import job_choices, job_rows, jobs, workshop
from storage.job_choices import PlaceRow
from storage.jobs import JobRow
from storage.session import transaction
from ui.components.pieces import icon_button, link_button
from ui.components.pit_calendar import CalendarBar, CalendarRow, CalendarView, PitCalendar
from ui.components.segmented import Segmented
from ui.components.toast import toast
from ui.frame import Frame
from ui.job_feed import JobFeed, JobNews
from ui.page import page
from ui.pages import shell
from ui.pages.account.asking import permitted
from ui.pages.job_words import STATE_TONES, refusal_text, state_word, work_word
from ui.pages.owner import job_ways
from ui.pages.owner.calendar_axis import Axis, axis
from ui.texts import _, day, moment

WEEK, DAY = "week", "day"
STEP_MIN = {WEEK: 30, DAY: 15}
NO_PIT = "none"


def install(feed: JobFeed) -> None:
    @page(job_ways.CALENDAR)
    async def calendar(request: Request) -> Response | None:
        seat = await shell.admit(request, Intent.SEE_JOBS)
        if not isinstance(seat, Seat):
            return seat
        asked = request.query_params
        async with shell.framed(seat, current=shell.JOBS, title=_("Calendar")) as frame:
            shown = _Calendar(seat, frame, DAY if asked.get("by") == DAY else WEEK, _date(asked.get("day")))
            await shown.start()
            feed.follow(seat.viewer.tenant_id, shown.news)
        return None


def _date(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None


class _Calendar:
    def __init__(self, seat: Seat, frame: Frame, by: str, asked: date | None) -> None:
        self._seat, self._frame, self._by = seat, frame, by
        today = datetime.now(ZoneInfo(seat.zone)).date()
        chosen = asked or today
        self._first = chosen - timedelta(days=chosen.weekday()) if by == WEEK else chosen
        self._rows: dict[str, JobRow] = {}
        self._axis: Axis | None = None

    async def start(self) -> None:
        job_ways.ways(self._frame, self._seat, current=job_ways.CALENDAR)
        back, on = self._first - self._length, self._first + self._length
        with Element("div").classes("filters"):
            Segmented(_("Length"), {WEEK: _("Week"), DAY: _("Day")}, self._by, lambda by: self._go(self._first, by))
            with Element("div").classes("cluster"):
                icon_button("chevron_left", _("Earlier"), lambda: self._go(back))
                link_button(_("Today"), f"{job_ways.CALENDAR}?by={self._by}")
                icon_button("chevron_right", _("Later"), lambda: self._go(on))
        self._calendar = PitCalendar(await self._view(), self._put, label=_("Pits and their bookings"))

    @property
    def _length(self) -> timedelta:
        return timedelta(days=7 if self._by == WEEK else 1)

    def _go(self, first: date, by: str = "") -> None:
        ui.navigate.to(f"{job_ways.CALENDAR}?{urlencode({'by': by or self._by, 'day': first.isoformat()})}")

    async def news(self, news: JobNews) -> None:
        self._calendar.show(await self._view())

    async def _view(self) -> CalendarView:
        tenant_id, zone, now = self._seat.viewer.tenant_id, self._seat.zone, datetime.now(UTC)
        async with transaction(tenant_id) as tx:
            along = axis(self._first, self._length.days, zone, await job_rows.calendar(tx, tenant_id))
            since, until = along.span()
            rows = await jobs.calendar(tx, tenant_id, since, until)
            places = await job_choices.places(tx, tenant_id)
            holidays = {each.day: each.name for each in await workshop.holidays(tx, tenant_id)}
        self._axis, self._rows = along, {str(row.id): row for row in rows}
        self._frame.set_title(_title(along, rows))
        return CalendarView(
            along.whole_min,
            along.stretches(now.astimezone(ZoneInfo(zone)).date(), holidays),
            along.ticks(),
            along.shut(),
            _pit_rows(places, rows),
            tuple(self._bar(row, along, {place.id for place in places}, now) for row in rows),
            along.place(now) if since <= now < until else None,
            STEP_MIN[self._by],
        )

    def _bar(self, row: JobRow, along: Axis, pits: set[UUID], now: datetime) -> CalendarBar:
        zone = self._seat.zone
        begin = row.started_at or row.planned_at
        end = row.completed_at or max(row.promised_at or begin, now if row.started_at else begin)
        from_min = along.place(begin)
        until_min = max(along.place(end), from_min + along.whole_min // 100)
        span = f"{moment(begin, zone, now)}–{moment(end, zone, now)}"
        return CalendarBar(
            key=str(row.id),
            row=str(row.pit_id) if row.pit_id in pits else NO_PIT,
            href=job_ways.href(row.id),
            from_min=from_min,
            until_min=until_min,
            car=row.car,
            line=" · ".join(filter(None, (row.plate, work_word(WorkType(row.work_type))))),
            says=f"{state_word(row.state)}, {span}",
            tone=STATE_TONES[row.state],
            moves=self._seat.viewer.may(Intent.WORK_ON_JOBS) and row.state is State.RECEIVED,
            late=row.is_late(now),
        )

    async def _put(self, key: str, at_min: int, row_key: str) -> None:
        row, along = self._rows[key], self._axis
        seat = await permitted(Intent.WORK_ON_JOBS)
        if seat is not None and along is not None:
            at = row.planned_at if at_min == along.place(row.planned_at) else along.moment(at_min)
            await self._plan(row, at, None if row_key == NO_PIT else UUID(row_key), seat)
        self._calendar.show(await self._view())

    async def _plan(self, row: JobRow, at: datetime, pit_id: UUID | None, seat: Seat) -> None:
        now = datetime.now(UTC)
        answer = await plan.reschedule(row.id, row.version, at, pit_id, seat.viewer, now)
        if not isinstance(answer, Job):
            toast("warn", refusal_text(answer))
            return
        when = moment(max(at, now), seat.zone, now)
        back = partial(self._put_back, row, answer.version)
        toast("ok", _("{car} comes {time}.").format(car=row.car, time=when), _("Undo"), back)

    async def _put_back(self, row: JobRow, version: int) -> None:
        seat = await permitted(Intent.WORK_ON_JOBS)
        if seat is None:
            return
        now = datetime.now(UTC)
        answer = await plan.reschedule(row.id, version, row.planned_at, row.pit_id, seat.viewer, now)
        if not isinstance(answer, Job):
            toast("warn", refusal_text(answer))


def _pit_rows(places: Sequence[PlaceRow], rows: Sequence[JobRow]) -> tuple[CalendarRow, ...]:
    known = {place.id for place in places}
    pits = tuple(CalendarRow(str(place.id), place.name) for place in places)
    without = any(row.pit_id not in known for row in rows)
    return (*pits, CalendarRow(NO_PIT, _("No pit yet"))) if without or not pits else pits


def _title(along: Axis, rows: Sequence[JobRow]) -> str:
    """23 Nov – 29 Nov: 12 cars."""
    since, until = along.span()
    first, last = day(since, along.zone), day(until - timedelta(minutes=1), along.zone)
    when = first if along.days == 1 else f"{first} – {last}"
    return f"{when}: {job_ways.cars(len(rows))}"
