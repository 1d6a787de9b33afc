"""A car is taken in or booked in under a minute: who is known is filled in, everything else has a sensible default."""

from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Any
from uuid import UUID, uuid4

from nicegui import ui
from nicegui.element import Element
from starlette.requests import Request
from starlette.responses import Response

from actions.jobs.create import NOTE_CHARS, PLANNED_WITHIN, Created, NewJob, create
from actions.people import Seat
from domain.access import Intent
from domain.jobs.calendar import WorkingCalendar
from domain.jobs.eta import estimate
from domain.jobs.plans import DEFAULT_MINUTES
from domain.jobs.words import VehicleClass, WorkType
from domain.refusals import Refusal
from storage import job_choices, job_detail, job_known, job_rows, jobs
from storage.job_choices import CrewRow, PlaceRow
from storage.job_intake import NewCustomer, NewVehicle
from storage.job_known import Known
from storage.jobs import JobRow
from storage.session import transaction
from ui import links
from ui.components.copy_link import CopyLink
from ui.components.field import Field, number_field
from ui.components.markup import Text, raw
from ui.components.pieces import Card, button, link_button
from ui.components.qr import qr_svg
from ui.components.segmented import Segmented
from ui.components.toast import toast
from ui.components.work_tiles import Tile, WorkTiles
from ui.page import page
from ui.pages import shell
from ui.pages.account.asking import permitted
from ui.pages.job_words import refusal_text, work_word
from ui.pages.owner import job_dialogs, job_editing, job_ways
from ui.texts import _, duration, moment

NOW, LATER = "now", "later"
MINUTES_MAX = 100_000


def install() -> None:
    @page(job_ways.NEW)
    async def new_job(request: Request) -> Response | None:
        seat = await shell.admit(request, Intent.WORK_ON_JOBS)
        if not isinstance(seat, Seat):
            return seat
        asked = request.query_params
        earlier = shell.parse_id(asked.get("comeback_of", ""))
        choices = await _choices(seat, earlier)
        title = _("Comeback of {car}").format(car=choices.earlier.car) if choices.earlier else _("New job")
        async with shell.framed(seat, current=shell.JOBS, title=title, back=shell.JOBS):
            form = _Form(seat, choices)
            form.build(shell.parse_id(asked.get("pit", "")), job_editing.moment_of(asked.get("at"), seat.zone))
            await form.reckon()
        return None


@dataclass(frozen=True, slots=True)
class Choices:
    crew: list[CrewRow]
    places: list[PlaceRow]
    calendar: WorkingCalendar
    earlier: JobRow | None
    """The job whose work is done again."""
    known: Known | None
    """Its customer and vehicle."""


async def _choices(seat: Seat, earlier_id: UUID | None) -> Choices:
    tenant_id = seat.viewer.tenant_id
    async with transaction(tenant_id) as tx:
        earlier = await jobs.one(tx, tenant_id, earlier_id) if earlier_id else None
        known = None
        if earlier is not None:
            known = Known(
                await job_detail.customer_of(tx, tenant_id, earlier.id),
                await job_detail.vehicle_of(tx, tenant_id, earlier.id),
            )
        crew, places = await job_choices.crew(tx, tenant_id), await job_choices.places(tx, tenant_id)
        return Choices(crew, places, await job_rows.calendar(tx, tenant_id), earlier, known)


class _Form:
    """Three cards: whose car, what is done, where and when; the promise is reckoned with every change."""

    def __init__(self, seat: Seat, choices: Choices) -> None:
        self._seat, self._choices, self._key = seat, choices, uuid4()
        self._known = choices.known
        self._work = WorkType(choices.earlier.work_type) if choices.earlier else WorkType.FULL_PPF
        self._filled: Known | None = choices.known
        self._is_later = False

    def build(self, pit_id: UUID | None, at: datetime | None) -> None:
        self._place = Element("div").classes("columns new-job")
        with self._place:
            with Card(_("Car and customer"), pad=True), Element("div").classes("stack wide"):
                self._people()
            with Card(_("Work"), pad=True), Element("div").classes("stack wide"):
                self._what()
            with Card(_("Where and when"), pad=True), Element("div").classes("stack wide"):
                self._where(pit_id, at)

    def _people(self) -> None:
        known = self._known
        with Element("div").classes("form-grid"):
            vehicle = job_editing.vehicle_fields(known.vehicle if known else {})
        self._found = Element("div").classes("found")
        self._found.props["role"] = "status"
        with Element("div").classes("form-grid"):
            customer = job_editing.customer_fields(known.customer if known else {"language": self._seat.language})
        agrees = bool(known and known.customer["agrees_to_notices"])
        self._agrees = ui.checkbox(_("Agrees to notices about this car"), value=agrees)
        self._vehicle, self._customer = vehicle, customer
        vehicle["plate"].input.props["autofocus"] = True
        vehicle["plate"].input.on("blur", lambda: self._look_up(str(vehicle["plate"].value or "")))
        customer["phone"].input.on("blur", lambda: self._look_up(str(customer["phone"].value or "")))
        vehicle["vehicle_class"].input.on_value_change(self.reckon)

    def _what(self) -> None:
        tiles = [
            Tile(work.value, work_word(work), duration(DEFAULT_MINUTES[work] * 60, exact=True)) for work in WorkType
        ]
        WorkTiles(_("Kind of work"), tiles, self._work.value, self._choose_work)
        self._minutes = number_field(
            _("Working time"), None, unit=_("min"), check=_minutes_fault,
            help=_("Leave it empty for the usual time, or for what earlier jobs took."),
        )  # fmt: skip
        self._minutes.input.on_value_change(self.reckon)
        self._note = Field(_("What was agreed"), lambda: ui.textarea())
        self._note.input.props["maxlength"] = NOTE_CHARS

    def _where(self, pit_id: UUID | None, at: datetime | None) -> None:
        choices = self._choices
        words = {NOW: _("The car is here"), LATER: _("Booked for later")}
        self._is_later = at is not None
        Segmented(_("When"), words, LATER if at else NOW, self._turn, wide=False)
        self._when = job_editing.when_field(at or datetime.now(UTC), self._seat.zone)
        self._when.visible = self._is_later
        self._when.input.on_value_change(self.reckon)
        pit = pit_id or _free_pit(choices.places)
        staff = _least_busy(choices.crew, self._seat.viewer.person_id)
        self._pit, self._staff = job_dialogs.given_fields(choices.crew, choices.places, pit, staff)
        self._promise = Element("div").classes("promise")
        self._promise.props["aria-live"] = "polite"
        button(_("Take the car in"), self._create, kind="primary", icon="check")

    async def _choose_work(self, work: str) -> None:
        self._work = WorkType(work)
        await self.reckon()

    async def _turn(self, when: str) -> None:
        self._is_later = when == LATER
        self._when.visible = self._is_later
        await self.reckon()

    async def _look_up(self, words: str) -> None:
        """Fills in who is known by plate or telephone, and says so; what was typed already stays."""
        tenant_id = self._seat.viewer.tenant_id
        async with transaction(tenant_id) as tx:
            known = await job_known.find(tx, tenant_id, words)
        if known is None or known == self._filled:
            return
        self._filled = known
        for fields, said in ((self._customer, known.customer), (self._vehicle, known.vehicle)):
            for name, field in fields.items():
                if not str(field.value or "").strip() or name in ("language", "vehicle_class"):
                    field.value = said[name]
                    field.say(None)
        self._agrees.value = bool(known.customer["agrees_to_notices"])
        self._found.clear()
        with self._found:
            car = " ".join(filter(None, (known.vehicle["make"], known.vehicle["model"], known.vehicle["plate"])))
            Text("p", _("Known: {name}, {car}. Filled in.").format(name=known.customer["name"], car=car))

    async def reckon(self) -> None:
        """The promise, as the action will make it."""
        tenant_id, now = self._seat.viewer.tenant_id, datetime.now(UTC)
        of = VehicleClass(self._vehicle["vehicle_class"].value)
        async with transaction(tenant_id) as tx:
            learned = await job_rows.finished_minutes(tx, tenant_id, self._work, of)
        plan = estimate(self._work, learned, self._own_min())
        begin = max(self._planned_at() or now, now)
        promised, likely = (self._choices.calendar.add(begin, m) for m in (plan.promised_min, plan.median_min))
        self._promise.clear()
        with self._promise:
            when = moment(promised, self._seat.zone, now) if promised else _("nobody can say")
            word = _("promised")
            raw(f'<b class="num">{escape(when)}</b> <span class="quiet">{escape(word)}</span>')
            says = _("{time} of work is usual").format(time=duration(plan.median_min * 60, exact=True))
            ready = _("ready about {time}").format(time=moment(likely, self._seat.zone, now)) if likely else ""
            Text("p", ", ".join(filter(None, (says, ready)))).classes("fine")

    def _own_min(self) -> int | None:
        value = self._minutes.value
        return int(value) if value and _minutes_fault(value) is None else None

    def _planned_at(self) -> datetime | None:
        return job_editing.moment_of(self._when.value, self._seat.zone) if self._is_later else None

    async def _create(self) -> None:
        fields = [*self._vehicle.values(), *self._customer.values(), self._minutes]
        if not job_editing.all_right(fields + ([self._when] if self._is_later else [])):
            toast("warn", _("Something is missing. Look at the marked fields."))
            return
        seat = await permitted(Intent.WORK_ON_JOBS)
        if seat is None:
            return
        answer = await create(self._said(), seat.viewer, datetime.now(UTC), key=self._key)
        if isinstance(answer, Created):
            self._made(answer)
        elif answer is Refusal.NOT_POSSIBLE_NOW:
            days = PLANNED_WITHIN.days
            self._when.say(_("A job is booked at most {n} days ahead.").format(n=days))
        else:
            toast("warn", refusal_text(answer))

    def _said(self) -> NewJob:
        given = job_dialogs.given_of(self._pit, self._staff)
        words: dict[str, Any] = job_editing.values_of(self._vehicle)
        words["vehicle_class"] = VehicleClass(words["vehicle_class"])
        earlier = self._choices.earlier
        return NewJob(
            NewCustomer(**job_editing.values_of(self._customer), agrees_to_notices=bool(self._agrees.value)),
            NewVehicle(**words),
            self._work,
            given.pit_id,
            given.staff,
            self._planned_at(),
            self._own_min(),
            str(self._note.value or ""),
            earlier.id if earlier else None,
        )

    def _made(self, created: Created) -> None:
        """The customer's link, which is shown once."""
        link = links.absolute(f"/t/{created.token}")
        self._place.clear()
        with self._place, Card(_("The job is made"), pad=True).classes("two"), Element("div").classes("stack wide"):
            if created.promised_at:
                when = moment(created.promised_at, self._seat.zone, datetime.now(UTC))
                Text("p", _("Promised {time}").format(time=when)).classes("big-number num")
            Text("p", _("The customer follows the car by this link. It is shown once, and can be made anew."))
            raw(qr_svg(link, _("QR code of the customer's link")))
            CopyLink(link, _("Customer's link"))
            with Element("div").classes("cluster"):
                link_button(_("Open the job"), job_ways.href(created.job_id), kind="primary")
                link_button(_("One more job"), job_ways.NEW, icon="add")


def _free_pit(places: list[PlaceRow]) -> UUID | None:
    """A free pit with the fewest cars planned for it; where there is none, the one with the fewest."""
    best = min(places, key=lambda place: (not place.is_free, place.open_jobs), default=None)
    return best.id if best else None


def _least_busy(crew: list[CrewRow], oneself: UUID) -> list[UUID]:
    """Somebody else than who takes the car in, if there is anybody."""
    best = min(crew, key=lambda person: (person.id == oneself, person.open_jobs), default=None)
    return [best.id] if best else []


def _minutes_fault(value: Any) -> str | None:
    if value is None or value == "":
        return None
    whole = isinstance(value, int | float) and float(value).is_integer()
    fits = whole and 1 <= value <= MINUTES_MAX
    return None if fits else _("Enter whole minutes, at least 1.")
