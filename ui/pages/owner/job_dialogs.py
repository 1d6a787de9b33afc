"""What is asked before a job moves: why, what it waits for, what was checked, what is wrong, who and where."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from nicegui import ui
from nicegui.element import Element

from domain.jobs.moves import REASON_CHARS
from domain.jobs.plans import CHECKLISTS, STAGES
from domain.jobs.words import Event, HoldReason, Stage, WorkType
from storage.job_choices import CrewRow, PlaceRow
from storage.jobs import JobRow
from ui.components.dialog import answer_of
from ui.components.field import Field, select_field, text_field
from ui.components.markup import Text
from ui.components.pieces import button
from ui.pages.job_words import EVENT_ICONS, check_word, event_word, hold_word, stage_word
from ui.texts import _

NO_PIT = ""
ASSIGN = "assign"


@dataclass(frozen=True, slots=True)
class Hold:
    reason: HoldReason
    words: str


@dataclass(frozen=True, slots=True)
class Rework:
    """A check that failed: from which stage on the work is done again, and a defect more, if one was said."""

    stage: Stage
    defect: str


@dataclass(frozen=True, slots=True)
class Given:
    pit_id: UUID | None
    staff: frozenset[UUID]


async def ask_hold(row: JobRow) -> Hold | None:
    with ui.dialog() as dialog, Element("div").classes("dialog stack wide"):
        Text("h2", _("Put {car} on hold?").format(car=row.car))
        reasons = {reason.value: hold_word(reason) for reason in HoldReason}
        why = select_field(_("What does it wait for?"), reasons, HoldReason.PARTS.value)
        words = text_field(_("In more words"), help=_("The others see it on the job."))
        words.input.props["maxlength"] = REASON_CHARS
        _footer(dialog, event_word(Event.HOLD), lambda: dialog.submit(True))
    if await answer_of(dialog) is None:
        return None
    return Hold(HoldReason(why.value), str(words.value or ""))


async def ask_why(question: str, effect: str, verb: str, *, danger: bool = False) -> str | None:
    """A reason in a few words, which is kept; None if nothing shall be done."""
    with ui.dialog() as dialog, Element("div").classes("dialog stack wide"):
        Text("h2", question)
        Text("p", effect)
        why = text_field(_("Reason"), help=_("It is kept in the trail."), check=_some_words)
        why.input.props["maxlength"] = REASON_CHARS
        why.input.props["autofocus"] = True
        _footer(dialog, verb, lambda: dialog.submit(True) if why.is_right() else None, danger=danger)
    return str(why.value) if await answer_of(dialog) else None


async def ask_checked(row: JobRow) -> frozenset[str] | None:
    """Every point of the checklist, ticked off one by one."""
    items = CHECKLISTS[WorkType(row.work_type)]
    ticks: dict[str, ui.checkbox] = {}
    with ui.dialog() as dialog, Element("div").classes("dialog stack wide"):
        Text("h2", _("Quality check of {car}").format(car=row.car))
        Text("p", _("Tick what you have looked at. What is not right goes back to work."))
        with Element("div").classes("checks"):
            for item in items:
                ticks[item] = ui.checkbox(check_word(item), value=item in row.checked)
            button(_("Tick all"), lambda: [tick.set_value(True) for tick in ticks.values()], kind="plain")
        _footer(dialog, event_word(Event.PASS), lambda: dialog.submit(True))
    if await answer_of(dialog) is None:
        return None
    return frozenset(item for item, tick in ticks.items() if tick.value)


async def ask_rework(row: JobRow) -> Rework | None:
    stages = STAGES[WorkType(row.work_type)]
    with ui.dialog() as dialog, Element("div").classes("dialog stack wide"):
        Text("h2", _("Send {car} back to work?").format(car=row.car))
        needed = row.defects == 0

        def fault(value: str) -> str | None:
            return _some_words(value) if needed else None

        help = "" if needed else _("Defects are noted already; add one if you like.")
        said = text_field(_("What is wrong"), help=help, check=fault)
        said.input.props["maxlength"] = 2_000
        words = {stage.value: stage_word(stage) for stage in stages}
        stage = select_field(_("Work starts again with"), words, stages[-1].value)
        _footer(dialog, event_word(Event.FAIL), lambda: dialog.submit(True) if said.is_right() else None)
    if await answer_of(dialog) is None:
        return None
    return Rework(Stage(stage.value), str(said.value or "").strip())


async def ask_given(row: JobRow, crew: Sequence[CrewRow], places: Sequence[PlaceRow], why: str = "") -> Given | None:
    """Pit and people of a job."""
    with ui.dialog() as dialog, Element("div").classes("dialog stack wide"):
        Text("h2", _("Who works on {car}, and where?").format(car=row.car))
        if why:
            Text("p", why)
        pit, people = given_fields(crew, places, row.pit_id, row.staff)
        _footer(dialog, _("Assign"), lambda: dialog.submit(True))
    if await answer_of(dialog) is None:
        return None
    return given_of(pit, people)


def given_fields(
    crew: Sequence[CrewRow], places: Sequence[PlaceRow], pit_id: UUID | None, staff: Sequence[UUID]
) -> tuple[Field, Field]:
    free = _("free")
    pits = {NO_PIT: _("No pit yet")} | {
        str(place.id): f"{place.name} ({free})" if place.is_free else place.name for place in places
    }
    pit = select_field(_("Pit"), pits, str(pit_id) if str(pit_id) in pits else NO_PIT)
    names = {str(person.id): person.name for person in crew}
    people = Field(
        _("People"),
        lambda: ui.select(names, multiple=True, value=[str(id_) for id_ in staff if str(id_) in names]).props(
            "use-chips"
        ),
    )
    return pit, people


def given_of(pit: Field, people: Field) -> Given:
    return Given(UUID(pit.value) if pit.value else None, frozenset(UUID(id_) for id_ in people.value or ()))


async def choose_move(row: JobRow, moves: Sequence[Event], *, may_assign: bool) -> Event | str | None:
    """One of the moves, or ASSIGN, or None."""
    with ui.dialog() as dialog, Element("div").classes("dialog stack"):
        Text("h2", f"{row.car} {row.plate}")
        for event in moves:
            button(event_word(event), lambda e=event: dialog.submit(e), icon=EVENT_ICONS[event])
        if may_assign:
            button(_("Pit and people"), lambda: dialog.submit(ASSIGN), icon="garage")
        with Element("footer"):
            button(_("Close"), lambda: dialog.submit(None), kind="plain")
    answer: Any = await answer_of(dialog)
    return answer if isinstance(answer, Event | str) else None


def _footer(dialog: ui.dialog, verb: str, on_done: Any, *, danger: bool = False) -> None:
    with Element("footer"):
        button(_("Cancel"), lambda: dialog.submit(None))
        button(verb, on_done, kind="danger" if danger else "primary")


def _some_words(value: str) -> str | None:
    return None if (value or "").strip() else _("Say it in a few words.")
