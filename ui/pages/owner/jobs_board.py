"""The workshop's open jobs as a board: by state or by pit. Cards are moved; what is announced puts them right."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from nicegui.element import Element
from starlette.requests import Request
from starlette.responses import Response

from actions.people import Seat
from domain.access import Intent
from domain.jobs.moves import event_towards, moves_from
from domain.jobs.plans import STAGES
from domain.jobs.words import IN_PIT, Event, HoldReason, State, WorkType
from storage import job_choices
from storage.job_choices import PlaceRow
from storage.jobs import JobRow
from storage.session import transaction
from ui.components.job_board import BoardCard, BoardLane, JobBoard, Segment
from ui.components.segmented import Segmented
from ui.frame import Frame
from ui.job_feed import JobFeed, JobNews, open_jobs_of
from ui.page import page
from ui.pages import shell
from ui.pages.job_words import STATE_ICONS, STATE_TONES, hold_word, standing, state_word, work_word
from ui.pages.owner import job_dialogs, job_moving, job_ways
from ui.texts import _, moment

COLUMNS = (State.RECEIVED, State.IN_PROGRESS, State.QUALITY_CHECK, State.ON_HOLD, State.COMPLETE)
BY_STATE, BY_PIT, NO_PIT = "state", "pit", "none"


def install(feed: JobFeed) -> None:
    @page(shell.JOBS)
    async def board(request: Request) -> Response | None:
        seat = await shell.admit(request, Intent.SEE_JOBS)
        if not isinstance(seat, Seat):
            return seat
        async with shell.framed(seat, current=shell.JOBS, title=_("Jobs")) as frame:
            shown = _Board(seat, frame)
            await shown.start(request.query_params.get("by") == BY_PIT)
            feed.follow(seat.viewer.tenant_id, shown.news)
        return None


class _Board:
    def __init__(self, seat: Seat, frame: Frame) -> None:
        self._seat, self._frame = seat, frame
        self._may = seat.viewer.may(Intent.WORK_ON_JOBS)
        self._rows: dict[str, JobRow] = {}
        self._places: list[PlaceRow] = []
        self._by = BY_STATE

    async def start(self, by_pit: bool) -> None:
        self._by = BY_PIT if by_pit else BY_STATE
        job_ways.ways(self._frame, self._seat, current=shell.JOBS)
        with Element("div").classes("filters"):
            words = {BY_STATE: _("By state"), BY_PIT: _("By pit")}
            Segmented(_("Lanes"), words, self._by, self._turn)
        self._nothing = Element("div")
        self._board = JobBoard(self._moved, self._menu, label=_("Jobs"))
        await self._show(await open_jobs_of(self._seat.viewer.tenant_id))

    async def news(self, news: JobNews) -> None:
        await self._show(news.open_jobs)

    async def _turn(self, by: str) -> None:
        self._by = by
        await self._show(tuple(self._rows.values()))

    async def _show(self, rows: Sequence[JobRow]) -> None:
        tenant_id, now = self._seat.viewer.tenant_id, datetime.now(UTC)
        async with transaction(tenant_id) as tx:
            self._places = await job_choices.places(tx, tenant_id)
        self._rows = {str(row.id): row for row in rows}
        self._frame.set_title(job_ways.title(rows, now))
        by_pit = self._by == BY_PIT
        lanes = self._pit_lanes() if by_pit else state_lanes()
        self._board.show(lanes, [card(row, self._seat.zone, now, by_pit=by_pit) for row in rows])
        self._board.visible = bool(rows)
        self._nothing.clear()
        if not rows:
            with self._nothing:
                job_ways.no_jobs()

    def _pit_lanes(self) -> list[BoardLane]:
        free, taken = _("No car here"), _("No pit yet")
        lanes = [BoardLane(str(place.id), place.name, "garage", empty=free) for place in self._places]
        return [BoardLane(NO_PIT, taken, "hourglass_empty", empty=_("Every job has a pit.")), *lanes]

    async def _moved(self, key: str, lane: str) -> None:
        row = self._rows[key]
        if self._by == BY_PIT:
            await job_moving.put(row, None if lane == NO_PIT else UUID(lane), frozenset(row.staff))
        else:
            await self._towards(row, State(lane))
        await self._show(await open_jobs_of(self._seat.viewer.tenant_id))

    async def _towards(self, row: JobRow, target: State) -> None:
        event = event_towards(row.state, target, row.held_from)
        if event is None:
            job_moving.say_no_way(row, target, self._seat.viewer.role)
        else:
            await job_moving.carry_out(row, event)

    async def _menu(self, key: str) -> None:
        row = self._rows[key]
        moves = moves_from(row.state, self._seat.viewer.role) if self._may else ()
        wanted = await job_dialogs.choose_move(row, of_menu(row, moves), may_assign=self._may)
        if isinstance(wanted, Event):
            await job_moving.carry_out(row, wanted)
        elif wanted == job_dialogs.ASSIGN:
            await job_moving.give(row)
        await self._show(await open_jobs_of(self._seat.viewer.tenant_id))


def of_menu(row: JobRow, moves: Sequence[Event]) -> list[Event]:
    """Only the move that fits while stages are open: one is finished, or all are handed to the check."""
    unfit = Event.SUBMIT if row.stage is not None else Event.FINISH_STAGE
    return [event for event in moves if event is not unfit or row.state is not State.IN_PROGRESS]


def state_lanes() -> list[BoardLane]:
    nothing = _("No car here")
    return [
        BoardLane(state.value, state_word(state), STATE_ICONS[state], STATE_TONES[state], nothing) for state in COLUMNS
    ]


def card(row: JobRow, zone: str, now: datetime, *, by_pit: bool) -> BoardCard:
    where = state_word(row.state) if by_pit else row.pit or ""
    return BoardCard(
        key=str(row.id),
        lane=(str(row.pit_id) if row.pit_id else NO_PIT) if by_pit else row.state.value,
        href=job_ways.href(row.id),
        car=row.car,
        plate=row.plate,
        standing=standing(row.state, row.stage),
        segments=segments(row),
        time=moment(row.promised_at, zone, now) if row.promised_at else "",
        late=_("Late") if row.is_late(now) else "",
        who=" · ".join(filter(None, (work_word(WorkType(row.work_type)), where, ", ".join(row.staff_names)))),
        note=_note(row, zone, now),
    )


def segments(row: JobRow) -> tuple[Segment, ...]:
    """One a stage: done, at hand, or later."""
    at_hand = row.stage if row.state in IN_PIT else None
    kinds: list[Segment] = []
    for stage in STAGES[WorkType(row.work_type)]:
        kinds.append("done" if stage in row.stages_done else "now" if stage is at_hand else "")
    return tuple(kinds)


def _note(row: JobRow, zone: str, now: datetime) -> str:
    said = []
    if row.hold_reason:
        said.append(hold_word(HoldReason(row.hold_reason)))
    if row.rework:
        said.append(_("again ({n})").format(n=row.rework + 1))
    if row.comeback_of:
        said.append(_("Comeback"))
    if row.state is State.RECEIVED and row.planned_at > now:
        said.append(_("planned {time}").format(time=moment(row.planned_at, zone, now)))
    return ", ".join(said)
