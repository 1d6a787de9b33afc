"""One job with all that is known of it, kept right while others work on it."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from nicegui.element import Element
from starlette.requests import Request
from starlette.responses import Response

from actions.jobs import notes
from actions.people import Seat
from domain.access import Intent
from domain.jobs.moves import moves_from
from domain.jobs.words import IN_PIT, Event, Stage, State
from domain.refusals import Refusal
from storage import job_whole
from storage.job_whole import WholeJob
from storage.session import transaction
from ui.components.field import text_field
from ui.components.photos import Photos
from ui.components.pieces import Card, Kind, button, link_button, tone_chip
from ui.components.stage_stepper import stage_stepper
from ui.components.toast import toast
from ui.frame import Frame
from ui.job_feed import JobFeed, JobNews
from ui.page import page
from ui.pages import shell
from ui.pages.account.asking import permitted
from ui.pages.job_words import (
    EVENT_ICONS,
    STATE_ICONS,
    STATE_TONES,
    event_word,
    refusal_text,
    stage_word,
    state_word,
)
from ui.pages.owner import job_damage, job_facts, job_leaving, job_link, job_moving, job_story, job_ways
from ui.pages.owner.job_air import air_card
from ui.pages.owner.job_link import CustomersSide
from ui.pages.owner.jobs_board import of_menu
from ui.pages.owner.pit_camera import PitPicture
from ui.pages.owner.timelapse import timelapse_card
from ui.texts import _


def install(feed: JobFeed) -> None:
    job_leaving.install()

    @page("/jobs/{job_id}")
    async def job_page(request: Request, job_id: str) -> Response | None:
        seat = await shell.admit(request, Intent.SEE_JOBS)
        if not isinstance(seat, Seat):
            return seat
        id_ = shell.parse_id(job_id)
        whole = await _read(seat, id_) if id_ else None
        if whole is None:
            await shell.no_such(seat, _("No such job"), _("It may belong to another workshop."), shell.JOBS)
            return None
        title = f"{whole.row.car} {whole.row.plate}".strip()
        async with shell.framed(seat, current=shell.JOBS, title=title, back=shell.JOBS) as frame:
            shown = _JobPage(seat, frame, whole)
            shown.start()
            await shown.show_rest()
            feed.follow(seat.viewer.tenant_id, shown.news)
        return None


async def _read(seat: Seat, job_id: UUID) -> WholeJob | None:
    async with transaction(seat.viewer.tenant_id) as tx:
        return await job_whole.read(tx, seat.viewer.tenant_id, job_id)


class _JobPage:
    """Three columns: the work, the car, the people and papers; below them what happened."""

    def __init__(self, seat: Seat, frame: Frame, whole: WholeJob) -> None:
        self._seat, self._frame, self._whole = seat, frame, whole
        self._may = seat.viewer.may(Intent.WORK_ON_JOBS)
        self._shown_moves: tuple[State, tuple[Event, ...]] | None = None
        self._picture = PitPicture()
        self._drawn: dict[int, Any] = {}
        self._side: CustomersSide | None = None

    def start(self) -> None:
        self._chips, self._moves = self._frame.beside_title, self._frame.actions
        with Element("div").classes("columns job-page"):
            with Element("div").classes("stack wide"):
                self._picture.stand()
                self._work = Element("div").classes("stack wide")
                self._air = Element("div").classes("stack wide")
            with Element("div").classes("stack wide"):
                self._car = Element("div").classes("stack wide")
                with Card(_("Photos"), pad=True):
                    stages = {stage.value: stage_word(stage) for stage in Stage}
                    job_id, zone = str(self._whole.row.id), self._seat.zone
                    self._photos = Photos(job_id, may_change=self._may, zone=zone, stages=stages)
            with Element("div").classes("stack wide beside"):
                self._link = Element("div").classes("stack wide")
                self._people = Element("div").classes("stack wide")
            with Element("div").classes("three"), Card(_("What happened")):
                if self._may:
                    self._note_field()
                self._story = Element("div")
        self._show()
        self._buttons()

    async def news(self, news: JobNews) -> None:
        if news.concerns(self._whole.row.id):
            self._photos.refresh()
            await self._again()

    async def _again(self) -> None:
        whole = await _read(self._seat, self._whole.row.id)
        if whole is not None:
            self._whole = whole
            self._show()
            self._buttons()
            await self.show_rest()

    async def show_rest(self) -> None:
        """What is read on its own: the pit's live picture while the car stands in it, the climate so far, the
        customer's link and the passport.
        """
        row = self._whole.row
        await self._picture.show(row.pit_id if row.state in IN_PIT else None)
        self._air.clear()
        with self._air:
            await air_card(self._seat, row.id)
        await self._show_customers_side()

    async def _show_customers_side(self) -> None:
        side = await job_link.read(self._whole.row.id, self._seat)
        if side == self._side:
            return
        self._side = side
        self._link.clear()
        if side is not None:
            with self._link:
                job_link.link_card(side, self._seat, self._again)
                job_link.passport_card(side, self._seat, self._again)
                await timelapse_card(self._seat, side.job_id)

    def _show(self) -> None:
        whole, zone, now = self._whole, self._seat.zone, datetime.now(UTC)
        row = whole.row
        self._frame.set_title(f"{row.car} {row.plate}".strip())
        self._draw(self._chips, row.state, self._state_chip)
        self._draw(self._work, now, self._work_cards)
        self._draw(self._car, (whole.marks, whole.defects, row.ended_at), self._car_cards)
        known = (whole.agreed, whole.vehicle, whole.customer, whole.film, row.ended_at)
        self._draw(self._people, known, self._people_cards)
        self._draw(self._story, whole.happenings, lambda: job_story.story(whole.happenings, zone, now))

    def _draw(self, place: Element, of: Any, draw: Callable[[], Any]) -> None:
        """Draws a part of the page if what it is made `of` changed: what stays can be pressed at every moment."""
        if self._drawn.get(place.id) == of:
            return
        self._drawn[place.id] = of
        place.clear()
        with place:
            draw()

    def _state_chip(self) -> None:
        state = self._whole.row.state
        tone_chip(STATE_TONES[state], state_word(state), STATE_ICONS[state])

    def _work_cards(self) -> None:
        whole, may, zone, now = self._whole, self._may, self._seat.zone, datetime.now(UTC)
        job_facts.eta_card(whole, zone, now)
        with Card(_("Stages"), pad=True):
            stage_stepper(job_story.steps(whole, zone, now))
        job_facts.work_card(whole, may, zone, now)
        job_leaving.papers_card(whole, zone, now)

    def _car_cards(self) -> None:
        job_damage.damage_card(self._whole, self._may)
        job_damage.defects_card(self._whole, self._may, self._seat.zone, datetime.now(UTC))

    def _people_cards(self) -> None:
        for card in (job_facts.agreement_card, job_facts.car_card, job_facts.customer_card, job_facts.film_card):
            card(self._whole, self._may)

    def _buttons(self) -> None:
        """What can be done now: the way ahead is the primary button. They stay as long as they are the same, so that
        nobody's click meets one that is just being replaced.
        """
        row = self._whole.row
        moves = of_menu(row, moves_from(row.state, self._seat.viewer.role)) if self._may else []
        wanted = (row.state, tuple(moves))
        if wanted == self._shown_moves:
            return
        self._shown_moves = wanted
        self._moves.clear()
        with self._moves:
            self._make_buttons(moves)

    def _make_buttons(self, moves: list[Event]) -> None:
        row = self._whole.row
        ahead = next((event for event in moves if event not in (Event.HOLD, Event.CANCEL, Event.FAIL)), None)
        for event in sorted(moves, key=lambda event: event is ahead):
            kind: Kind = "primary" if event is ahead else "secondary"
            button(event_word(event), lambda e=event: self._do(e), kind=kind, icon=EVENT_ICONS[event])
        if self._may and row.state is State.DELIVERED:
            link_button(_("Comeback"), f"{job_ways.NEW}?comeback_of={row.id}", icon="replay")

    async def _do(self, event: Event) -> None:
        if event is Event.DELIVER:
            await job_leaving.hand_over_car(self._whole)
        else:
            await job_moving.carry_out(self._whole.row, event)
        await self._again()

    def _note_field(self) -> None:
        with Element("div").classes("note-line"):
            field = text_field(_("Note"), check=None)
            field.input.props["maxlength"] = notes.SAID_CHARS

            async def add() -> None:
                seat = await permitted(Intent.WORK_ON_JOBS)
                if seat is None or not str(field.value or "").strip():
                    return
                answer = await notes.note(self._whole.row.id, str(field.value), seat.viewer, datetime.now(UTC))
                if isinstance(answer, Refusal):
                    toast("warn", refusal_text(answer))
                    return
                field.value = ""
                await self._again()

            field.input.on("keydown.enter", add)
            button(_("Add note"), add)
