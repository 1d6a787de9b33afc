"""Rolls of film in stock and used up, and the warranty that each film's maker gives."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from nicegui import ui
from nicegui.element import Element

from actions.people import Seat
from actions.workshop import films as acts
from domain.access import Intent
from domain.refusals import Refusal
from storage import job_detail, workshop
from storage.job_detail import Roll
from storage.session import transaction
from storage.workshop import FilmYears
from ui.components.dialog import answer_of
from ui.components.field import number_field, text_field
from ui.components.markup import Text
from ui.components.pieces import Card, button
from ui.components.rows import row
from ui.components.toast import toast
from ui.pages.account.asking import permitted
from ui.pages.account.words import refusal_text
from ui.texts import _, day, ngettext, number

SHOWN_MAX = 60


class Films:
    def __init__(self, seat: Seat) -> None:
        self._tenant_id, self._zone = seat.viewer.tenant_id, seat.zone

    async def start(self) -> None:
        with Card(_("Film rolls")) as card:
            self._rolls = Element("div")
        with card.header:
            button(_("Add roll"), self._receive, kind="plain", icon="add")
        with Card(_("Warranty of films")):
            self._films = Element("div")
        await self._show()

    async def _show(self) -> None:
        async with transaction(self._tenant_id) as tx:
            rolls = await job_detail.rolls(tx, self._tenant_id, most=SHOWN_MAX, with_empty=True)
            films = await workshop.films(tx, self._tenant_id)
        self._rolls.clear()
        with self._rolls:
            for roll in rolls:
                self._listed(roll)
            if not rolls:
                Text("p", _("None yet. Add one, and jobs can say from which roll their film comes.")).classes("note")
        self._films.clear()
        with self._films:
            for film in films:
                with row("verified_user", f"{film.maker} {film.film}", _years(film)):
                    button(_("Change"), lambda film=film: self._ask_years(film), kind="plain")
            if not films:
                Text("p", _("Films appear here with their first roll.")).classes("note")

    def _listed(self, roll: Roll) -> None:
        used = ngettext("{n} job", "{n} jobs", roll.jobs).format(n=number(roll.jobs))
        came = _("received {day}").format(day=day(roll.received_at, self._zone))
        gone = _("empty since {day}").format(day=day(roll.emptied_at, self._zone)) if roll.emptied_at else ""
        line = ", ".join(filter(None, (roll.batch, came, used, gone)))
        with row("layers", f"{roll.maker} {roll.film}", line, faded=bool(roll.emptied_at)):
            word = _("Not empty") if roll.emptied_at else _("Is empty")
            button(word, lambda: self._empty(roll), kind="plain")

    async def _receive(self) -> None:
        key = uuid4()
        with ui.dialog() as dialog, Element("div").classes("dialog stack wide"):
            Text("h2", _("Add a roll"))
            fields = [text_field(label, check=_word_fault) for label in (_("Maker"), _("Film"), _("Batch"))]
            for field in fields:
                field.input.props["maxlength"] = acts.WORD_CHARS
            with Element("footer"):
                button(_("Cancel"), lambda: dialog.submit(None))

                def submit() -> None:
                    if False not in {field.is_right() for field in fields}:
                        dialog.submit(True)

                button(_("Add roll"), submit, kind="primary")
        if not await answer_of(dialog):
            return
        seat = await permitted(Intent.MANAGE_WORKSHOP)
        if seat is not None:
            maker, film, batch = (str(field.value) for field in fields)
            await self._said(await acts.receive_roll(maker, film, batch, seat.viewer, datetime.now(UTC), key=key))

    async def _empty(self, roll: Roll) -> None:
        seat = await permitted(Intent.MANAGE_WORKSHOP)
        if seat is not None:
            is_empty = roll.emptied_at is None
            await self._said(await acts.empty_roll(roll.id, is_empty, seat.viewer, datetime.now(UTC)))

    async def _ask_years(self, film: FilmYears) -> None:
        with ui.dialog() as dialog, Element("div").classes("dialog stack wide"):
            Text("h2", _("Warranty of {film}").format(film=f"{film.maker} {film.film}"))
            Text("p", _("Jobs that are handed over from now on get it. 0 is none."))
            years = number_field(_("Years"), film.years, check=_years_fault)
            with Element("footer"):
                button(_("Cancel"), lambda: dialog.submit(None))
                button(_("Save"), lambda: dialog.submit(True) if years.is_right() else None, kind="primary")
        if not await answer_of(dialog):
            return
        seat = await permitted(Intent.MANAGE_WORKSHOP)
        if seat is not None:
            await self._said(await acts.set_years(film.maker, film.film, int(years.value), seat.viewer))

    async def _said(self, answer: object) -> None:
        if isinstance(answer, Refusal) and answer is not Refusal.ALREADY_SO:
            toast("warn", refusal_text(answer))
        await self._show()


def _years(film: FilmYears) -> str:
    if film.years is None:
        return _("Not said")
    return ngettext("{n} year", "{n} years", film.years).format(n=number(film.years)) if film.years else _("None")


def _word_fault(value: str) -> str | None:
    return None if (value or "").strip() else _("Enter something that can be read.")


def _years_fault(value: Any) -> str | None:
    whole = isinstance(value, int | float) and float(value).is_integer() and 0 <= value <= acts.YEARS_MAX
    return None if whole else _("Enter whole years, 0 to {n}.").format(n=number(acts.YEARS_MAX))
