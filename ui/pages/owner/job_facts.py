"""The still parts of a job's page: when it is ready, car, customer, film, people, and what was agreed."""

from collections.abc import Callable
from datetime import datetime
from html import escape
from typing import Any

from nicegui.element import Element

from domain.jobs.words import HoldReason, State, VehicleClass, WorkType
from storage.job_whole import WholeJob
from ui.components.dialog import lasting
from ui.components.markup import Text, meter, raw
from ui.components.pieces import Card, button, key_values, tone_chip
from ui.pages.job_words import class_word, hold_word, state_word, work_word
from ui.pages.owner import job_editing, job_moving, job_ways
from ui.texts import LANGUAGES, _, duration, moment, ngettext, number


def eta_card(whole: WholeJob, zone: str, now: datetime) -> None:
    """When it is likely to be ready, what was promised, and plainly if that is over."""
    row, plan, seen = whole.row, whole.read.plan, whole.forecast(now)
    with Card(pad=True).classes("eta"):
        with Element("div").classes("cluster"):
            Text("span", _eta_number(whole, seen.ready_at, zone, now)).classes("num big-number")
            Text("span", _eta_word(row.state)).classes("quiet")
            if seen.is_overdue and row.state is not State.DELIVERED:
                tone_chip("warn", _("Late"), "schedule")
        raw(meter(seen.progress))
        said = []
        if row.promised_at:
            said.append(_("Promised {time}").format(time=moment(row.promised_at, zone, now)))
        if seen.is_overdue:
            said.append(_("{time} later than promised").format(time=duration(seen.overdue_min * 60, exact=True)))
        if row.hold_reason:
            said.append(hold_word(HoldReason(row.hold_reason)))
        Text("p", ". ".join(said) or _("Nothing was promised.")).classes("quiet")
        Text("p", _rests_on(plan.median_min, plan.promised_min, plan.learned_from, whole.worked_min(now))).classes(
            "fine"
        )


def _eta_number(whole: WholeJob, ready: datetime | None, zone: str, now: datetime) -> str:
    return moment(ready, zone, now) if ready else number(None)


def _eta_word(state: State) -> str:
    return {
        State.RECEIVED: _("ready about then"),
        State.IN_PROGRESS: _("ready about then"),
        State.QUALITY_CHECK: _("ready about then"),
        State.ON_HOLD: _("nobody can say while it is on hold"),
        State.CANCELLED: _("cancelled"),
    }.get(state) or _("ready since then")


def _rests_on(median_min: int, promised_min: int, learned_from: int, worked_min: int) -> str:
    whole = _("{median} of work is usual, {promised} was promised").format(
        median=duration(median_min * 60, exact=True), promised=duration(promised_min * 60, exact=True)
    )
    source = (
        ngettext("learned from {n} job", "learned from {n} jobs", learned_from).format(n=number(learned_from))
        if learned_from
        else _("the usual time of this kind of work")
    )
    return f"{whole}; {source}. " + _("Worked so far: {time}.").format(time=duration(worked_min * 60, exact=True))


def work_card(whole: WholeJob, may: bool, zone: str, now: datetime) -> None:
    row = whole.row
    with Card(_("Work")) as card:
        rows = [
            (_("Work"), work_word(WorkType(row.work_type))),
            (_("Pit"), row.pit or _("No pit yet")),
            (_("People"), ", ".join(row.staff_names) or _("Nobody yet")),
            (_("Planned"), moment(row.planned_at, zone, now)),
        ]
        key_values(rows).classes("inside")
        if row.comeback_of:
            _link(_("Comeback of an earlier job"), job_ways.href(row.comeback_of))
        for again in whole.comebacks:
            when = moment(again.received_at, zone, now)
            word = _("Came back {time}: {state}").format(time=when, state=state_word(State(again.state)))
            _link(word, job_ways.href(again.id))
    if may and row.ended_at is None:
        with card.header:
            if row.state is State.RECEIVED:
                button(_("Reschedule"), lasting(lambda: job_editing.replan(whole, zone)), kind="plain", icon="event")
            button(_("Assign"), lasting(lambda: job_moving.give(row)), kind="plain", icon="group")


def car_card(whole: WholeJob, may: bool) -> None:
    known = whole.vehicle
    rows = [
        (_("Car"), whole.row.car),
        (_("Plate"), known["plate"] or "–"),
        (_("Colour"), known["colour"] or "–"),
        (_("Class"), class_word(VehicleClass(known["vehicle_class"]))),
        (_("VIN"), known["vin"] or "–"),
    ]
    _facts(_("Vehicle"), rows, may, lambda: job_editing.edit_vehicle(whole))


def customer_card(whole: WholeJob, may: bool) -> None:
    known = whole.customer
    notices = _("Agreed") if known["agrees_to_notices"] else _("Not agreed")
    rows = [
        (_("Name"), known["name"]),
        (_("Phone"), known["phone"] or "–"),
        (_("Mail"), known["mail"] or "–"),
        (_("Language"), dict(LANGUAGES).get(known["language"], known["language"])),
        (_("Notices"), notices),
    ]
    _facts(_("Customer"), rows, may, lambda: job_editing.edit_customer(whole))


def film_card(whole: WholeJob, may: bool) -> None:
    film = whole.film
    rows = [(_("Film"), _("None chosen"))]
    if film is not None:
        given = film.warranty_years
        years = ngettext("{n} year", "{n} years", given).format(n=number(given)) if given else _("Not said")
        rows = [(_("Film"), f"{film.maker} {film.film}"), (_("Batch"), film.batch), (_("Warranty"), years)]
    _facts(_("Film"), rows, may and whole.row.ended_at is None, lambda: job_editing.choose_film(whole))


def agreement_card(whole: WholeJob, may: bool) -> None:
    with Card(_("What was agreed")) as card:
        Text("p", whole.agreed["note"] or _("Nothing was written down.")).classes("note agreed")
        video = _("The customer may watch the pit's camera.")
        if whole.agreed["video_allowed"]:
            Text("p", video).classes("note")
    if may:
        with card.header:
            button(_("Change"), lasting(lambda: job_editing.edit_agreement(whole)), kind="plain", icon="edit")


def _facts(title: str, rows: list[tuple[str, str]], may: bool, on_change: Callable[[], Any]) -> None:
    with Card(title) as card:
        key_values(rows).classes("inside")
    if may:
        with card.header:
            button(_("Change"), lasting(on_change), kind="plain", icon="edit")


def _link(word: str, href: str) -> None:
    raw(f'<a href="{escape(href)}">{escape(word)}</a>').classes("note")
