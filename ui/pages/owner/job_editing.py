"""What is known of a job is corrected in dialogs: customer, vehicle, agreement, film, and when it is planned."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from nicegui import ui
from nicegui.element import Element

from actions.jobs import details, plan
from actions.jobs.create import NOTE_CHARS, WORD_CHARS
from domain.access import Intent
from domain.jobs.job import Refused
from domain.jobs.words import VehicleClass
from domain.refusals import Refusal
from storage import job_choices, job_detail
from storage.job_intake import NewCustomer, NewVehicle
from storage.job_whole import WholeJob
from storage.session import transaction
from ui.components.dialog import answer_of
from ui.components.field import Field, select_field, text_field
from ui.components.markup import Text
from ui.components.pieces import button
from ui.components.toast import toast
from ui.pages.account.asking import permitted
from ui.pages.job_words import class_word, refusal_text
from ui.pages.owner.job_dialogs import NO_PIT
from ui.texts import LANGUAGES, _

NO_FILM = ""
ROLLS_MAX = 200


def customer_fields(known: Mapping[str, Any]) -> dict[str, Field]:
    """By the fields of NewCustomer."""
    return {
        "name": _limited(text_field(_("Name"), known.get("name", ""), check=needed)),
        "phone": _limited(text_field(_("Phone"), known.get("phone", ""), kind="tel", check=phone_fault)),
        "mail": _limited(text_field(_("Mail"), known.get("mail", ""), kind="email", check=mail_fault)),
        "language": select_field(_("Language"), dict(LANGUAGES), known.get("language", "en")),
    }


def vehicle_fields(known: Mapping[str, Any]) -> dict[str, Field]:
    """By the fields of NewVehicle."""
    classes = {of.value: class_word(of) for of in VehicleClass}
    return {
        "plate": _limited(text_field(_("Plate"), known.get("plate", ""), code=True)),
        "make": _limited(text_field(_("Make"), known.get("make", ""), check=needed)),
        "model": _limited(text_field(_("Model"), known.get("model", ""), check=needed)),
        "colour": _limited(text_field(_("Colour"), known.get("colour", ""))),
        "vehicle_class": select_field(_("Class"), classes, known.get("vehicle_class", VehicleClass.SEDAN.value)),
        "vin": _limited(text_field(_("VIN"), known.get("vin", ""), code=True)),
    }


def values_of(fields: Mapping[str, Field]) -> dict[str, str]:
    return {name: str(field.value or "").strip() for name, field in fields.items()}


def all_right(fields: Iterable[Field]) -> bool:
    """Looks at every field, so that each says what is wrong with it."""
    return False not in {field.is_right() for field in fields}


async def edit_customer(whole: WholeJob) -> None:
    with ui.dialog() as dialog, Element("div").classes("dialog broad stack wide"):
        Text("h2", _("Customer"))
        with Element("div").classes("form-grid"):
            fields = customer_fields(whole.customer)
        agrees = ui.checkbox(_("Agrees to notices about this car"), value=whole.customer["agrees_to_notices"])
        _footer(dialog, lambda: all_right(fields.values()))
    if await answer_of(dialog):
        said = NewCustomer(**values_of(fields), agrees_to_notices=bool(agrees.value))
        await _save(lambda by, now: details.change_customer(whole.row.id, said, by, now))


async def edit_vehicle(whole: WholeJob) -> None:
    with ui.dialog() as dialog, Element("div").classes("dialog broad stack wide"):
        Text("h2", _("Vehicle"))
        with Element("div").classes("form-grid"):
            fields = vehicle_fields(whole.vehicle)
        _footer(dialog, lambda: all_right(fields.values()))
    if await answer_of(dialog):
        words = values_of(fields)
        of = VehicleClass(words.pop("vehicle_class"))
        said = NewVehicle(**words, vehicle_class=of)
        await _save(lambda by, now: details.change_vehicle(whole.row.id, said, by, now))


async def edit_agreement(whole: WholeJob) -> None:
    with ui.dialog() as dialog, Element("div").classes("dialog stack wide"):
        Text("h2", _("What was agreed"))
        note = Field(_("Agreement"), lambda: ui.textarea(value=whole.agreed["note"]))
        note.input.props["maxlength"] = NOTE_CHARS
        video = ui.checkbox(_("The customer may watch the pit's camera"), value=whole.agreed["video_allowed"])
        _footer(dialog, lambda: True)
    if await answer_of(dialog):
        words, allowed = str(note.value or ""), bool(video.value)
        await _save(lambda by, now: details.change_job(whole.row.id, words, allowed, by, now))


async def choose_film(whole: WholeJob) -> None:
    tenant_seat = await permitted(Intent.WORK_ON_JOBS)
    if tenant_seat is None:
        return
    async with transaction(tenant_seat.viewer.tenant_id) as tx:
        rolls = await job_detail.rolls(tx, tenant_seat.viewer.tenant_id, most=ROLLS_MAX)
    if not rolls and whole.film is None:
        toast("warn", _("No roll of film is in stock. Add one in the workshop's settings."))
        return
    names = {str(roll.id): roll.name for roll in ([whole.film] if whole.film else []) + rolls}
    with ui.dialog() as dialog, Element("div").classes("dialog stack wide"):
        Text("h2", _("Film of this job"))
        now_used = str(whole.film.id) if whole.film else NO_FILM
        roll = select_field(_("Roll"), {NO_FILM: _("No film")} | names, now_used)
        _footer(dialog, lambda: True)
    if await answer_of(dialog):
        chosen = UUID(roll.value) if roll.value else None
        await _save(lambda by, now: details.use_film(whole.row.id, chosen, by, now))


async def replan(whole: WholeJob, zone: str) -> None:
    """Another day, time or pit for a booking."""
    seat = await permitted(Intent.WORK_ON_JOBS)
    if seat is None:
        return
    async with transaction(seat.viewer.tenant_id) as tx:
        places = await job_choices.places(tx, seat.viewer.tenant_id)
    with ui.dialog() as dialog, Element("div").classes("dialog stack wide"):
        Text("h2", _("When does {car} come?").format(car=whole.row.car))
        when = when_field(whole.row.planned_at, zone)
        pits = {NO_PIT: _("No pit yet")} | {str(place.id): place.name for place in places}
        known = str(whole.row.pit_id) if whole.row.pit_id else NO_PIT
        pit = select_field(_("Pit"), pits, known if known in pits else NO_PIT)
        _footer(dialog, when.is_right)
    if await answer_of(dialog):
        at = moment_of(when.value, zone)
        pit_id = UUID(pit.value) if pit.value else None
        if at is not None:
            row = whole.row
            await _save(lambda by, now: plan.reschedule(row.id, row.version, at, pit_id, by, now))


def when_field(at: datetime, zone: str, label: str = "") -> Field:
    local = at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M")
    field = text_field(label or _("Day and time"), local, check=lambda value: when_fault(value, zone))
    field.input.props["type"] = "datetime-local"
    return field


def moment_of(value: Any, zone: str) -> datetime | None:
    """A moment out of a browser's field of day and time, in the workshop's zone."""
    try:
        return datetime.fromisoformat(str(value or "")).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    except ValueError:
        return None


def when_fault(value: Any, zone: str) -> str | None:
    return None if moment_of(value, zone) else _("Enter a day and a time.")


def needed(value: str) -> str | None:
    return None if (value or "").strip() else _("Enter something that can be read.")


def phone_fault(value: str) -> str | None:
    digits = sum(c.isdigit() for c in value or "")
    fits = digits >= 6 or not (value or "").strip()
    return None if fits else _("Enter at least six digits.")


def mail_fault(value: str) -> str | None:
    said = (value or "").strip()
    name, at, host = said.partition("@")
    fits = not said or (name and at and "." in host and " " not in said)
    return None if fits else _("Enter an address like meera@example.org.")


async def _save(act: Callable[[Any, datetime], Any]) -> None:
    seat = await permitted(Intent.WORK_ON_JOBS)
    if seat is None:
        return
    answer = await act(seat.viewer, datetime.now(UTC))
    if answer is Refusal.ALREADY_SO:
        return
    if isinstance(answer, Refusal | Refused):
        toast("warn", refusal_text(answer))
    else:
        toast("ok", _("Saved."))


def _limited(field: Field) -> Field:
    field.input.props["maxlength"] = WORD_CHARS
    return field


def _footer(dialog: ui.dialog, is_right: Callable[[], bool]) -> None:
    with Element("footer"):
        button(_("Cancel"), lambda: dialog.submit(None))
        button(_("Save"), lambda: dialog.submit(True) if is_right() else None, kind="primary")
