"""Damage at intake: a tap on the drawing or a part of the car by name, each with words; and defects of the work."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

from nicegui import ui
from nicegui.element import Element

from actions.jobs import damage, notes
from domain.access import Intent
from domain.jobs.words import ENDED
from domain.refusals import Refusal
from storage.job_damage import MarkRow
from storage.job_whole import WholeJob
from ui.components.damage_map import AREAS, DamageMap, Mark, area_of
from ui.components.dialog import answer_of, lasting
from ui.components.field import Field, select_field, text_field
from ui.components.markup import Text
from ui.components.pieces import Card, button, icon_button
from ui.components.toast import toast
from ui.pages.account.asking import permitted
from ui.pages.job_words import refusal_text
from ui.pages.owner.photo_choice import PhotoChoice, photos_to_choose, thumbnail
from ui.texts import _, moment, number


def damage_card(whole: WholeJob, may: bool) -> None:
    open_ = may and whole.row.state not in ENDED
    with Card(_("Damage at intake")) as card:
        marks = [Mark(str(m.id), m.x, m.y, m.said) for m in whole.marks]
        DamageMap(marks, lasting(lambda x, y: _mark(whole.row.id, x, y)) if open_ else None)
        for n, mark in enumerate(whole.marks, start=1):
            _listed(whole.row.id, n, mark, open_)
        if not whole.marks:
            says = _("Tap on the drawing where the car is damaged.") if open_ else _("No damage was marked.")
            Text("p", says).classes("note")
    if open_:
        with card.header:
            button(_("Mark a part"), lasting(lambda: _mark_area(whole.row.id)), icon="add", kind="plain")


def _listed(job_id: UUID, n: int, mark: MarkRow, open_: bool) -> None:
    with Element("div").classes("listed marked"):
        Text("span", number(n)).classes("number num")
        with Element("div").classes("says"):
            Text("h3", mark.said)
            Text("p", area_of(mark.x, mark.y))
        with Element("div").classes("cluster"):
            if mark.photo_id:
                thumbnail(mark.photo_id, _("Photo of the damage: {what}").format(what=mark.said))
            if open_:
                label = _("Take mark {n} off").format(n=number(n))
                icon_button("delete", label, lasting(lambda: _unmark(job_id, mark))).classes("plain")


async def _mark(job_id: UUID, x: int, y: int) -> None:
    photos = await photos_to_choose(job_id)
    with ui.dialog() as dialog, Element("div").classes("dialog stack wide"):
        Text("h2", _("Damage: {part}").format(part=area_of(x, y)))
        said = text_field(_("What is it"), help=_("Scratch 4 cm, dent, stone chip"), check=_some_words)
        said.input.props.update({"maxlength": notes.SAID_CHARS, "autofocus": True})
        said.input.on("keydown.enter", lambda: dialog.submit(True) if said.is_right() else None)
        choice = PhotoChoice(photos)
        _footer(dialog, said)
    if await answer_of(dialog):
        await _save(job_id, x, y, str(said.value), choice.photo_id)


async def _mark_area(job_id: UUID) -> None:
    """For those who don't tap: a part of the car by its name."""
    photos = await photos_to_choose(job_id)
    with ui.dialog() as dialog, Element("div").classes("dialog stack wide"):
        Text("h2", _("Mark damage"))
        part = select_field(_("Part of the car"), {key: _(area[0]) for key, area in AREAS.items()}, next(iter(AREAS)))
        said = text_field(_("What is it"), help=_("Scratch 4 cm, dent, stone chip"), check=_some_words)
        said.input.props["maxlength"] = notes.SAID_CHARS
        choice = PhotoChoice(photos)
        _footer(dialog, said)
    if await answer_of(dialog):
        _word, x, y = AREAS[str(part.value)]
        await _save(job_id, x, y, str(said.value), choice.photo_id)


def _footer(dialog: ui.dialog, said: Field) -> None:
    with Element("footer"):
        button(_("Cancel"), lambda: dialog.submit(None))
        button(_("Mark it"), lambda: dialog.submit(True) if said.is_right() else None, kind="primary")


async def _save(job_id: UUID, x: int, y: int, said: str, photo_id: UUID | None) -> None:
    seat = await permitted(Intent.WORK_ON_JOBS)
    if seat is None:
        return
    now = datetime.now(UTC)
    answer = await damage.mark(job_id, x, y, said, seat.viewer, now, key=uuid4(), photo_id=photo_id)
    if isinstance(answer, Refusal):
        toast("warn", refusal_text(answer))


async def _unmark(job_id: UUID, mark: MarkRow) -> None:
    seat = await permitted(Intent.WORK_ON_JOBS)
    if seat is None:
        return
    answer = await damage.unmark(job_id, mark.id, seat.viewer, datetime.now(UTC))
    if answer is not None:
        toast("warn", refusal_text(answer))
        return
    toast("ok", _("The mark is off."), _("Undo"), lambda: _save(job_id, mark.x, mark.y, mark.said, mark.photo_id))


def defects_card(whole: WholeJob, may: bool, zone: str, now: datetime) -> None:
    """Defects that were found in the work, and noting one more."""
    open_ = may and whole.row.state not in ENDED
    with Card(_("Defects")) as card:
        for each in whole.defects:
            with Element("div").classes("listed"):
                Text("span", "report").classes("icon").props["aria-hidden"] = "true"
                with Element("div").classes("says"):
                    Text("h3", each.said)
                    when = moment(each.noted_at, zone, now)
                    Text("p", " · ".join(filter(None, (when, each.person))))
        if not whole.defects:
            Text("p", _("None was found.")).classes("note")
    if open_:
        with card.header:
            button(_("Note defect"), lasting(lambda: _note_defect(whole.row.id)), icon="add", kind="plain")


async def _note_defect(job_id: UUID) -> None:
    key = uuid4()
    with ui.dialog() as dialog, Element("div").classes("dialog stack wide"):
        Text("h2", _("Note a defect"))
        said = text_field(_("What is wrong"), check=_some_words)
        said.input.props.update({"maxlength": notes.SAID_CHARS, "autofocus": True})
        with Element("footer"):
            button(_("Cancel"), lambda: dialog.submit(None))
            button(_("Note defect"), lambda: dialog.submit(True) if said.is_right() else None, kind="primary")
    if not await answer_of(dialog):
        return
    seat = await permitted(Intent.WORK_ON_JOBS)
    if seat is None:
        return
    answer = await notes.defect(job_id, str(said.value), seat.viewer, datetime.now(UTC), key=key)
    if isinstance(answer, Refusal):
        toast("warn", refusal_text(answer))
    else:
        toast("ok", _("The defect is noted."))


def _some_words(value: str) -> str | None:
    return None if (value or "").strip() else _("Say it in a few words.")
