"""The car goes home: hand-over with a signature, and what stays of it: who signed, the warranty of the film."""

from datetime import UTC, datetime
from html import escape

from nicegui import ui
from nicegui.element import Element
from starlette.requests import Request
from starlette.responses import Response

from actions.jobs.hand_over import NAME_CHARS, hand_over
from actions.people import Seat
from domain.access import Intent
from domain.jobs.job import Job
from domain.jobs.words import Event
from storage import job_whole
from storage.job_papers import Warranty
from storage.job_whole import WholeJob
from storage.session import transaction
from ui.components.dialog import answer_of
from ui.components.field import text_field
from ui.components.markup import Text, raw
from ui.components.pieces import Card, button, empty, key_values, link_button
from ui.components.signature import Signature, signature_svg
from ui.components.toast import toast
from ui.page import page
from ui.pages import shell
from ui.pages.account.asking import permitted
from ui.pages.job_words import refusal_text
from ui.pages.owner import job_moving, job_ways
from ui.pages.owner.job_editing import needed
from ui.texts import _, moment, ngettext, number

UNSIGNED = "unsigned"


async def hand_over_car(whole: WholeJob) -> bool:
    """Asks who takes the car and for a signature; True if the car went home."""
    with ui.dialog() as dialog, Element("div").classes("dialog broad stack wide"):
        Text("h2", _("Hand over {car}").format(car=f"{whole.row.car} {whole.row.plate}"))
        Text("p", _("Whoever takes the car signs that it was handed over."))
        name = text_field(_("Taken by"), str(whole.customer["name"]), check=needed)
        name.input.props["maxlength"] = NAME_CHARS
        signature = Signature(_("Signature"))
        fault = Text("p", "").classes("fault")
        fault.props["role"] = "alert"

        def submit() -> None:
            fault.set_text("" if signature.value else _("The signature is missing."))
            if name.is_right() and signature.value:
                dialog.submit(True)

        with Element("footer"):
            button(_("Cancel"), lambda: dialog.submit(None))
            button(_("Without signature"), lambda: dialog.submit(UNSIGNED))
            button(_("Hand over"), submit, kind="primary")
    answer = await answer_of(dialog)
    if answer == UNSIGNED:
        return await job_moving.carry_out(whole.row, Event.DELIVER)
    return bool(answer) and await _sign(whole, str(name.value), signature.value)


async def _sign(whole: WholeJob, name: str, path: str) -> bool:
    seat = await permitted(Intent.WORK_ON_JOBS)
    if seat is None:
        return False
    answer = await hand_over(whole.row.id, whole.row.version, name, path, seat.viewer, datetime.now(UTC))
    if isinstance(answer, Job):
        toast("ok", _("{car} is handed over.").format(car=whole.row.car))
        return True
    toast("warn", refusal_text(answer))
    return False


def papers_card(whole: WholeJob, zone: str, now: datetime) -> None:
    """Who signed, and the warranty, as far as there are any."""
    signed, warranty = whole.hand_over, whole.warranty
    if signed is not None:
        with Card(_("Hand-over"), pad=True), Element("div").classes("stack"):
            raw(signature_svg(signed.signature, escape(_("Signature of {name}").format(name=signed.signed_by))))
            rows = [(_("Taken by"), signed.signed_by), (_("Signed"), moment(signed.signed_at, zone, now))]
            key_values(rows + ([(_("Handed over by"), signed.handed_by)] if signed.handed_by else []))
    if warranty is not None:
        with Card(_("Warranty")) as card:
            key_values(warranty_rows(warranty)).classes("inside")
        with card.header:
            link_button(_("Print"), f"{job_ways.href(whole.row.id)}/warranty", kind="plain", icon="print")


def warranty_rows(warranty: Warranty) -> list[tuple[str, str]]:
    years = ngettext("{n} year", "{n} years", warranty.years).format(n=number(warranty.years))
    return [
        (_("Film"), f"{warranty.maker} {warranty.film}"),
        (_("Batch"), warranty.batch),
        (_("Warranty"), years),
        (_("From"), warranty.from_day.strftime("%d.%m.%Y")),
        (_("Until"), warranty.until_day.strftime("%d.%m.%Y")),
    ]


def install() -> None:
    @page("/jobs/{job_id}/warranty")
    async def warranty(request: Request, job_id: str) -> Response | None:
        seat = await shell.admit(request, Intent.SEE_JOBS)
        if not isinstance(seat, Seat):
            return seat
        id_, whole = shell.parse_id(job_id), None
        if id_ is not None:
            async with transaction(seat.viewer.tenant_id) as tx:
                whole = await job_whole.read(tx, seat.viewer.tenant_id, id_)
        if whole is None:
            await shell.no_such(seat, _("No such job"), _("It may belong to another workshop."), shell.JOBS)
            return None
        back = job_ways.href(whole.row.id)
        async with shell.framed(seat, current=shell.JOBS, title=_("Warranty"), back=back) as frame:
            if whole.warranty is None:
                empty("verified_user", _("No warranty"), _("It is written when the car is handed over with a film."))
                return None
            with frame.actions:
                button(_("Print"), lambda: ui.run_javascript("window.print()"), kind="primary", icon="print")
            _paper(seat, whole, whole.warranty)
        return None


def _paper(seat: Seat, whole: WholeJob, warranty: Warranty) -> None:
    row = whole.row
    with Card(pad=True).classes("paper"), Element("div").classes("stack wide"):
        Text("h2", _("Warranty of {workshop}").format(workshop=seat.tenant_name))
        car = f"{row.car}, {row.colour}" if row.colour else row.car
        facts = [(_("Car"), car), (_("Plate"), row.plate)]
        facts += [(_("VIN"), str(whole.vehicle["vin"]))] if whole.vehicle["vin"] else []
        key_values([*facts, (_("Customer"), row.customer), *warranty_rows(warranty)])
        if whole.hand_over is not None:
            name = whole.hand_over.signed_by
            raw(signature_svg(whole.hand_over.signature, escape(_("Signature of {name}").format(name=name))))
            Text("p", _("Taken by {name}").format(name=name)).classes("quiet")
